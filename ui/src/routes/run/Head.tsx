import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { GitCompareArrows, RotateCcw, StepForward, Undo2 } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Liveness } from "../../api/events";
import { earlierRunQuery, type RunDetail } from "../../api/runs";
import { Button } from "../../components/Button";
import { clock, credits, duration, plural, shortId, withoutPlace } from "../../components/format";
import { Menu } from "../../components/Menu";
import { ProblemLine } from "../../components/Problem";
import { COUNTED, State, StateBar, StateCounts } from "../../components/State";
import { Ago, Elapsed, useNow } from "../../components/Time";
import { isFinal, type NodeState } from "../../graph/model";
import style from "./Run.module.css";
import type { Asked } from "./useAskedOfRun";

const WORDS: Record<Liveness, string> = {
  live: "live",
  reconnecting: "reconnecting",
  polling: "polling every 2 s",
  finished: "finished",
  paused: "paused",
};

export const Head = ({
  run,
  liveness,
  asked,
  onFilter,
  onCompare,
}: {
  run: RunDetail;
  liveness: Liveness;
  asked: Asked;
  onFilter: (state: NodeState) => void;
  onCompare: (other: string) => void;
}) => {
  const isLive = !isFinal(run.state);
  const { data: earlier } = useQuery(earlierRunQuery(run.id, run.queryId));
  return (
    <>
      <header className={style.head}>
        <div className={style.top}>
          <h1 className="ellipsis">{run.title}</h1>
          <span className="muted mono" title={run.id}>
            {shortId(run.id)}
          </span>
          <State state={run.state} word={verdict(run)} />
          {isLive && (
            <span className={style.live} data-live={liveness} role="status">
              <i />
              {WORDS[liveness]}
            </span>
          )}
          <span className={style.grow} />
          {asked.can.cancel && (
            <Button small onClick={asked.openCancel} keys=".">
              Cancel
            </Button>
          )}
          {asked.can.resume && (
            <Button
              small
              look="primary"
              busy={asked.resume.isBusy}
              onClick={asked.resume.press}
              icon={<StepForward aria-hidden />}
            >
              Resume
            </Button>
          )}
          {asked.can.again && (
            <Button
              small
              busy={asked.again.isBusy}
              onClick={asked.again.press}
              icon={<RotateCcw aria-hidden />}
            >
              Run again
            </Button>
          )}
          {asked.can.rollback && (
            <Button small onClick={asked.openRollBack} icon={<Undo2 aria-hidden />}>
              Roll back
            </Button>
          )}
          {earlier && (
            <Button small onClick={() => onCompare(earlier)} icon={<GitCompareArrows aria-hidden />}>
              Compare
            </Button>
          )}
          <RunMenu run={run} />
        </div>
        <StateBar counts={run.counts} onPick={onFilter} />
        <div className={style.meta}>
          <StateCounts counts={run.counts} />
          <Times run={run} />
          <span>{credits(run.credits)} cr</span>
          <span className="muted">
            by {run.trigger} · <Ago at={run.submittedAt} />
          </span>
          {run.resumedFrom && (
            <Link to="/runs/$id" params={{ id: run.resumedFrom }}>
              resumed from {shortId(run.resumedFrom)}
            </Link>
          )}
          {run.rolledBackBy && (
            <Link to="/runs/$id" params={{ id: run.rolledBackBy }}>
              rolled back
            </Link>
          )}
        </div>
        {asked.error !== undefined && <ProblemLine error={asked.error} />}
      </header>
      {run.error && <FailureStrip run={run} />}
      {run.state === "pending" && (
        <p className={style.said}>
          Waiting: another run that writes the same views goes first, or every slot is in use.
        </p>
      )}
    </>
  );
};

const verdict = (run: RunDetail): string => {
  switch (run.state) {
    case "completed":
      return run.publishedAt === undefined
        ? "completed"
        : `published ${clock(run.publishedAt)}${run.movedViews === undefined ? "" : ` · ${plural(run.movedViews, "view")} moved`}`;
    case "failed":
      return `failed${run.error?.nodeTitle ? ` at ${run.error.nodeTitle}` : ""} · nothing published`;
    case "cancelled":
      return "cancelled · nothing published";
    default:
      return run.state;
  }
};

const Times = ({ run }: { run: RunDetail }) => {
  const since = run.startedAt ?? run.submittedAt;
  const isLive = !isFinal(run.state);
  const now = useNow(isLive);
  const rest = run.expectedSeconds === undefined ? undefined : run.expectedSeconds - (now - since) / 1000;
  return (
    <span>
      {run.endedAt === undefined ? <Elapsed since={since} /> : duration((run.endedAt - since) / 1000)}
      {isLive && rest !== undefined && (
        <span className="muted">
          {rest > 1
            ? ` · about ${duration(rest)} left`
            : ` · usually ${duration(run.expectedSeconds as number)}`}
        </span>
      )}
    </span>
  );
};

const FailureStrip = ({ run }: { run: RunDetail }) => {
  const { error } = run;
  const node = run.nodes.find((one) => one.id === error?.nodeId);
  if (!error) return null;
  return (
    <div className={style.strip} role="alert">
      <p>
        {error.nodeTitle && (
          <b>
            {error.nodeTitle}
            {error.line !== undefined && ` at ${error.line}:${error.column}`}
          </b>
        )}{" "}
        {withoutPlace(error.message)}
      </p>
      {node && (
        <Link
          from="/runs/$id"
          to="/runs/$id"
          params={{ id: run.id }}
          search={(before) => ({ ...before, node: node.id, tab: "error" as const })}
        >
          Open node
        </Link>
      )}
      {node && node.queryId > 0 && (
        <Link to="/queries/$id" params={{ id: String(node.queryId) }}>
          Fix query
        </Link>
      )}
    </div>
  );
};

const RunMenu = ({ run }: { run: RunDetail }) => {
  const navigate = useNavigate();
  return (
    <Menu
      actions={[
        ...(run.queryId === undefined
          ? []
          : [
              {
                label: "Open the pipeline",
                onSelect: () =>
                  void navigate({ to: "/pipelines/$queryId", params: { queryId: String(run.queryId) } }),
              },
              {
                label: "Open the query",
                onSelect: () => void navigate({ to: "/queries/$id", params: { id: String(run.queryId) } }),
              },
              {
                label: "Runs of this query",
                onSelect: () => void navigate({ to: "/runs", search: { q: run.title } }),
              },
            ]),
        { label: "Copy the run's id", onSelect: () => void navigator.clipboard?.writeText(run.id) },
        { label: "Status as JSON", href: `/api/v1/pipelines/executions/${run.id}/status` },
      ]}
    />
  );
};

const SAID_EVERY_MS = 5_000;

/** Tells screen readers how far a run is: at most one message in five seconds, a failure once and at once. */
export const Announcer = ({ run }: { run: RunDetail }) => {
  const [said, setSaid] = useState("");
  const last = useRef(0);
  const total = run.nodes.length;
  const text = isFinal(run.state)
    ? verdict(run)
    : `${run.counts.completed + run.counts.reused} of ${total} ${COUNTED.completed}`;
  useEffect(() => {
    const wait = Math.max(0, last.current + SAID_EVERY_MS - Date.now());
    const timer = setTimeout(() => {
      last.current = Date.now();
      setSaid(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p className="unseen" aria-live="polite">
      {said}
    </p>
  );
};
