/** Did it work; if not, which node, where in the SQL, and what now? */

import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { Liveness } from "../api/events";
import type { RunDetail } from "../api/runs";
import { Button } from "../components/Button";
import { CrashBoundary } from "../components/CrashBoundary";
import { Choices, SearchField } from "../components/Field";
import { duration, shortId } from "../components/format";
import { late } from "../components/late";
import { Skeleton } from "../components/Panel";
import { NotLoaded } from "../components/Problem";
import { Split } from "../components/Split";
import { useNow } from "../components/Time";
import { useSettled } from "../components/useSettled";
import { secondsOf } from "../graph/critical";
import {
  areSameShape,
  edgesOf,
  isFinal,
  matches,
  type NodeState,
  neighbourhood,
  type RunNode,
} from "../graph/model";
import { NodeStates } from "../graph/states";
import { useActions } from "../shell/keys";
import { usePage } from "../shell/page";
import { Announcer, Head } from "./run/Head";
import { NodePanel } from "./run/NodePanel";
import { NodesTable } from "./run/NodesTable";
import style from "./run/Run.module.css";
import { useAskedOfRun } from "./run/useAskedOfRun";
import { useLiveRun } from "./run/useLiveRun";
import { usePath } from "./run/usePath";
import { sortOf, sortText } from "./search";

const Graph = late(() => import("../graph/Graph").then((module) => module.Graph));
const Timeline = late(() => import("../graph/Timeline").then((module) => module.Timeline));
const Compare = late(() => import("./run/Compare").then((module) => module.Compare));

const NO_PATH: readonly number[] = [];

/** Above this the table opens first and the graph is drawn when asked for. */
const MOST_DRAWN = 3_000;
/** A filter is typed; only then is it drawn. */
const FILTER_MS = 150;

export const RunPage = () => {
  const { id } = useParams({ from: "/inside/runs/$id" });
  const run = useLiveRun(id);
  usePage(
    run.data?.title ?? "Run",
    [{ label: "Runs", to: "/runs" }, { label: run.data?.title ?? shortId(id) }],
    run.data?.state,
  );
  if (run.isPending) return <Skeleton lines={10} />;
  if (!run.data) return <NotLoaded query={run} title="The run could not be loaded" />;
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
  // The key or letter is answered first; the drawing, which may take longer, follows it.
  const shownView = useSettled(view);
  const shownFilter = useSettled(filter, FILTER_MS);
  const selected = run.nodes.find((node) => node.id === search.node);
  const isLive = !isFinal(run.state);

  const nodes = run.nodes;
  const [states] = useState(() => new NodeStates(nodes));
  useLayoutEffect(() => states.set(nodes), [states, nodes]);
  const shape = useShape(nodes);
  const { boxes, lines, titles } = useMemo(
    () => ({
      titles: new Map(shape.map((node) => [node.id, node.title])),
      boxes: shape.map((node) => ({ id: node.id, title: node.title, kind: node.kind })),
      lines: edgesOf(shape),
    }),
    [shape],
  );
  const [showsPath, setShowsPath] = useState(true);
  const path = usePath(nodes, isLive);
  const critical = showsPath ? path : NO_PATH;
  const faded = useMemo(
    () =>
      shownFilter
        ? new Set(nodes.filter((node) => !matches(node, shownFilter)).map((node) => node.id))
        : undefined,
    [nodes, shownFilter],
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

  // The table of a comparison has all nodes of both runs: nothing of it is filtered or drawn otherwise.
  const isComparing = search.with !== undefined;
  const asked = useAskedOfRun(run);
  useActions([
    {
      id: "view-graph",
      label: "Graph",
      keys: "1",
      disabled: isComparing,
      run: () => set({ view: undefined }, true),
    },
    {
      id: "view-timeline",
      label: "Timeline",
      keys: "2",
      disabled: isComparing,
      run: () => set({ view: "timeline" }, true),
    },
    {
      id: "view-nodes",
      label: "Nodes",
      keys: "3",
      disabled: isComparing,
      run: () => set({ view: "nodes" }, true),
    },
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
      disabled: search.node === undefined || isComparing,
      run: () => set({ focus: search.focus === search.node ? undefined : search.node }, true),
    },
    {
      id: "fit",
      label: "Fit all",
      keys: "0",
      disabled: isComparing,
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
    <CrashBoundary region="The drawing" resetKey={shownView}>
      {search.with ? (
        <Compare left={run.id} right={search.with} />
      ) : shownView === "graph" ? (
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
      ) : shownView === "timeline" ? (
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
          titles={titles}
        />
      )}
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
        {!isComparing && (
          <>
            <div className={style.filter}>
              <SearchField
                label="Filter nodes"
                placeholder="name or state:failed"
                value={filter}
                onChange={(text) => set({ filter: text || undefined }, true)}
                isPageFilter
              />
            </div>
            {shownFilter && (
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
              critical path <PathSeconds nodes={nodes} path={path} isLive={isLive} />
            </label>
            {search.focus !== undefined && (
              <Button small onClick={() => set({ focus: undefined }, true)}>
                Show all nodes
              </Button>
            )}
          </>
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

/** The same nodes as long as they draw the same boxes and edges, whatever states they come to. */
const useShape = (nodes: readonly RunNode[]): readonly RunNode[] => {
  const kept = useRef(nodes);
  if (!areSameShape(kept.current, nodes)) kept.current = nodes;
  return kept.current;
};

/** The only part of the page beside its head that the clock draws again. */
const PathSeconds = ({
  nodes,
  path,
  isLive,
}: {
  nodes: readonly RunNode[];
  path: readonly number[];
  isLive: boolean;
}) => {
  const now = useNow(isLive);
  const onPath = useMemo(() => {
    const ids = new Set(path);
    return nodes.filter((node) => ids.has(node.id));
  }, [nodes, path]);
  const seconds = onPath.reduce((sum, node) => sum + secondsOf(node, now), 0);
  return <span className="figures">{duration(seconds)}</span>;
};
