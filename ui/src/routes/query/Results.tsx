import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useEffect } from "react";
import { visualizationsQuery } from "../../api/dashboards";
import type { SavedQuery } from "../../api/queries";
import { isOver } from "../../api/results";
import { Button } from "../../components/Button";
import { CrashBoundary } from "../../components/CrashBoundary";
import { clock, credits, duration, plural, rowsOf, shortId } from "../../components/format";
import { late } from "../../components/late";
import { Empty, Skeleton, Tabs } from "../../components/Panel";
import { Problem } from "../../components/Problem";
import { asNodeState, State } from "../../components/State";
import { Elapsed } from "../../components/Time";
import style from "./Query.module.css";
import type { useExecution } from "./useExecution";
import type { Search } from "./Workbench";

const ChartTab = late(() => import("./ChartTab").then((module) => module.ChartTab));
const HistoryTab = late(() => import("./OtherTabs").then((module) => module.HistoryTab));
const LineageTab = late(() => import("./OtherTabs").then((module) => module.LineageTab));
const ResultTab = late(() => import("./ResultTab").then((module) => module.ResultTab));
const ViewTab = late(() => import("./ViewTab").then((module) => module.ViewTab));

/** What the query gave, and everything else about it, below the editor. */
export const Results = ({
  saved,
  isDirty,
  hasParameters,
  current,
  search,
  set,
  version,
  onGoTo,
}: {
  saved: SavedQuery | undefined;
  isDirty: boolean;
  hasParameters: boolean;
  current: ReturnType<typeof useExecution>;
  search: Search;
  set: (part: Partial<Search>, push?: boolean) => void;
  version: number;
  onGoTo: (place: { line: number; column: number }) => void;
}) => {
  const charts = useQuery({ ...visualizationsQuery(saved?.id ?? 0), enabled: saved !== undefined });
  const { execution } = current;
  // Rows are what comes next, whatever they will be.
  useEffect(() => ResultTab.preload(), []);
  const hasRows = execution?.state === "completed";
  const tab = search.tab ?? "results";
  const value = tab === "chart" ? `chart-${search.viz ?? "new"}` : tab;
  const tabs = [
    { value: "results", label: "Results" },
    ...(charts.data ?? []).map((one) => ({ value: `chart-${one.id}`, label: one.name })),
    {
      value: "chart-new",
      label: (
        <>
          <Plus aria-label="New chart" width={14} height={14} style={{ verticalAlign: -2 }} />
        </>
      ),
    },
    ...(saved
      ? [
          { value: "lineage", label: "Lineage" },
          { value: "history", label: "History" },
          { value: "view", label: "View" },
        ]
      : []),
  ];
  const choose = (next: string) => {
    if (next.startsWith("chart-"))
      set({ tab: "chart", viz: next === "chart-new" ? undefined : Number(next.slice(6)) }, true);
    else set({ tab: next === "results" ? undefined : (next as Search["tab"]), viz: undefined }, true);
  };
  const isGoing = execution !== undefined && !isOver(execution.state);
  return (
    <section className={style.results} aria-label="Result">
      <Tabs
        id="query"
        label="About the result"
        value={value}
        tabs={tabs}
        onChange={choose}
        after={<Status current={current} />}
      />
      {isGoing && (
        <div className={style.progress} data-unknown={execution.progress === undefined ? "" : undefined}>
          <i
            style={execution.progress === undefined ? undefined : { width: `${100 * execution.progress}%` }}
          />
        </div>
      )}
      <div className={style.tab} id="query-panel" role="tabpanel" aria-labelledby={`query-${value}`}>
        <CrashBoundary region="This part" resetKey={`${value}${execution?.id ?? ""}`}>
          {tab === "lineage" && saved ? (
            <LineageTab id={saved.id} onGoTo={onGoTo} />
          ) : tab === "history" && saved ? (
            <HistoryTab
              id={saved.id}
              current={version}
              onExecution={(id) => set({ exec: id, tab: undefined }, true)}
              onVersion={(v) => set({ v, tab: undefined }, true)}
              onDiff={(diff) => set({ diff }, true)}
            />
          ) : tab === "view" && saved ? (
            <ViewTab
              key={saved.view?.name ?? "none"}
              query={saved}
              isDirty={isDirty}
              hasParameters={hasParameters}
              onExecution={(id) => set({ exec: id, tab: undefined }, true)}
            />
          ) : current.error ? (
            <div className={style.pad}>
              <Problem error={current.error} title="The result could not be loaded">
                {search.exec !== undefined && (
                  <Button
                    small
                    onClick={() =>
                      set({ exec: undefined, sort: undefined, filter: undefined, row: undefined }, true)
                    }
                  >
                    {saved ? "Show the latest result" : "Go on without it"}
                  </Button>
                )}
              </Problem>
            </div>
          ) : current.isLoading ? (
            <Skeleton lines={6} />
          ) : !execution ? (
            <Empty
              title={current.ranOtherwise ? withoutRows(search.v && version, hasParameters) : "No result yet"}
            >
              Press Run, or Ctrl Enter in the editor. Rows appear here as soon as the statement is done; they
              can be sorted, filtered and downloaded whole.
              {current.ranOtherwise && " The tab History has the rows of what ran before."}
            </Empty>
          ) : execution.state === "expired" ? (
            <Empty title="This result is no longer stored">
              Results are kept for a time and then removed. Run the query again to have its rows.
            </Empty>
          ) : !hasRows ? (
            <p className={style.pad}>
              <State
                state={asNodeState(execution.state)}
                word={sentence(execution.state, execution.queuePosition)}
              />
            </p>
          ) : tab === "chart" ? (
            search.viz !== undefined && charts.isPending ? (
              <Skeleton lines={4} />
            ) : (
              <ChartTab
                key={`${search.viz ?? "new"}`}
                queryId={saved?.id}
                execution={execution}
                visualization={charts.data?.find((one) => one.id === search.viz)}
                onSaved={(id) => set({ tab: id === undefined ? undefined : "chart", viz: id })}
              />
            )
          ) : (
            <ResultTab
              key={execution.id}
              execution={execution}
              sort={search.sort}
              filter={search.filter}
              row={search.row}
              onShape={(shape) => set(shape)}
            />
          )}
        </CrashBoundary>
      </div>
    </section>
  );
};

