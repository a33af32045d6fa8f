/** Is anything broken, is anything running, are my views fresh, what did it cost? */

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { CircleCheck, CircleDashed, TriangleAlert } from "lucide-react";
import { inFlightQuery, type Run, runsQuery } from "../api/runs";
import { usageQuery } from "../api/usage";
import { type Freshness, freshnessQuery } from "../api/views";
import { Button, buttonClass } from "../components/Button";
import { Choices } from "../components/Field";
import { credits, duration, lastPart, plural, withoutPlace } from "../components/format";
import { Empty, Panel, Skeleton } from "../components/Panel";
import { Problem } from "../components/Problem";
import { StateIcon } from "../components/State";
import { Ago, Elapsed, In, useNow } from "../components/Time";
import { usePage } from "../shell/page";
import style from "./Page.module.css";
import { countOf, doneOf } from "./Runs";
import { SINCE } from "./search";

const DAYS = { "1d": 1, "7d": 7, "30d": 30 } as const;
const DAY_MS = 86_400_000;

/** Rounded to the hour, so that the address of what is asked for does not change with every drawing. */
const sinceOf = (word: (typeof SINCE)[number]): string =>
  new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000 - DAYS[word] * DAY_MS).toISOString();

export const HomePage = () => {
  usePage("Home", [{ label: "Home" }]);
  const search = useSearch({ from: "/inside/" });
  const navigate = useNavigate({ from: "/" });
  const word = search.since ?? "7d";
  const since = sinceOf(word);
  const failed = useInfiniteQuery({
    ...runsQuery({ state: "failed", since, limit: 20 }),
    refetchInterval: 15_000,
  });
  const recent = useInfiniteQuery({
    ...runsQuery({ state: "completed,cancelled", since, limit: 12 }),
    refetchInterval: 15_000,
  });
  const running = useQuery(inFlightQuery);
  const failures = failed.data?.pages[0]?.runs ?? [];
  const latest = recent.data?.pages[0]?.runs ?? [];
  const isNew =
    failed.isSuccess &&
    recent.isSuccess &&
    failures.length === 0 &&
    latest.length === 0 &&
    running.data?.length === 0;
  return (
    <div className={style.page}>
      <header className={style.head}>
        <h1>Home</h1>
        <span className={style.grow} />
        <Choices
          label="Period"
          value={word}
          options={SINCE.map((value) => ({ value, label: value === "1d" ? "1 day" : `${DAYS[value]} days` }))}
          onChange={(value) =>
            void navigate({ search: value === "7d" ? {} : { since: value }, replace: true })
          }
        />
      </header>
      <div className={style.columns}>
        <div className={style.stack}>
          {isNew ? (
            <Panel>
              <Empty
                title={`No runs in ${plural(DAYS[word], "day")}`}
                actions={
                  <Link to="/queries/new" className={buttonClass}>
                    Write a query
                  </Link>
                }
              >
                A run computes every view that a query needs and publishes all of them at once.
              </Empty>
            </Panel>
          ) : (
            <>
              {(failed.isPending || failures.length > 0 || failed.error) && (
                <Panel
                  title={
                    failed.isSuccess
                      ? `Failed (${failures.length}${failed.hasNextPage ? "+" : ""})`
                      : "Failed"
                  }
                >
                  {failed.isPending ? (
                    <Skeleton lines={2} />
                  ) : failed.error && failures.length === 0 ? (
                    <Problem error={failed.error} onRetry={() => void failed.refetch()} />
                  ) : (
                    <ul data-list="">
                      {failures.map((run) => (
                        <FailedRun key={run.id} run={run} />
                      ))}
                    </ul>
                  )}
                </Panel>
              )}
              <Panel title={running.data ? `Running (${running.data.length})` : "Running"}>
                {running.isPending ? (
                  <Skeleton lines={1} />
                ) : !running.data ? (
                  <Problem error={running.error} onRetry={() => void running.refetch()} />
                ) : running.data.length ? (
                  <ul data-list="">
                    {running.data.map((run) => (
                      <RunningRun key={run.id} run={run} />
                    ))}
                  </ul>
                ) : (
                  <p className={style.none}>Nothing is executing.</p>
                )}
              </Panel>
              <Panel title="Recent" actions={<Link to="/runs">all runs →</Link>}>
                {recent.isPending ? (
                  <Skeleton lines={5} />
                ) : recent.error && latest.length === 0 ? (
                  <Problem error={recent.error} onRetry={() => void recent.refetch()} />
                ) : latest.length === 0 ? (
                  <p className={style.none}>No run ended well in this period.</p>
                ) : (
                  <ul data-list="">
                    {latest.map((run) => (
                      <RecentRun key={run.id} run={run} />
                    ))}
                  </ul>
                )}
              </Panel>
            </>
          )}
        </div>
        <div className={style.stack}>
          <Spent />
          <Fresh />
        </div>
      </div>
    </div>
  );
};

