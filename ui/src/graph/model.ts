/**
 * What the graph, the timeline and the table draw: nodes of a run or of a plan.
 *
 * `reused` is not a state of the server: it is `completed` with a run it was taken from.
 */

export const NODE_STATES = [
  "completed",
  "reused",
  "executing",
  "failed",
  "cancelled",
  "skipped",
  "pending",
] as const;
export type NodeState = (typeof NODE_STATES)[number];

export const RUN_STATES = ["pending", "executing", "completed", "failed", "cancelled"] as const;
export type RunState = (typeof RUN_STATES)[number];

export type Tier = "small" | "medium" | "large";
export const TIERS: readonly Tier[] = ["small", "medium", "large"];

/** Times are milliseconds since 1970 UTC. */
export type Attempt = {
  number: number;
  state: string;
  startedAt: number;
  endedAt?: number;
  error?: string;
};

/** `line` and `column` count from 1, in the user's own text; absent when the place is unknown. */
export type Failure = {
  type: string;
  message: string;
  line?: number;
  column?: number;
  length?: number;
  retryable: boolean;
  nodeId?: number;
  nodeTitle?: string;
};

/** What changes while a run goes on. */
export type LiveNode = {
  state: NodeState;
  credits: number;
  attempts: Attempt[];
  reason?: string;
  reusedFrom?: { runId: string; executionId: string };
  executionId?: string;
  startedAt?: number;
  endedAt?: number;
  rowCount?: number;
  sizeBytes?: number;
  error?: Failure;
  /** Share of the work done, 0 to 1; only of executing nodes, and only if the engine tells. */
  progress?: number;
};

export type RunNode = LiveNode & {
  id: number;
  kind: "view" | "query" | "check";
  title: string;
  name?: string;
  queryId: number;
  queryVersion: number;
  tier: Tier;
  parameters: Record<string, string>;
  dependencies: number[];
};

/** A node as the layout sees it; `id` is unique. */
export type Edge = { from: number; to: number };

export const isFinal = (state: NodeState | RunState): boolean => state !== "pending" && state !== "executing";

/** Whether two lists of nodes draw the same boxes and edges; states are not looked at. */
export const areSameShape = (
  a: readonly Pick<RunNode, "id" | "title" | "kind" | "dependencies">[],
  b: readonly Pick<RunNode, "id" | "title" | "kind" | "dependencies">[],
): boolean =>
  a === b ||
  (a.length === b.length &&
    a.every((one, index) => {
      const other = b[index];
      return (
        other !== undefined &&
        one.id === other.id &&
        one.title === other.title &&
        one.kind === other.kind &&
        // What live events left alone is the same array.
        (one.dependencies === other.dependencies || one.dependencies.join() === other.dependencies.join())
      );
    }));

export const edgesOf = (nodes: readonly { id: number; dependencies: readonly number[] }[]): Edge[] =>
  nodes.flatMap((node) => node.dependencies.map((from) => ({ from, to: node.id })));

export const countStates = (nodes: readonly { state: NodeState }[]): Record<NodeState, number> => {
  const counts = Object.fromEntries(NODE_STATES.map((state) => [state, 0])) as Record<NodeState, number>;
  for (const node of nodes) counts[node.state] += 1;
  return counts;
};

/** Nodes at most `hops` edges away from `start`, in either direction; `start` included. */
export const neighbourhood = (edges: readonly Edge[], start: number, hops: number): Set<number> => {
  const beside = new Map<number, number[]>();
  for (const { from, to } of edges) {
    beside.set(from, [...(beside.get(from) ?? []), to]);
    beside.set(to, [...(beside.get(to) ?? []), from]);
  }
  const found = new Set([start]);
  let border = [start];
  for (let hop = 0; hop < hops; hop += 1) {
    border = border.flatMap((id) => beside.get(id) ?? []).filter((id) => !found.has(id));
    for (const id of border) found.add(id);
  }
  return found;
};

/** A cycle that an edge `from` → `to` would close, first node repeated at the end; undefined if none. */
export const cycleWith = (edges: readonly Edge[], from: number, to: number): number[] | undefined => {
  if (from === to) return [from, to];
  const after = new Map<number, number[]>();
  for (const edge of edges) after.set(edge.from, [...(after.get(edge.from) ?? []), edge.to]);
  const before = new Map<number, number>();
  const queue = [to];
  const seen = new Set(queue);
  while (queue.length > 0) {
    const at = queue.shift() as number;
    if (at === from) {
      const path = [from];
      for (let id = from; id !== to; ) {
        id = before.get(id) as number;
        path.unshift(id);
      }
      return [from, ...path];
    }
    for (const next of after.get(at) ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      before.set(next, at);
      queue.push(next);
    }
  }
  return undefined;
};

/** One filter text of the run page: words that all must fit; `state:failed` fits states. */
export const matches = (
  node: { title: string; name?: string; state: NodeState; kind: string },
  filter: string,
): boolean =>
  filter
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => {
      const [key, value] = word.includes(":") ? word.split(":", 2) : ["", word];
      if (key === "state") return (value ?? "").split(",").includes(node.state);
      if (key === "kind") return node.kind === value;
      return node.title.toLowerCase().includes(word) || (node.name ?? "").toLowerCase().includes(word);
    });