/** The query has rows, but not those that the page would have to show. */
const withoutRows = (version: number | undefined, hasParameters: boolean): string => {
  const what = version === undefined ? "this version" : `version ${version}`;
  return `No result of ${what}${hasParameters ? " with these values" : ""}`;
};

const sentence = (state: string, queue: number | undefined): string =>
  ({
    pending:
      queue === undefined
        ? "waiting for a slot"
        : `waiting for a slot, ${plural(queue, "statement")} before it`,
    executing: "executing",
    failed: "failed: the error stands below the editor",
    cancelled: "cancelled",
  })[state] ?? state;

/** Which rows these are: how many, how long, what they cost, as of when, of which run. */
const Status = ({ current }: { current: ReturnType<typeof useExecution> }) => {
  const { execution, isPublished } = current;
  if (!execution) return null;
  const { startedAt, endedAt, submittedAt } = execution;
  const isGoing = !isOver(execution.state);
  return (
    <div className={style.status} role="status">
      {isGoing ? (
        <>
          <State state={asNodeState(execution.state)} />
          <Elapsed since={startedAt ?? submittedAt} />
        </>
      ) : (
        <>
          {execution.state === "completed" ? (
            <span>{rowsOf(execution.rowCount)}</span>
          ) : (
            <State state={asNodeState(execution.state)} word={execution.state} />
          )}
          {startedAt !== undefined && endedAt !== undefined && (
            <span>{duration((endedAt - startedAt) / 1000)}</span>
          )}
          {execution.credits !== undefined && <span>{credits(execution.credits)} cr</span>}
          {endedAt !== undefined && <span>as of {clock(endedAt)}</span>}
        </>
      )}
      {execution.runId && (
        <Link to="/runs/$id" params={{ id: execution.runId }} title={execution.runId}>
          {isPublished && execution.state === "completed" ? "published, run " : "run "}
          {shortId(execution.runId)}
        </Link>
      )}
    </div>
  );
};