const RunLink = ({ run }: { run: Run }) => (
  <Link to="/runs/$id" params={{ id: run.id }} data-item="">
    <b>{run.title}</b>
  </Link>
);

const FailedRun = ({ run }: { run: Run }) => (
  <li className={style.item}>
    <StateIcon state="failed" />
    <div className="ellipsis">
      <RunLink run={run} />{" "}
      {run.error?.nodeTitle && <span className="muted">node {run.error.nodeTitle}</span>}
    </div>
    <Link
      to="/runs/$id"
      params={{ id: run.id }}
      {...(run.error?.nodeId ? { search: { node: run.error.nodeId } } : {})}
    >
      Open
    </Link>
    <p className={`${style.sub} ellipsis`}>
      <span className={style.error} title={run.error?.message}>
        {run.error?.line !== undefined && `${run.error.line}:${run.error.column} `}
        {run.error ? withoutPlace(run.error.message) : "It failed."}
      </span>
    </p>
    <p className={`${style.sub} muted`}>
      {run.endedAt !== undefined && <Ago at={run.endedAt} />} · nothing published
    </p>
  </li>
);

const RunningRun = ({ run }: { run: Run }) => {
  const total = countOf(run);
  const since = run.startedAt ?? run.submittedAt;
  const now = useNow();
  const rest = run.expectedSeconds === undefined ? undefined : run.expectedSeconds - (now - since) / 1000;
  return (
    <li className={style.item}>
      <StateIcon state={run.state} />
      <div className="ellipsis">
        <RunLink run={run} />
      </div>
      <span className="figures muted">
        <Elapsed since={since} />
        {rest !== undefined && rest > 1 && ` · ~${duration(rest)} left`}
      </span>
      <div className={style.sub} style={{ display: "flex", gap: 12, alignItems: "center" }}>
        <span className={style.bar} role="img" aria-label={`${doneOf(run)} of ${total} nodes done`}>
          <i style={{ width: `${(100 * doneOf(run)) / Math.max(1, total)}%` }} />
        </span>
        <span className="figures">
          {doneOf(run)}/{total}
        </span>
      </div>
    </li>
  );
};

const RecentRun = ({ run }: { run: Run }) => (
  <li className={style.item}>
    <StateIcon state={run.state} />
    <div className="ellipsis">
      <RunLink run={run} />{" "}
      <span className="muted figures">
        {plural(countOf(run), "node")}
        {run.endedAt !== undefined &&
          ` · ${duration((run.endedAt - (run.startedAt ?? run.submittedAt)) / 1000)}`}
        {` · ${credits(run.credits)} cr`}
      </span>
    </div>
    <span className="muted">
      <Ago at={run.endedAt ?? run.submittedAt} />
    </span>
  </li>
);

