/** Did it work; if not, which node, where in the SQL, and what now? */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { GitCompareArrows, RotateCcw, StepForward, Undo2, X } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Liveness } from "../api/events";
import { newKey } from "../api/ids";
import { startByLineage } from "../api/pipelines";
import { cancelRun, earlierRunQuery, type RunDetail, resumeRun, rollBackRun } from "../api/runs";
import { sessionQuery } from "../api/session";
import { Button } from "../components/Button";
import { CrashBoundary } from "../components/CrashBoundary";
import { Confirm } from "../components/Dialog";
import { Choices, SearchField } from "../components/Field";
import { clock, credits, duration, plural, shortId } from "../components/format";
import { Menu } from "../components/Menu";
import { Skeleton } from "../components/Panel";
import { Problem, ProblemLine } from "../components/Problem";
import { Split } from "../components/Split";
import { COUNTED, State, StateBar, StateCounts } from "../components/State";
import { Ago, Elapsed, useNow } from "../components/Time";
import { criticalPath } from "../graph/critical";
import { edgesOf, isFinal, matches, type NodeState, neighbourhood } from "../graph/model";
import { NodeStates } from "../graph/states";
import { useActions } from "../shell/keys";
import { usePage } from "../shell/page";
import { NodePanel } from "./run/NodePanel";
import { NodesTable } from "./run/NodesTable";
import style from "./run/Run.module.css";
import { useLiveRun } from "./run/useLiveRun";
import { sortOf, sortText } from "./search";
import { useOnce } from "./useOnce";

const Graph = lazy(() => import("../graph/Graph").then((module) => ({ default: module.Graph })));
const Timeline = lazy(() => import("../graph/Timeline").then((module) => ({ default: module.Timeline })));
const Compare = lazy(() => import("./run/Compare").then((module) => ({ default: module.Compare })));

/** Above this the table opens first and the graph is drawn when asked for. */
const MOST_DRAWN = 3_000;

export const RunPage = () => {
  const { id } = useParams({ from: "/inside/runs/$id" });
  const run = useLiveRun(id);
  usePage(
    run.data?.title ?? "Run",
    [{ label: "Runs", to: "/runs" }, { label: run.data?.title ?? shortId(id) }],
    run.data?.state,
  );
  if (run.isPending) return <Skeleton lines={10} />;
  if (!run.data)
    return (
      <div className={style.pad}>
        <Problem error={run.error} title="The run could not be loaded" onRetry={() => void run.refetch()} />
      </div>
    );
  return <Loaded run={run.data} liveness={run.liveness} />;
};

