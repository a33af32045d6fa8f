/** Graphs before they run: lineage or stored, their plan, and starting them. */

import { queryOptions } from "@tanstack/react-query";
import type { RunState, Tier } from "../graph/model";
import { timeOf } from "./clock";
import { get, post, request } from "./http";
import { type Pin, pinOf, present } from "./runs";

type WireRef = { performance?: Tier };
type WireNode = {
  id: number;
  dependencies?: number[];
  materialized_view_refresh?: WireRef & { name: string };
  query_execution?: WireRef & { query_id: number; query_parameters?: Record<string, string> };
  title?: string;
  query_id?: number;
};
type WireEdge = { from: number; to: number; kind: "lineage" | "drawn"; line?: number; column?: number };
type WireGraph = {
  pipeline: { nodes: WireNode[] };
  stored?: boolean;
  revision?: number;
  target_query_id?: number;
  edges?: WireEdge[];
  reads?: { node_id: number; name: string; kind: string }[];
};

export type PipelineNode = {
  id: number;
  kind: "view" | "query";
  title: string;
  /** Full name of the view. */
  name?: string;
  queryId: number;
  tier: Tier;
  parameters: Record<string, string>;
  dependencies: number[];
};
export type PipelineEdge = {
  from: number;
  to: number;
  kind: "lineage" | "drawn";
  line?: number;
  column?: number;
};
export type PipelineGraph = {
  nodes: PipelineNode[];
  edges: PipelineEdge[];
  reads: { nodeId: number; name: string; kind: string }[];
  isStored: boolean;
  revision: number;
};

const nodeOf = (wire: WireNode): PipelineNode => {
  const view = wire.materialized_view_refresh;
  const query = wire.query_execution;
  return {
    id: wire.id,
    kind: view ? "view" : "query",
    title:
      wire.title ??
      view?.name
        .split(".")
        .at(-1)
        ?.replace(/^result_/, "") ??
      `query ${query?.query_id ?? ""}`,
    queryId: query?.query_id ?? wire.query_id ?? 0,
    tier: view?.performance ?? query?.performance ?? "medium",
    parameters: query?.query_parameters ?? {},
    dependencies: wire.dependencies ?? [],
    ...present({ name: view?.name }),
  };
};

export const graphOf = (wire: WireGraph): PipelineGraph => {
  const nodes = wire.pipeline.nodes.map(nodeOf);
  return {
    nodes,
    edges:
      wire.edges ??
      nodes.flatMap((node) =>
        node.dependencies.map((from) => ({ from, to: node.id, kind: "lineage" as const })),
      ),
    reads: (wire.reads ?? []).map((one) => ({ nodeId: one.node_id, name: one.name, kind: one.kind })),
    isStored: wire.stored ?? false,
    revision: wire.revision ?? 0,
  };
};

export const nodeToWire = (node: PipelineNode): WireNode => ({
  id: node.id,
  dependencies: node.dependencies,
  ...(node.kind === "view"
    ? { materialized_view_refresh: { name: node.name ?? "", performance: node.tier } }
    : {
        query_execution: {
          query_id: node.queryId,
          performance: node.tier,
          ...(Object.keys(node.parameters).length > 0 ? { query_parameters: node.parameters } : {}),
        },
      }),
});

export const loadPipeline = async (queryId: number, signal?: AbortSignal): Promise<PipelineGraph> =>
  graphOf(await get<WireGraph>(`/v1/query/${queryId}/pipeline`, undefined, signal));

export const pipelineQuery = (queryId: number) =>
  queryOptions({
    queryKey: ["pipeline", queryId],
    queryFn: ({ signal }) => loadPipeline(queryId, signal),
    staleTime: 5_000,
  });

/** Refused with 409 if another graph was stored since `revision`. Invalidates: pipeline, pipelines. */
export const storePipeline = async (queryId: number, nodes: readonly PipelineNode[], revision: number) =>
  graphOf(
    await request<WireGraph>(`/v1/query/${queryId}/pipeline`, {
      method: "PUT",
      body: { pipeline: { nodes: nodes.map(nodeToWire) }, revision },
    }),
  );

export const forgetPipeline = (queryId: number) =>
  request<{ message: string }>(`/v1/query/${queryId}/pipeline`, { method: "DELETE" });

