/** A graph under construction. Pure: what is drawn, what lineage adds, what may be connected. */

import type { Read } from "../../api/lineage";
import type { Pin } from "../../api/nodes";
import type { PipelineEdge, PipelineGraph, PipelineNode, Plan, PlannedNode } from "../../api/pipelines";
import { plural } from "../../components/format";
import { cycleWith, type Edge } from "../../graph/model";

export type Draft = {
  /** Their `dependencies` are the drawn ones alone. */
  nodes: PipelineNode[];
};

const key = ({ from, to }: Edge): string => `${from}>${to}`;

/** What a person may change of a graph: its nodes, and the edges that are not lineage. */
export const draftOf = (graph: PipelineGraph): Draft => {
  const lineage = new Set(graph.edges.filter((edge) => edge.kind === "lineage").map(key));
  return {
    nodes: graph.nodes.map((node) => ({
      ...node,
      dependencies: node.dependencies.filter((from) => !lineage.has(key({ from, to: node.id }))),
    })),
  };
};

/** All edges to draw: those that lineage makes between the nodes, and the drawn ones beside them. */
export const edgesOfDraft = (draft: Draft, known: readonly PipelineEdge[]): PipelineEdge[] => {
  const ids = new Set(draft.nodes.map((node) => node.id));
  const lineage = known.filter((edge) => edge.kind === "lineage" && ids.has(edge.from) && ids.has(edge.to));
  const made = new Set(lineage.map(key));
  const drawn = draft.nodes.flatMap((node) =>
    node.dependencies
      .map((from) => ({ from, to: node.id, kind: "drawn" as const }))
      .filter((edge) => ids.has(edge.from) && !made.has(key(edge))),
  );
  return [...lineage, ...drawn];
};

export const titleOf = (draft: Draft, id: number): string =>
  draft.nodes.find((node) => node.id === id)?.title ?? String(id);

export type Connected = { draft: Draft } | { refused: string };

/** The draft with an edge more, or why not: a cycle is named whole. */
export const connect = (
  draft: Draft,
  edges: readonly PipelineEdge[],
  from: number,
  to: number,
): Connected => {
  if (edges.some((edge) => edge.from === from && edge.to === to)) return { draft };
  const cycle = cycleWith(edges, from, to);
  if (cycle)
    return {
      refused: `${titleOf(draft, from)} → ${titleOf(draft, to)} would close a cycle: ${cycle
        .map((id) => titleOf(draft, id))
        .join(" > ")}`,
    };
  return {
    draft: {
      nodes: draft.nodes.map((node) =>
        node.id === to ? { ...node, dependencies: [...node.dependencies, from] } : node,
      ),
    },
  };
};

export const disconnect = (draft: Draft, from: number, to: number): Draft => ({
  nodes: draft.nodes.map((node) =>
    node.id === to ? { ...node, dependencies: node.dependencies.filter((id) => id !== from) } : node,
  ),
});

export type Piece = { kind: "view" | "query"; title: string; name?: string; queryId: number };

/** What is in the graph already: a view can be in it once, a query as well. */
export const holds = (draft: Draft, piece: Piece): boolean =>
  draft.nodes.some((node) =>
    piece.kind === "view"
      ? node.name === piece.name
      : node.kind === "query" && node.queryId === piece.queryId,
  );

export const add = (draft: Draft, piece: Piece): { draft: Draft; id: number } => {
  const id = Math.max(0, ...draft.nodes.map((node) => node.id)) + 1;
  const node: PipelineNode = {
    id,
    kind: piece.kind,
    title: piece.title,
    queryId: piece.queryId,
    tier: "medium",
    parameters: {},
    dependencies: [],
    ...(piece.name ? { name: piece.name } : {}),
  };
  return { draft: { nodes: [...draft.nodes, node] }, id };
};

export const remove = (draft: Draft, id: number): Draft => ({
  nodes: draft.nodes
    .filter((node) => node.id !== id)
    .map((node) => ({ ...node, dependencies: node.dependencies.filter((one) => one !== id) })),
});

export const change = (draft: Draft, id: number, part: Partial<PipelineNode>): Draft => ({
  nodes: draft.nodes.map((node) => (node.id === id ? { ...node, ...part } : node)),
});