const Spent = () => {
  const navigate = useNavigate();
  const usage = useQuery(usageQuery({}));
  if (usage.isPending)
    return (
      <Panel title="Credits this period">
        <Skeleton lines={3} />
      </Panel>
    );
  if (usage.error)
    return (
      <Panel title="Credits this period">
        <Problem error={usage.error} onRetry={() => void usage.refetch()} />
      </Panel>
    );
  const { used, included, days, top } = usage.data;
  return (
    <Panel
      title="Credits this period"
      actions={
        <Link to="/settings/$section" params={{ section: "usage" }}>
          receipts →
        </Link>
      }
    >
      <p className={style.figure}>
        {credits(used)}
        {included !== undefined && <small>of {credits(included)}</small>}
      </p>
      <DayBars
        days={days}
        onPick={(day) =>
          void navigate({ to: "/settings/$section", params: { section: "usage" }, search: { day } })
        }
      />
      {top.length > 0 && (
        <ol className={style.ranked}>
          {top.slice(0, 3).map((one) => (
            <li key={one.queryId}>
              <Link to="/queries/$id" params={{ id: String(one.queryId) }} className="ellipsis">
                {one.title}
              </Link>
              <span className="figures">{credits(one.credits)}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
};

/** One bar a day, of credits; pressing one shows the receipts behind it. */
export const DayBars = ({
  days,
  picked,
  onPick,
}: {
  days: readonly { date: string; credits: number; executions: number }[];
  picked?: string | undefined;
  onPick: (date: string) => void;
}) => {
  const most = Math.max(1e-9, ...days.map((day) => day.credits));
  return (
    <div className={style.days}>
      {days.map((day) => {
        const label = `${day.date}: ${credits(day.credits)} credits, ${plural(day.executions, "execution")}`;
        return (
          <button
            key={day.date}
            type="button"
            title={label}
            aria-label={label}
            aria-pressed={picked === day.date}
            data-none={day.credits === 0 ? "" : undefined}
            style={{ height: `${Math.max(3, (100 * day.credits) / most)}%` }}
            onClick={() => onPick(day.date)}
          />
        );
      })}
    </div>
  );
};

const Fresh = () => {
  const navigate = useNavigate();
  const views = useQuery({ ...freshnessQuery, refetchInterval: 15_000 });
  return (
    <Panel
      title="Freshness"
      actions={
        <Link to="/catalog" search={{ kind: "view" }}>
          all views →
        </Link>
      }
    >
      {views.isPending ? (
        <Skeleton lines={4} />
      ) : views.error ? (
        <Problem error={views.error} onRetry={() => void views.refetch()} />
      ) : views.data.length === 0 ? (
        <div className={style.none}>
          <p>
            A materialized view keeps a query's rows under a name and is refreshed as one with what it reads.
          </p>
          <Button small onClick={() => void navigate({ to: "/queries" })}>
            Make one from a query
          </Button>
        </div>
      ) : (
        <ul>
          {views.data.slice(0, 20).map((view) => (
            <FreshView key={view.name} view={view} />
          ))}
        </ul>
      )}
    </Panel>
  );
};

const FreshView = ({ view }: { view: Freshness }) => (
  <li className={style.item}>
    {view.isLate ? (
      <TriangleAlert aria-label="late" color="var(--skipped)" />
    ) : view.publishedAt === undefined ? (
      <CircleDashed aria-label="never published" color="var(--pending)" />
    ) : (
      <CircleCheck aria-label="fresh" color="var(--completed)" />
    )}
    <Link to="/catalog/$name" params={{ name: view.name }} className="ellipsis" title={view.name}>
      {lastPart(view.name)}
    </Link>
    <span className="muted figures">
      {view.publishedAt === undefined ? "never" : <Ago at={view.publishedAt} bare />}
      {view.isLate
        ? " · late"
        : view.schedule?.nextAt !== undefined && (
            <>
              {" "}
              · <In at={view.schedule.nextAt} />
            </>
          )}
    </span>
  </li>
);
