/** Graphs before they run: lineage or stored, their plan, and starting them. */

import { queryOptions } from "@tanstack/react-query";
import { type RunState, TIERS, type Tier } from "../graph/model";
import { timeOf } from "./clock";
import { get, post, request } from "./http";
import { type Pin, pinOf } from "./nodes";
import { present, type Wire } from "./wire";

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
  reads: { nodeId: number; name: string; kind: Wire<"OutsideRead">["kind"] }[];
  isStored: boolean;
  revision: number;
};

/** The document says of a tier that it is text, because requests use the same words. */
const tierOf = (word: string | null | undefined): Tier => TIERS.find((one) => one === word) ?? "medium";

const nodeOf = (wire: Wire<"ShownNode">): PipelineNode => {
  const view = wire.materialized_view_refresh;
  const query = wire.query_execution;
  return {
    id: wire.id,
    kind: view ? "view" : "query",
    title: wire.title,
    queryId: wire.query_id,
    tier: tierOf(view?.performance ?? query?.performance),
    parameters: Object.fromEntries(
      Object.entries(query?.query_parameters ?? {}).map(([key, value]) => [key, String(value)]),
    ),
    dependencies: wire.dependencies ?? [],
    ...present({ name: view?.name }),
  };
};

export const graphOf = (wire: Wire<"PipelineShown">): PipelineGraph => ({
  nodes: wire.pipeline.nodes.map(nodeOf),
  edges: wire.edges,
  reads: wire.reads.map((one) => ({ nodeId: one.node_id, name: one.name, kind: one.kind })),
  isStored: wire.stored,
  revision: wire.revision ?? 0,
});

export const nodeToWire = (node: PipelineNode): Wire<"GraphNode"> => ({
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
  graphOf(await get<Wire<"PipelineShown">>(`/v1/query/${queryId}/pipeline`, undefined, signal));

export const pipelineQuery = (queryId: number) =>
  queryOptions({
    queryKey: ["pipeline", queryId],
    queryFn: ({ signal }) => loadPipeline(queryId, signal),
    staleTime: 5_000,
  });

/** Refused with 409 if another graph was stored since `revision`. Invalidates: pipeline, pipelines. */
export const storePipeline = async (queryId: number, nodes: readonly PipelineNode[], revision: number) =>
  graphOf(
    await request<Wire<"PipelineShown">>(`/v1/query/${queryId}/pipeline`, {
      method: "PUT",
      body: { pipeline: { nodes: nodes.map(nodeToWire) }, revision },
    }),
  );

export const forgetPipeline = (queryId: number) =>
  request<Wire<"Message">>(`/v1/query/${queryId}/pipeline`, { method: "DELETE" });

export type ListedPipeline = {
  queryId: number;
  name: string;
  isStored: boolean;
  nodeCount: number;
  updatedAt?: number;
  lastRun?: { id: string; state: RunState; submittedAt?: number; endedAt?: number };
};
export const pipelinesQuery = (q: string) =>
  queryOptions({
    queryKey: ["pipelines", q],
    queryFn: async ({ signal }) => {
      const wire = await get<Wire<"Configured">>("/v1/pipelines", { q, limit: 200 }, signal);
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
              ...present({
                submittedAt: timeOf(one.last_run.submitted_at),
                endedAt: timeOf(one.last_run.ended_at),
              }),
            },
          }),
        }),
      );
    },
    staleTime: 5_000,
  });

export type Range = readonly [number, number];
export type Estimate = Partial<Wire<"Estimate">>;
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
  estimate?: Estimate;
};
export type Plan = {
  isValid: boolean;
  /** Made here, of lineage alone, because the server makes none. */
  isOwn?: boolean;
  nodes: PlannedNode[];
  edges: PipelineEdge[];
  estimate?: Estimate;
  problems: { message: string; nodeIds: number[]; line?: number; column?: number }[];
};

/** A server that can reuse rows says so of a node. */
type WirePlan = Omit<Wire<"PlanShown">, "nodes"> & {
  nodes: (Omit<Wire<"PlannedNode">, "decision"> & { decision: PlannedNode["decision"] })[];
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
    ? post<Wire<"RunStarted">>(
        "/v1/pipelines/execute",
        { pipeline: { nodes: nodes.map(nodeToWire) } },
        { idempotencyKey },
      )
    : post<Wire<"RunStarted">>(`/v1/query/${queryId}/pipeline/execute`, {}, { idempotencyKey })
  ).then((wire) => wire.pipeline_execution_id);

/** Any run again, as it was asked: by its target query. */
export const startByLineage = (queryId: number, parameters: Record<string, string>, idempotencyKey: string) =>
  post<Wire<"RunStarted">>(
    `/v1/query/${queryId}/pipeline/execute`,
    { query_parameters: parameters },
    { idempotencyKey },
  ).then((wire) => wire.pipeline_execution_id);
