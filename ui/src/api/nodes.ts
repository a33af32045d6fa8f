/** Nodes of a run: their life, what they read, what they cost. Nothing outside api/ sees their snake_case. */

import { queryOptions } from "@tanstack/react-query";
import {
  type Attempt,
  type Failure,
  isFinal,
  type LiveNode,
  type NodeState,
  type RunNode,
  type Tier,
} from "../graph/model";
import { timeOf } from "./clock";
import { get } from "./http";
import { present, type Wire } from "./wire";

/** What is written out beside the document's own is sent by a server that can retry, reuse and check. */
export type WireError = Wire<"RunError"> & { length?: number; retryable?: boolean };
type Fixed =
  | "kind"
  | "title"
  | "query_id"
  | "query_version"
  | "tier"
  | "dependencies"
  | "name"
  | "parameters";
export type WireLive = Omit<Wire<"NodeShown">, Fixed | "error"> & {
  error?: WireError;
  reused_from?: { pipeline_execution_id: string; execution_id: string };
};
export type WireNode = WireLive & Omit<Pick<Wire<"NodeShown">, Fixed>, "kind"> & { kind: RunNode["kind"] };
export type WirePin = Omit<Wire<"InputShown">, "kind"> & {
  kind: Wire<"InputShown">["kind"] | "query";
  updated_at?: string;
};
type WireNodeDetail = WireNode &
  Omit<Wire<"NodeDetail">, keyof Wire<"NodeShown"> | "inputs"> & { inputs: WirePin[] };

export type Column = { name: string; type: string; description?: string };
export type Pin = {
  name: string;
  kind: WirePin["kind"];
  runId?: string;
  executionId?: string;
  nodeId?: number;
  rowCount?: number;
  sizeBytes?: number;
  updatedAt?: number;
  version?: string;
};
export type Receipt = {
  attempt: number;
  tier: Tier;
  cpuSeconds: number;
  bytesScanned: number;
  bytesWritten: number;
  peakMemoryBytes: number;
  credits: number;
  endedAt?: number;
};
export type NodeDetail = RunNode & {
  sql: string;
  applied: Record<string, string>;
  inputs: Pin[];
  columns: Column[];
  receipts: Receipt[];
};

export const failureOf = (wire: WireError | undefined): Failure | undefined =>
  wire && {
    type: wire.type,
    message: wire.message,
    retryable: wire.retryable ?? false,
    ...present({
      line: wire.line,
      column: wire.column,
      length: wire.length,
      nodeId: wire.node_id,
      nodeTitle: wire.node_title,
    }),
  };

const attemptOf = (wire: Wire<"AttemptShown">): Attempt => ({
  number: wire.number,
  state: wire.state,
  startedAt: Date.parse(wire.started_at),
  ...present({ endedAt: timeOf(wire.ended_at), error: wire.error }),
});

export const liveOf = (wire: WireLive): LiveNode => ({
  state: wire.state === "completed" && wire.reused_from ? "reused" : wire.state,
  credits: wire.credits,
  attempts: wire.attempts.map(attemptOf),
  ...present({
    reason: wire.reason,
    reusedFrom: wire.reused_from && {
      runId: wire.reused_from.pipeline_execution_id,
      executionId: wire.reused_from.execution_id,
    },
    executionId: wire.execution_id,
    startedAt: timeOf(wire.started_at),
    endedAt: timeOf(wire.ended_at),
    rowCount: wire.row_count,
    sizeBytes: wire.size_bytes,
    error: failureOf(wire.error),
  }),
});

export const nodeOf = (wire: WireNode): RunNode => ({
  id: wire.id,
  kind: wire.kind,
  title: wire.title,
  queryId: wire.query_id,
  queryVersion: wire.query_version,
  tier: wire.tier,
  parameters: wire.parameters ?? {},
  dependencies: wire.dependencies,
  ...present({ name: wire.name }),
  ...liveOf(wire),
});

export const pinOf = (wire: WirePin): Pin => ({
  name: wire.name,
  kind: wire.kind,
  ...present({
    runId: wire.pipeline_execution_id,
    executionId: wire.execution_id,
    nodeId: wire.node_id,
    rowCount: wire.row_count,
    sizeBytes: wire.size_bytes,
    updatedAt: timeOf(wire.updated_at),
    version: wire.snapshot_id ?? wire.fingerprint,
  }),
});

const nodeDetailOf = (wire: WireNodeDetail): NodeDetail => ({
  ...nodeOf(wire),
  sql: wire.sql,
  applied: wire.query_parameters,
  inputs: wire.inputs.map(pinOf),
  columns: wire.columns,
  receipts: wire.receipts.map((one) => ({
    attempt: one.attempt,
    tier: one.tier,
    cpuSeconds: one.cpu_seconds,
    bytesScanned: one.bytes_scanned,
    bytesWritten: one.bytes_written,
    peakMemoryBytes: one.peak_memory_bytes,
    credits: one.credits,
    ...present({ endedAt: timeOf(one.ended_at) }),
  })),
});

/** `state` is part of the key: what a node has to say changes with it. */
export const nodeQuery = (runId: string, nodeId: number, state: NodeState) =>
  queryOptions({
    queryKey: ["run", runId, "node", nodeId, state],
    queryFn: async ({ signal }) =>
      nodeDetailOf(
        await get<WireNodeDetail>(`/v1/pipelines/executions/${runId}/nodes/${nodeId}`, undefined, signal),
      ),
    staleTime: isFinal(state) ? Number.POSITIVE_INFINITY : 5_000,
  });