export const isSameDraft = (a: Draft, b: Draft): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether the query itself is still in its own pipeline; a node of another query does not stand for it. */
export const hasTarget = (draft: Draft, queryId: number): boolean =>
  draft.nodes.some((node) => node.kind === "query" && node.queryId === queryId);

/**
 * The plan, with the edges that were known before where it says none: a graph that is refused as a whole has
 * no plan of its nodes, and what they read does not change by that.
 */
export const withKnownEdges = (plan: Plan, known: readonly PipelineEdge[]): Plan =>
  plan.nodes.length > 0 ? plan : { ...plan, edges: [...known] };

/** Why a plan has no estimate of the whole; undefined if it has one. */
export const missingEstimate = (plan: Plan): string | undefined => {
  if (plan.estimate?.seconds) return undefined;
  if (plan.isOwn) return "no estimate: this server makes none";
  if (plan.nodes.length === 0) return "no plan: see what is wrong with the graph";
  const fresh = plan.nodes.filter((node) => !node.estimate).length;
  if (fresh === plan.nodes.length) return "no estimate: nothing of it has run before";
  return `no estimate of the whole: ${fresh} of ${plan.nodes.length} nodes ${fresh === 1 ? "has" : "have"} not run before`;
};

/** What the head says of a graph: that it is valid only once the server has said so of this very graph. */
export const verdictOf = (
  plan: Plan | undefined,
  isOld: boolean,
  error: unknown,
): { text: string; isBad: boolean } => {
  if (error) return { text: "not checked", isBad: true };
  if (!plan || isOld) return { text: "checking…", isBad: false };
  if (plan.isOwn) return { text: "not checked", isBad: false };
  return plan.isValid
    ? { text: "valid", isBad: false }
    : { text: plural(Math.max(1, plan.problems.length), "problem"), isBad: true };
};

/**
 * The plan of a server that makes none: every node runs, after what it reads. `reads` is what each query
 * reads (query → relations); a query that is not in it adds no edge beyond the `known` ones.
 */
export const planByLineage = (
  draft: Draft,
  known: readonly PipelineEdge[],
  reads: ReadonlyMap<number, readonly Read[]>,
): Plan => {
  const writer = new Map(draft.nodes.flatMap((node) => (node.name ? [[node.name, node.id] as const] : [])));
  const found = draft.nodes.flatMap((node) =>
    (reads.get(node.queryId) ?? []).flatMap((read): PipelineEdge[] => {
      const from = writer.get(read.name);
      if (from === undefined || from === node.id) return [];
      const place =
        read.line === undefined || read.column === undefined ? {} : { line: read.line, column: read.column };
      return [{ from, to: node.id, kind: "lineage", ...place }];
    }),
  );
  const seen = new Set(known.map(key));
  const edges = edgesOfDraft(draft, [...known, ...found.filter((edge) => !seen.has(key(edge)))]);
  const order = new Map<number, number>();
  const orderOf = (id: number, above: ReadonlySet<number>): number => {
    const done = order.get(id);
    if (done !== undefined || above.has(id)) return done ?? 0;
    const before = edges
      .filter((edge) => edge.to === id)
      .map((edge) => orderOf(edge.from, new Set([...above, id])));
    const own = 1 + Math.max(0, ...before);
    order.set(id, own);
    return own;
  };
  const nodes = draft.nodes.map(
    (node): PlannedNode => ({
      id: node.id,
      order: orderOf(node.id, new Set()),
      kind: node.kind,
      title: node.title,
      queryId: node.queryId,
      tier: node.tier,
      dependencies: edges.filter((edge) => edge.to === node.id).map((edge) => edge.from),
      decision: "run",
      inputs: (reads.get(node.queryId) ?? [])
        .filter((read) => !writer.has(read.name))
        .map((read) => ({ name: read.name, kind: read.kind as Pin["kind"] })),
      ...(node.name ? { name: node.name } : {}),
    }),
  );
  return {
    isValid: true,
    isOwn: true,
    nodes: nodes.sort((a, b) => a.order - b.order || a.id - b.id),
    edges,
    problems: [],
  };
};