const Loaded = ({ run, liveness }: { run: RunDetail; liveness: Liveness }) => {
  const search = useSearch({ from: "/inside/runs/$id" });
  const navigate = useNavigate({ from: "/runs/$id" });
  const set = useCallback(
    (change: Partial<typeof search>, replace = false) =>
      void navigate({ search: (before) => ({ ...before, ...change }), replace, resetScroll: false }),
    [navigate],
  );
  const view = search.view ?? (run.nodes.length > MOST_DRAWN ? "nodes" : "graph");
  const filter = search.filter ?? "";
  const selected = run.nodes.find((node) => node.id === search.node);
  const isLive = !isFinal(run.state);

  const [states] = useState(() => new NodeStates());
  // Before the boxes are drawn, and again for each frame of events.
  const nodes = run.nodes;
  useMemo(() => states.set(nodes), [states, nodes]);
  const shape = nodes.map((node) => `${node.id}<${node.dependencies.join("+")}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the shape stands for the nodes: states do not change it
  const { boxes, lines } = useMemo(
    () => ({
      boxes: nodes.map((node) => ({ id: node.id, title: node.title, kind: node.kind })),
      lines: edgesOf(nodes),
    }),
    [shape],
  );
  const [showsPath, setShowsPath] = useState(true);
  const now = useNow(isLive);
  const path = useMemo(() => criticalPath(nodes, now), [nodes, now]);
  const critical = useStable(showsPath ? path.ids : []);
  const faded = useMemo(
    () =>
      filter ? new Set(nodes.filter((node) => !matches(node, filter)).map((node) => node.id)) : undefined,
    [nodes, filter],
  );
  const focus = useMemo(
    () => (search.focus === undefined ? undefined : neighbourhood(lines, search.focus, 2)),
    [lines, search.focus],
  );
  const focusFaded = useMemo(
    () => (focus ? new Set(nodes.map((node) => node.id).filter((node) => !focus.has(node))) : faded),
    [focus, faded, nodes],
  );
  const failed = nodes.filter((node) => node.state === "failed");
  const [fitCount, setFitCount] = useState(0);
  const open = useCallback((node: number | undefined) => set({ node, tab: undefined }), [set]);

  const asked = useAskedOfRun(run);
  useActions([
    { id: "view-graph", label: "Graph", keys: "1", run: () => set({ view: undefined }, true) },
    { id: "view-timeline", label: "Timeline", keys: "2", run: () => set({ view: "timeline" }, true) },
    { id: "view-nodes", label: "Nodes", keys: "3", run: () => set({ view: "nodes" }, true) },
    {
      id: "next-failed",
      label: "Next failed node",
      keys: "e",
      disabled: failed.length === 0,
      run: () => {
        const at = failed.findIndex((node) => node.id === search.node);
        open(failed[(at + 1) % failed.length]?.id);
      },
    },
    {
      id: "focus",
      label: "Focus the neighbourhood of the node",
      keys: "f",
      disabled: search.node === undefined,
      run: () => set({ focus: search.focus === search.node ? undefined : search.node }, true),
    },
    {
      id: "fit",
      label: "Fit all",
      keys: "0",
      run: () => {
        set({ focus: undefined }, true);
        setFitCount((count) => count + 1);
      },
    },
    {
      id: "close-node",
      label: "Close the node",
      keys: "Escape",
      disabled: !selected,
      run: () => open(undefined),
    },
    ...asked.actions,
  ]);

  const filterTo = (state: NodeState) =>
    set({ filter: filter === `state:${state}` ? undefined : `state:${state}` }, true);

  const drawing = (
    <CrashBoundary region="The drawing" resetKey={view}>
      <Suspense fallback={<Skeleton lines={8} />}>
        {search.with ? (
          <Compare left={run.id} right={search.with} />
        ) : view === "graph" ? (
          <Graph
            label={`Graph of ${run.title}`}
            boxes={boxes}
            lines={lines}
            states={states}
            selected={search.node}
            onSelect={open}
            faded={focusFaded}
            critical={critical}
            focus={focus}
            fitKey={fitCount}
          />
        ) : view === "timeline" ? (
          <Timeline
            nodes={nodes}
            run={run}
            selected={search.node}
            onSelect={open}
            faded={faded}
            critical={critical}
          />
        ) : (
          <NodesTable
            nodes={nodes.filter((node) => !faded?.has(node.id))}
            selected={search.node}
            onOpen={open}
            sort={sortOf(search.sort)}
            onSort={(sort) => set({ sort: sortText(sort) }, true)}
            titleOf={(id) => nodes.find((node) => node.id === id)?.title ?? String(id)}
          />
        )}
      </Suspense>
    </CrashBoundary>
  );

  return (
    <div className={style.page}>
      <Head
        run={run}
        liveness={liveness}
        asked={asked}
        onFilter={filterTo}
        onCompare={(other) => set({ with: other })}
      />
      <div className={style.tools}>
        {search.with ? (
          <Button small onClick={() => set({ with: undefined })} icon={<X aria-hidden />}>
            Leave the comparison
          </Button>
        ) : (
          <Choices
            label="View"
            value={view}
            options={[
              { value: "graph", label: "Graph" },
              { value: "timeline", label: "Timeline" },
              { value: "nodes", label: "Nodes" },
            ]}
            onChange={(next) =>
              set({ view: next === "graph" && run.nodes.length <= MOST_DRAWN ? undefined : next }, true)
            }
          />
        )}
        <div className={style.filter}>
          <SearchField
            label="Filter nodes"
            placeholder="name or state:failed"
            value={filter}
            onChange={(text) => set({ filter: text || undefined }, true)}
            isPageFilter
          />
        </div>
        {filter && (
          <span className="muted figures">
            {nodes.length - (faded?.size ?? 0)} of {nodes.length}
          </span>
        )}
        <label className={style.meta} style={{ gap: 6 }}>
          <input
            type="checkbox"
            checked={showsPath}
            onChange={(event) => setShowsPath(event.target.checked)}
          />
          critical path <span className="figures">{duration(path.seconds)}</span>
        </label>
        {search.focus !== undefined && (
          <Button small onClick={() => set({ focus: undefined }, true)}>
            Show all nodes
          </Button>
        )}
      </div>
      <div className={style.body}>
        {selected ? (
          <Split name="run" side="right" initial={440} least={280} label="Width of the node panel">
            {drawing}
            <NodePanel
              runId={run.id}
              node={selected}
              tab={search.tab}
              onTab={(tab) => set({ tab }, true)}
              onNode={open}
              onClose={() => open(undefined)}
            />
          </Split>
        ) : (
          drawing
        )}
      </div>
      <Announcer run={run} />
      {asked.dialogs}
    </div>
  );
};

/** The same array as long as its numbers are the same. */
const useStable = (ids: readonly number[]): readonly number[] => {
  const kept = useRef(ids);
  if (kept.current.join() !== ids.join()) kept.current = ids;
  return kept.current;
};

type Asked = ReturnType<typeof useAskedOfRun>;

/** What may be asked of this run: cancel, run again, resume, roll back. The server says which. */
const useAskedOfRun = (run: RunDetail) => {
  const navigate = useNavigate();
  const client = useQueryClient();
  const { data: session } = useQuery(sessionQuery);
  const [dialog, setDialog] = useState<"cancel" | "rollback">();
  const [error, setError] = useState<unknown>();
  const again = useOnce(
    (key) => startByLineage(run.queryId ?? 0, run.parameters, key),
    (id) => void navigate({ to: "/runs/$id", params: { id } }),
    setError,
  );
  const resume = useOnce(
    (key) => resumeRun(run.id, key),
    (id) => void navigate({ to: "/runs/$id", params: { id } }),
    setError,
  );
  const rollBackKey = useMemo(() => `${run.id}-${newKey()}`, [run.id]);
  const can = {
    cancel: run.actions.includes("cancel") && !isFinal(run.state),
    resume: run.actions.includes("resume") && (session?.features.has("resume") ?? false),
    rollback: run.actions.includes("rollback") && (session?.features.has("rollback") ?? false),
    again: run.queryId !== undefined && isFinal(run.state) && run.kind === "pipeline",
  };
  const executing = run.counts.executing;
  const dialogs = (
    <>
      <Confirm
        open={dialog === "cancel"}
        onClose={() => setDialog(undefined)}
        title={`Cancel the run of ${run.title}?`}
        consequence={
          <>
            {plural(executing, "executing node")} {executing === 1 ? "stops" : "stop"} and{" "}
            {run.counts.pending} pending never start. Nothing is published; views keep the rows they have.
            What was computed is charged.
          </>
        }
        verb="Cancel the run"
        keep="Keep it running"
        onConfirm={async () => {
          const { success } = await cancelRun(run.id);
          if (!success) throw new Error("The run had ended before it could be cancelled.");
          await client.invalidateQueries({ queryKey: ["runs"] });
        }}
      />
      <Confirm
        open={dialog === "rollback"}
        onClose={() => setDialog(undefined)}
        title={`Roll back the run of ${run.title}?`}
        consequence={`${plural(run.moves.length, "view")} go back to what ${run.moves.length === 1 ? "it was" : "they were"} before this run, in one step. Readers see the older rows at once.`}
        verb="Roll back"
        onConfirm={async () => {
          const id = await rollBackRun(run.id, rollBackKey);
          await client.invalidateQueries();
          void navigate({ to: "/runs/$id", params: { id } });
        }}
      />
    </>
  );
  return {
    can,
    error,
    again,
    resume,
    openCancel: () => setDialog("cancel"),
    openRollBack: () => setDialog("rollback"),
    dialogs,
    actions: [
      {
        id: "cancel-run",
        label: "Cancel the run",
        keys: ".",
        disabled: !can.cancel,
        run: () => setDialog("cancel"),
      },
      { id: "run-again", label: "Run again", keys: "Mod+Enter", disabled: !can.again, run: again.press },
      ...(can.resume ? [{ id: "resume", label: "Resume", keys: "Shift+R", run: resume.press }] : []),
    ],
  };
};

const WORDS: Record<Liveness, string> = {
  live: "live",
  reconnecting: "reconnecting",
  polling: "polling every 2 s",
  finished: "finished",
  paused: "paused",
};

const Head = ({
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
        {error.message}
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
const Announcer = ({ run }: { run: RunDetail }) => {
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
