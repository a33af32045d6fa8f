import { Handle, type NodeProps, Position } from "@xyflow/react";
import { Ban, Database, FileQuestionMark, RefreshCw, SquareTerminal } from "lucide-react";
import {
  createContext,
  memo,
  useContext,
  useLayoutEffect,
  useMemo,
  useRef,
  useSyncExternalStore,
} from "react";
import { duration, plural } from "../components/format";
import { StateIcon } from "../components/State";
import { Elapsed } from "../components/Time";
import style from "./Graph.module.css";
import type { LiveNode, NodeState } from "./model";
import type { NodeStates } from "./states";

/** What a box says that never changes while it is shown. */
export type Box = {
  id: number;
  title: string;
  kind: "view" | "query" | "check";
  note?: string;
  tone?: "run" | "reuse" | "refused";
};

/** How the boxes of a graph look now. */
export type Look = {
  states: NodeStates | undefined;
  selected: number | undefined;
  current: number | undefined;
  isFaded: (id: number) => boolean;
  /** So far away that no text could be read. */
  isFar: boolean;
};
export const LookContext = createContext<Look>({
  states: undefined,
  selected: undefined,
  current: undefined,
  isFaded: () => false,
  isFar: false,
});

const never = () => () => {};

const useLive = (states: NodeStates | undefined, id: number): LiveNode | undefined => {
  // One function for as long as it listens to the same: another would subscribe it anew at each drawing.
  const subscribe = useMemo(
    () => (states ? (tell: () => void) => states.subscribe(id, tell) : never),
    [states, id],
  );
  return useSyncExternalStore(subscribe, () => states?.get(id));
};

/** Show the state of a node on its box, now and whenever it changes, without drawing anything by React. */
const useShownState = (states: NodeStates | undefined, id: number) => {
  const frame = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!states) return;
    const show = () => {
      const state = states.get(id)?.state;
      if (frame.current && state) frame.current.dataset.state = state;
    };
    show();
    return states.subscribe(id, show);
  }, [states, id]);
  return frame;
};

/**
 * A box that stands at a place of the picture. Far away it is its colour and nothing else: a thousand
 * that change at once are a thousand attributes.
 *
 * What it looks like is handed to it piece by piece: selecting another box draws two boxes and not all.
 */
export const BoxView = memo(
  ({ box, x, y, states, isSelected, isCurrent, isFaded, isFar }: BoxLook & { x: number; y: number }) => {
    const frame = useShownState(states, box.id);
    const state = states?.get(box.id)?.state;
    return (
      // The place is on an element of its own: boxes without style of their own share what the browser
      // has worked out for their state, and a thousand of them change in a third of the time.
      <div className={style.place} style={{ left: x, top: y }}>
        <div ref={frame} {...frameOf(box, state, { isSelected, isCurrent, isFaded })}>
          {!isFar && <LiveInside box={box} states={states} />}
        </div>
      </div>
    );
  },
);

/** A box that edges are drawn to and from; React Flow places it. */
export const GraphNode = memo(({ data }: NodeProps & { data: Box }) => {
  const look = useContext(LookContext);
  const live = useLive(look.states, data.id);
  return (
    <div {...frameOf(data, live?.state, marksOf(look, data.id))}>
      <Handle type="target" position={Position.Left} className={style.handle} />
      <Inside box={data} live={live} />
      <Handle type="source" position={Position.Right} className={style.handle} />
    </div>
  );
});

type Marks = { isSelected: boolean; isCurrent: boolean; isFaded: boolean };
type BoxLook = Marks & { box: Box; states: NodeStates | undefined; isFar: boolean };

/** What of a look is one box's own. */
export const marksOf = (look: Look, id: number): Marks => ({
  isSelected: look.selected === id,
  isCurrent: look.current === id,
  isFaded: look.isFaded(id),
});

const frameOf = (box: Box, state: NodeState | undefined, { isSelected, isCurrent, isFaded }: Marks) => ({
  className: style.node,
  "data-node": box.id,
  "data-kind": box.kind,
  "data-state": state,
  "data-tone": box.tone,
  "data-selected": isSelected ? "" : undefined,
  "data-current": isCurrent ? "" : undefined,
  "data-faded": isFaded ? "" : undefined,
  title: box.title,
});

const LiveInside = ({ box, states }: { box: Box; states: NodeStates | undefined }) => (
  <Inside box={box} live={useLive(states, box.id)} />
);

const Inside = ({ box, live }: { box: Box; live: LiveNode | undefined }) => (
  <>
    <span className={style.icon}>{live ? <StateIcon state={live.state} /> : <KindIcon box={box} />}</span>
    <span className={`${style.title} ellipsis`}>{box.title}</span>
    <span className={`${style.note} ellipsis`}>
      {live ? <LiveNote live={live} /> : (box.note ?? box.kind)}
    </span>
    {live?.state === "executing" && (
      <span className={style.progress} data-unknown={live.progress === undefined ? "" : undefined}>
        <i style={live.progress === undefined ? undefined : { width: `${100 * live.progress}%` }} />
      </span>
    )}
  </>
);

const KindIcon = ({ box }: { box: Box }) => {
  const shared = { width: 15, height: 15, "aria-hidden": true } as const;
  if (box.tone === "refused") return <Ban {...shared} color="var(--failed)" />;
  if (box.tone === "reuse") return <RefreshCw {...shared} color="var(--reused)" />;
  if (box.kind === "check") return <FileQuestionMark {...shared} color="var(--text-3)" />;
  return box.kind === "view" ? (
    <Database {...shared} color="var(--text-3)" />
  ) : (
    <SquareTerminal {...shared} color="var(--text-3)" />
  );
};

const LiveNote = ({ live }: { live: LiveNode }) => {
  const attempt = live.attempts.length > 1 ? ` · attempt ${live.attempts.length}` : "";
  switch (live.state) {
    case "executing":
      return (
        <>
          {live.startedAt !== undefined && <Elapsed since={live.startedAt} />}
          {attempt}
        </>
      );
    case "completed":
    case "reused": {
      const seconds =
        live.startedAt !== undefined && live.endedAt !== undefined
          ? (live.endedAt - live.startedAt) / 1000
          : undefined;
      return [
        live.rowCount !== undefined && plural(live.rowCount, "row"),
        live.state === "reused" ? "reused" : seconds !== undefined && duration(seconds),
      ]
        .filter(Boolean)
        .join(" · ");
    }
    case "failed":
      return `failed${live.error?.line === undefined ? "" : ` at ${live.error.line}:${live.error.column}`}${attempt}`;
    default:
      return live.state;
  }
};

/** All that a box shows, as one sentence for those who do not see it. */
export const spokenNode = (box: Box, live: LiveNode | undefined, reads: readonly string[]): string =>
  [
    box.title,
    live?.state ?? box.note ?? box.kind,
    live && live.attempts.length > 1 && `attempt ${live.attempts.length}`,
    live?.rowCount !== undefined && plural(live.rowCount, "row"),
    live?.error?.message,
    reads.length > 0 && `reads ${reads.join(" and ")}`,
  ]
    .filter(Boolean)
    .join(", ");