export type ListedPipeline = {
  queryId: number;
  name: string;
  isStored: boolean;
  nodeCount: number;
  updatedAt?: number;
  lastRun?: { id: string; state: RunState; submittedAt: number; endedAt?: number };
};
type WireListed = {
  query_id: number;
  name: string;
  stored: boolean;
  node_count: number;
  updated_at?: string;
  last_run?: { pipeline_execution_id: string; state: RunState; submitted_at: string; ended_at?: string };
};

export const pipelinesQuery = (q: string) =>
  queryOptions({
    queryKey: ["pipelines", q],
    queryFn: async ({ signal }) => {
      const wire = await get<{ pipelines: WireListed[]; total: number }>(
        "/v1/pipelines",
        { q, limit: 200 },
        signal,
      );
      return wire.pipelines.map(
        (one): ListedPipeline => ({
          queryId: one.query_id,
          name: one.name,
          isStored: one.stored,
          nodeCount: one.node_count,
          ...present({
            updatedAt: timeOf(one.updated_at),
            lastRun: one.last_run && {
              id: one.last_run.pipeline_execution_id,
              state: one.last_run.state,
              submittedAt: Date.parse(one.last_run.submitted_at),
              ...present({ endedAt: timeOf(one.last_run.ended_at) }),
            },
          }),
        }),
      );
    },
    staleTime: 5_000,
  });

export type Range = readonly [number, number];
type WireEstimate = { seconds?: Range; credits?: Range; rows?: Range };
type WirePlan = {
  valid: boolean;
  nodes: {
    id: number;
    order: number;
    kind: "view" | "query";
    title: string;
    name?: string;
    query_id: number;
    tier: Tier;
    dependencies: number[];
    decision: "run" | "reuse" | "refused";
    reason?: string;
    inputs: { name: string; kind: "view" | "upload" | "source" | "query"; row_count?: number }[];
    estimate?: WireEstimate;
  }[];
  edges: WireEdge[];
  estimate?: WireEstimate;
  problems: { message: string; node_ids: number[]; line?: number; column?: number; length?: number }[];
};
export type PlannedNode = {
  id: number;
  order: number;
  kind: "view" | "query";
  title: string;
  name?: string;
  queryId: number;
  tier: Tier;
  dependencies: number[];
  decision: "run" | "reuse" | "refused";
  reason?: string;
  inputs: Pin[];
  estimate?: WireEstimate;
};
export type Plan = {
  isValid: boolean;
  nodes: PlannedNode[];
  edges: PipelineEdge[];
  estimate?: WireEstimate;
  problems: { message: string; nodeIds: number[]; line?: number; column?: number }[];
};

export const planOf = (wire: WirePlan): Plan => ({
  isValid: wire.valid,
  nodes: wire.nodes.map(({ query_id, inputs, ...node }) => ({
    ...node,
    queryId: query_id,
    inputs: inputs.map(pinOf),
  })),
  edges: wire.edges,
  problems: wire.problems.map(({ node_ids, message, line, column }) => ({
    nodeIds: node_ids,
    message,
    ...present({ line, column }),
  })),
  ...present({ estimate: wire.estimate }),
});

/** What would run; of a graph under construction, or of what is stored for the query. */
export const planQuery = (queryId: number, nodes: readonly PipelineNode[]) => {
  const body = { pipeline: { nodes: nodes.map(nodeToWire) }, target_query_id: queryId };
  return queryOptions({
    queryKey: ["pipeline", queryId, "plan", JSON.stringify(body)],
    queryFn: async ({ signal }) =>
      planOf(await request<WirePlan>("/v1/pipelines/plan", { method: "POST", body, signal })),
    staleTime: 10_000,
    placeholderData: (before) => before,
  });
};

/** What is asked of a run; nodes: exactly this graph, else what is stored or lineage. */
export const startRun = (queryId: number, idempotencyKey: string, nodes?: readonly PipelineNode[]) =>
  (nodes
    ? post<{ pipeline_execution_id: string }>(
        "/v1/pipelines/execute",
        { pipeline: { nodes: nodes.map(nodeToWire) } },
        { idempotencyKey },
      )
    : post<{ pipeline_execution_id: string }>(`/v1/query/${queryId}/pipeline/execute`, {}, { idempotencyKey })
  ).then((wire) => wire.pipeline_execution_id);

/** Any run again, as it was asked: by its target query. */
export const startByLineage = (queryId: number, parameters: Record<string, string>, idempotencyKey: string) =>
  post<{ pipeline_execution_id: string }>(
    `/v1/query/${queryId}/pipeline/execute`,
    { query_parameters: parameters },
    { idempotencyKey },
  ).then((wire) => wire.pipeline_execution_id);
