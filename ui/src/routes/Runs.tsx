import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type Run, runsQuery } from "../api/runs";
import { Button, buttonClass } from "../components/Button";
import { DataTable } from "../components/DataTable";
import { SearchField } from "../components/Field";
import { clock, credits, duration, shortId } from "../components/format";
import { Empty, Skeleton } from "../components/Panel";
import { NotLoaded } from "../components/Problem";
import { State } from "../components/State";
import { Ago, Elapsed } from "../components/Time";
import { isFinal, NODE_STATES, RUN_STATES } from "../graph/model";
import { usePage } from "../shell/page";
import style from "./Page.module.css";

export const countOf = (run: Run): number => NODE_STATES.reduce((sum, state) => sum + run.counts[state], 0);
export const doneOf = (run: Run): number => run.counts.completed + run.counts.reused;

export const RunsPage = () => {
  usePage("Runs", [{ label: "Runs" }]);
  const search = useSearch({ from: "/inside/runs" });
  const navigate = useNavigate({ from: "/runs" });
  const states = new Set((search.state ?? "").split(",").filter(Boolean));
  const runs = useInfiniteQuery({
    ...runsQuery({ ...(search.state ? { state: search.state } : {}), ...(search.q ? { q: search.q } : {}) }),
    refetchInterval: 10_000, // ms; the list alone, a run's own page has its stream
  });
  const rows = runs.data?.pages.flatMap((page) => page.runs) ?? [];
  const toggle = (state: string) => {
    const next = new Set(states);
    if (!next.delete(state)) next.add(state);
    void navigate({ search: (before) => ({ ...before, state: [...next].join() || undefined }) });
  };
  return (
    <div className={style.page}>
      <header className={style.head}>
        <h1>Runs</h1>
        <fieldset className={style.chips} style={{ border: 0, padding: 0, margin: 0 }}>
          <legend className="unseen">State</legend>
          {RUN_STATES.map((state) => (
            <button key={state} type="button" aria-pressed={states.has(state)} onClick={() => toggle(state)}>
              {state}
            </button>
          ))}
        </fieldset>
        <span className={style.grow} />
        <div className={style.filter}>
          <SearchField
            label="Search runs by name or id"
            value={search.q ?? ""}
            onChange={(q) =>
              void navigate({ search: (before) => ({ ...before, q: q || undefined }), replace: true })
            }
            isPageFilter
          />
        </div>
      </header>
      <div className={style.body}>
        {runs.isPending ? (
          <Skeleton lines={10} />
        ) : runs.error && rows.length === 0 ? (
          <NotLoaded query={runs} title="Runs could not be loaded" />
        ) : rows.length === 0 ? (
          search.q || search.state ? (
            <Empty
              title="No run fits"
              actions={<Button onClick={() => void navigate({ search: {} })}>Show all runs</Button>}
            >
              Nothing matches the filter above.
            </Empty>
          ) : (
            <Empty
              title="No runs yet"
              actions={
                <Link to="/queries/new" className={buttonClass}>
                  Write a query
                </Link>
              }
              command={`curl -X POST -H "X-Dune-Api-Key: $KEY" ${location.origin}/api/v1/query/QUERY_ID/pipeline/execute`}
            >
              A run computes every view that a query needs and publishes all of them at once.
            </Empty>
          )
        ) : (
          <>
            <DataTable<Run>
              label="Runs"
              rows={rows}
              rowKey={(run) => run.id}
              onOpen={(run) => void navigate({ to: "/runs/$id", params: { id: run.id } })}
              columns={[
                { key: "state", title: "State", cell: (run) => <State state={run.state} /> },
                {
                  key: "title",
                  title: "Run",
                  cell: (run) => (
                    <Link to="/runs/$id" params={{ id: run.id }}>
                      {run.title}
                    </Link>
                  ),
                },
                {
                  key: "id",
                  title: "Id",
                  cell: (run) => <span className="mono muted">{shortId(run.id)}</span>,
                  wide: true,
                },
                { key: "by", title: "By", cell: (run) => run.trigger, wide: true },
                {
                  key: "nodes",
                  title: "Nodes",
                  right: true,
                  cell: (run) => `${doneOf(run)}/${countOf(run)}`,
                },
                {
                  key: "time",
                  title: "Time",
                  right: true,
                  cell: (run) =>
                    run.endedAt === undefined || isFinal(run.state) === false ? (
                      <Elapsed since={run.startedAt ?? run.submittedAt} />
                    ) : (
                      duration((run.endedAt - (run.startedAt ?? run.submittedAt)) / 1000)
                    ),
                },
                { key: "credits", title: "Credits", right: true, cell: (run) => credits(run.credits) },
                {
                  key: "said",
                  title: "Outcome",
                  wide: true,
                  fill: true,
                  cell: (run) =>
                    run.error ? (
                      <span className={style.error} title={run.error.message}>
                        {run.error.nodeTitle && `${run.error.nodeTitle}: `}
                        {run.error.message}
                      </span>
                    ) : run.publishedAt === undefined ? (
                      ""
                    ) : (
                      `published ${clock(run.publishedAt)}`
                    ),
                },
                { key: "when", title: "Started", right: true, cell: (run) => <Ago at={run.submittedAt} /> },
              ]}
            />
            {runs.hasNextPage && (
              <div className={style.more}>
                <Button small busy={runs.isFetchingNextPage} onClick={() => void runs.fetchNextPage()}>
                  Older runs
                </Button>
              </div>
            )}
          </>
        )}
      </div>
    </div>
  );
};
