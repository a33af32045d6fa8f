/**
 * The picture of a pipeline. Laid out once per shape: the arrays given to React Flow do not change while a
 * run executes, each box listens to its own state.
 */

import {
  type Edge as FlowEdge,
  type Node as FlowNode,
  ReactFlow,
  type ReactFlowInstance,
} from "@xyflow/react";
import { Maximize, ZoomIn, ZoomOut } from "lucide-react";
import {
  type KeyboardEvent,
  memo,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import "@xyflow/react/dist/base.css";
import { IconButton } from "../components/Button";
import { Boxes } from "./Boxes";
import { EdgeLookContext, GraphEdge, type Line } from "./Edge";
import style from "./Graph.module.css";
import { Lines } from "./Lines";
import { type Layout, layOut, SIZE } from "./layout";
import { type Box, GraphNode, LookContext, spokenNode } from "./Node";
import type { NodeStates } from "./states";
import { areaOf, type Frame, fitOf, LEAST_ZOOM, MOST_ZOOM } from "./view";

export type { Box } from "./Node";
export type GraphLine = { from: number; to: number; isDrawn?: boolean; tip?: string };

const FAR = 0.4; // zoom below which text is dropped
const NONE: never[] = [];
const nodeTypes = { box: GraphNode };
const edgeTypes = { line: GraphEdge };

const flowId = (from: number, to: number) => `${from}>${to}`;

/** The nearest node in a direction: along an edge, or up and down within a layer. */
export const stepFrom = (
  layout: Layout,
  lines: readonly { from: number; to: number }[],
  at: number,
  key: string,
): number | undefined => {
  const here = layout.places.get(at);
  if (!here) return undefined;
  const nearest = (ids: number[]) =>
    ids
      .map((id) => ({ id, away: Math.abs((layout.places.get(id)?.y ?? 0) - here.y) }))
      .sort((a, b) => a.away - b.away || a.id - b.id)[0]?.id;
  if (key === "ArrowRight") return nearest(lines.filter((line) => line.from === at).map((line) => line.to));
  if (key === "ArrowLeft") return nearest(lines.filter((line) => line.to === at).map((line) => line.from));
  if (key !== "ArrowUp" && key !== "ArrowDown") return undefined;
  const layer = layout.layers.get(at);
  return nearest(
    [...layout.places]
      .filter(
        ([id, place]) =>
          layout.layers.get(id) === layer && (key === "ArrowUp" ? place.y < here.y : place.y > here.y),
      )
      .map(([id]) => id),
  );
};

export const Graph = memo(function Graph({
  label,
  boxes,
  lines,
  states,
  selected,
  onSelect,
  faded,
  critical,
  focus,
  onConnect,
  onRemoveLine,
  fitKey,
}: {
  label: string;
  boxes: readonly Box[];
  lines: readonly GraphLine[];
  states?: NodeStates;
  selected?: number | undefined;
  onSelect: (id: number | undefined) => void;
  /** Nodes that the filter leaves out. */
  faded?: ReadonlySet<number> | undefined;
  /** Nodes of the critical path, in order. */
  critical?: readonly number[] | undefined;
  /** Show these; a new object moves the view. */
  focus?: ReadonlySet<number> | undefined;
  onConnect?: (from: number, to: number) => void;
  onRemoveLine?: (from: number, to: number) => void;
  /** Fit everything when this changes. */
  fitKey?: string | number;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const [flow, setFlow] = useState<ReactFlowInstance>();
  const [current, setCurrent] = useState<number>();
  const [isFocused, setFocused] = useState(false);
  const [isFar, setFar] = useState(false);
  // Known before the picture is: what is drawn first is what stays on the screen.
  const [size, setSize] = useState<Frame>();
  useLayoutEffect(() => {
    const element = frame.current;
    if (element) setSize({ width: element.clientWidth, height: element.clientHeight });
  }, []);
  const isBuilt = onConnect !== undefined;

  const shape = `${boxes.map((box) => box.id).join()};${lines.map((line) => flowId(line.from, line.to)).join()}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the shape stands for boxes and lines
  const layout = useMemo(
    () =>
      layOut(
        boxes.map((box) => box.id),
        lines,
      ),
    [shape],
  );
  const nodes = useMemo(
    (): FlowNode[] =>
      isBuilt
        ? boxes.map((box) => ({
            id: String(box.id),
            type: "box",
            position: layout.places.get(box.id) ?? { x: 0, y: 0 },
            data: box,
            width: SIZE.nodeWidth,
            height: SIZE.nodeHeight,
          }))
        : NONE,
    [isBuilt, boxes, layout],
  );
  // Of React Flow are only the edges that can be removed.
  const { edges, tips, drawn } = useMemo(() => {
    const points = new Map(layout.edges.map((edge) => [flowId(edge.from, edge.to), edge.points]));
    const tips = new Map<string, string>();
    const drawn = new Set<string>();
    const edges: FlowEdge[] = [];
    for (const line of lines) {
      const id = flowId(line.from, line.to);
      if (line.tip) tips.set(id, line.tip);
      if (!isBuilt || !line.isDrawn) continue;
      drawn.add(id);
      const found = points.get(id);
      const data: Line = {
        from: line.from,
        to: line.to,
        ...(found ? { points: found } : {}),
        ...(line.tip ? { tip: line.tip } : {}),
      };
      edges.push({ id, type: "line", source: String(line.from), target: String(line.to), data });
    }
    return { edges, tips, drawn };
  }, [isBuilt, lines, layout]);

  const look = useMemo(
    () => ({
      states,
      selected,
      current: isFocused ? current : undefined,
      isFaded: (id: number) => faded?.has(id) ?? false,
    }),
    [states, selected, current, isFocused, faded],
  );
  const edgeLook = useMemo(() => {
    const steps = new Set(critical?.slice(1).map((id, index) => flowId(critical[index] as number, id)));
    return {
      isCritical: (from: number, to: number) => steps.has(flowId(from, to)),
      isFaded: (from: number, to: number) => (faded?.has(from) || faded?.has(to)) ?? false,
    };
  }, [critical, faded]);

  const view = useCallback(
    (ids: Iterable<number>, at: Frame, margin: number, mostZoom: number) => {
      const area = areaOf(layout, ids);
      return area && fitOf(area, at, margin, mostZoom);
    },
    [layout],
  );
  const move = useCallback(
    (ids: Iterable<number>, margin: number, mostZoom: number) => {
      const element = frame.current;
      if (!flow || !element) return;
      const next = view(ids, { width: element.clientWidth, height: element.clientHeight }, margin, mostZoom);
      if (next) void flow.setViewport(next);
    },
    [flow, view],
  );
  // What was brought on the screen last, until somebody looks elsewhere: it stays there in another room too.
  const kept = useRef<() => void>(undefined);
  const fit = useCallback(() => {
    kept.current = () => move(layout.places.keys(), 0.12, 1.1);
    kept.current();
  }, [move, layout]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new shape or key asks for it
  useEffect(fit, [fit, shape, fitKey]);
  useEffect(() => {
    if (!focus || focus.size === 0) return;
    kept.current = () => move(focus, 0.2, 1.2);
    kept.current();
  }, [move, focus]);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    let seen = `${element.clientWidth} ${element.clientHeight}`;
    const observer = new ResizeObserver(() => {
      const now = `${element.clientWidth} ${element.clientHeight}`;
      if (now === seen) return;
      seen = now;
      kept.current?.();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const show = (id: number) => {
    const place = layout.places.get(id);
    if (!place || !flow || !frame.current) return;
    const { x, y, zoom } = flow.getViewport();
    const { width, height } = frame.current.getBoundingClientRect();
    const [left, top] = [place.x * zoom + x, place.y * zoom + y];
    const isSeen =
      left > 8 &&
      top > 8 &&
      left + SIZE.nodeWidth * zoom < width - 8 &&
      top + SIZE.nodeHeight * zoom < height - 8;
    if (isSeen && zoom >= FAR) return;
    kept.current = undefined;
    void flow.setCenter(place.x + SIZE.nodeWidth / 2, place.y + SIZE.nodeHeight / 2, {
      zoom: Math.max(zoom, 0.8),
    });
  };
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const at = current ?? selected ?? boxes[0]?.id;
    if (at === undefined) return;
    if (event.key === "Enter") {
      event.preventDefault();
      onSelect(at);
    } else if (event.key.startsWith("Arrow")) {
      event.preventDefault();
      const next = current === undefined ? at : (stepFrom(layout, lines, at, event.key) ?? at);
      setCurrent(next);
      show(next);
    }
  };
  const spoken = (() => {
    const box = boxes.find((one) => one.id === current);
    if (!box) return "";
    const reads = lines
      .filter((line) => line.to === box.id)
      .map((line) => boxes.find((one) => one.id === line.from)?.title ?? "");
    return spokenNode(box, states?.get(box.id), reads);
  })();

  const zoom = (by: "zoomIn" | "zoomOut") => {
    kept.current = undefined;
    void flow?.[by]();
  };
  const viewport = useCallback((event: unknown, { zoom }: { zoom: number }) => {
    if (event) kept.current = undefined; // by hand, not by `move`
    setFar(zoom < FAR);
    if (zoom < FAR) frame.current?.style.setProperty("--zoom", String(zoom));
  }, []);
  const start = size && view(layout.places.keys(), size, 0.12, 1.1);
  const begun = useCallback(
    (made: ReactFlowInstance) => {
      viewport(undefined, made.getViewport());
      setFlow(made);
    },
    [viewport],
  );
  const pick = useCallback(
    (id: number) => {
      setCurrent(id);
      onSelect(id);
    },
    [onSelect],
  );
  const isFarNow = flow ? isFar : (start?.zoom ?? 1) < FAR;
  const shownLook = useMemo(() => ({ ...look, isFar: isFarNow }), [look, isFarNow]);

  return (
    <div ref={frame} className={style.graph} data-far={isFarNow ? "" : undefined}>
      <LookContext.Provider value={shownLook}>
        <EdgeLookContext.Provider value={edgeLook}>
          {size && (
            <ReactFlow
              aria-roledescription="graph"
              aria-label={`${label}. Arrow keys move along edges, Enter opens. The Nodes table says the same.`}
              tabIndex={0}
              onKeyDown={keys}
              onFocus={(event) => event.target === event.currentTarget && setFocused(true)}
              onBlur={() => setFocused(false)}
              nodes={nodes}
              edges={edges}
              nodeTypes={nodeTypes}
              edgeTypes={edgeTypes}
              onInit={begun}
              defaultViewport={start ?? { x: 0, y: 0, zoom: 1 }}
              width={size.width}
              height={size.height}
              onMove={viewport}
              onNodeClick={(_, node) => pick(Number(node.id))}
              onPaneClick={() => onSelect(undefined)}
              onConnect={({ source, target }) => onConnect?.(Number(source), Number(target))}
              onEdgesDelete={(gone) => {
                for (const edge of gone) onRemoveLine?.(Number(edge.source), Number(edge.target));
              }}
              nodesDraggable={false}
              nodesFocusable={false}
              edgesFocusable={false}
              elementsSelectable={onRemoveLine !== undefined}
              nodesConnectable={isBuilt}
              onlyRenderVisibleElements
              disableKeyboardA11y
              minZoom={LEAST_ZOOM}
              maxZoom={MOST_ZOOM}
              zoomOnDoubleClick={false}
              proOptions={{ hideAttribution: true }}
            >
              <Lines layout={layout} tips={tips} drawn={drawn} look={edgeLook} />
              {!isBuilt && <Boxes boxes={boxes} layout={layout} look={shownLook} onPick={pick} />}
            </ReactFlow>
          )}
        </EdgeLookContext.Provider>
      </LookContext.Provider>
      <div className={style.controls}>
        <IconButton label="Zoom in" onClick={() => zoom("zoomIn")}>
          <ZoomIn aria-hidden />
        </IconButton>
        <IconButton label="Zoom out" onClick={() => zoom("zoomOut")}>
          <ZoomOut aria-hidden />
        </IconButton>
        <IconButton label="Fit all (0)" onClick={fit}>
          <Maximize aria-hidden />
        </IconButton>
      </div>
      <p className="unseen" aria-live="polite">
        {spoken}
      </p>
    </div>
  );
});
