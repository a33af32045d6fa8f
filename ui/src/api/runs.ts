/** Runs: list, detail, one node, compare, cancel. Nothing outside this file sees their snake_case. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import {
  type Attempt,
  type Failure,
  isFinal,
  type LiveNode,
  type NodeState,
  type RunNode,
  type RunState,
  type Tier,
} from "../graph/model";
import { setServerTime, timeOf } from "./clock";
import { get, post, request } from "./http";

export type WireError = {
  type: string;
  message: string;
  line?: number;
  column?: number;
  length?: number;
  retryable?: boolean;
  node_id?: number;
  node_title?: string;
};
type WireAttempt = { number: number; state: string; started_at: string; ended_at?: string; error?: string };
export type WireLive = {
  id: number;
  state: "pending" | "executing" | "completed" | "failed" | "skipped" | "cancelled";
  credits: number;
  attempts: WireAttempt[];
  reason?: string;
  reused_from?: { pipeline_execution_id: string; execution_id: string };
  execution_id?: string;
  started_at?: string;
  ended_at?: string;
  row_count?: number;
  size_bytes?: number;
  error?: WireError;
};
type WireNode = WireLive & {
  kind: "view" | "query" | "check";
  title: string;
  name?: string;
  query_id: number;
  query_version: number;
  tier: Tier;
  parameters?: Record<string, string>;
  dependencies: number[];
};
export type WireRunPart = {
  state: RunState;
  started_at?: string;
  ended_at?: string;
  published_at?: string;
  moved_views?: number;
  credits: number;
  error?: WireError;
};
export type WireRun = WireRunPart & {
  pipeline_execution_id: string;
  kind: "pipeline" | "refresh" | "query" | "sql" | "rollback";
  title: string;
  query_id?: number;
  dashboard_id?: number;
  owner: string;
  trigger: string;
  submitted_at: string;
  node_counts: Record<NodeState, number>;
  expected_seconds?: number;
  resumed_from?: string;
  rolled_back_by?: string;
};
type WirePin = {
  name: string;
  kind: "view" | "upload" | "source" | "query";
  snapshot_id?: string;
  fingerprint?: string;
  pipeline_execution_id?: string;
  execution_id?: string;
  node_id?: number;
  row_count?: number;
  size_bytes?: number;
  updated_at?: string;
};
export type WireRunDetail = WireRun & {
  at: string;
  last_event_id: string;
  actions: string[];
  query_parameters: Record<string, string>;
  moment?: number;
  nodes: WireNode[];
  pins?: WirePin[];
  moves?: { name: string; from?: string; to: string }[];
};
type WireReceipt = {
  attempt: number;
  tier: Tier;
  cpu_seconds: number;
  bytes_scanned: number;
  bytes_written: number;
  peak_memory_bytes: number;
  credits: number;
  ended_at: string;
};
type WireNodeDetail = WireNode & {
  sql: string;
  query_parameters: Record<string, string>;
  inputs: WirePin[];
  columns: Column[];
  receipts: WireReceipt[];
};

export type Column = { name: string; type: string; description?: string };
export type RunPart = {
  state: RunState;
  startedAt?: number;
  endedAt?: number;
  publishedAt?: number;
  movedViews?: number;
  credits: number;
  error?: Failure;
};
export type Run = RunPart & {
  id: string;
  kind: WireRun["kind"];
  title: string;
  queryId?: number;
  dashboardId?: number;
  owner: string;
  trigger: string;
  submittedAt: number;
  counts: Record<NodeState, number>;
  expectedSeconds?: number;
  resumedFrom?: string;
  rolledBackBy?: string;
};
export type Action = "cancel" | "resume" | "rollback";
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
export type EventId = { epoch: number; seq: number };
export type RunDetail = Run & {
  lastEvent: EventId;
  actions: Action[];
  parameters: Record<string, string>;
  moment?: number;
  nodes: RunNode[];
  pins: Pin[];
  moves: { name: string; from?: string; to: string }[];
  /** Events were missed: live state is not to be trusted until the snapshot was loaded again. */
  missed: boolean;
};
export type Receipt = {
  attempt: number;
  tier: Tier;
  cpuSeconds: number;
  bytesScanned: number;
  bytesWritten: number;
  peakMemoryBytes: number;
  credits: number;
  endedAt: number;
};
export type NodeDetail = RunNode & {
  sql: string;
  applied: Record<string, string>;
  inputs: Pin[];
  columns: Column[];
  receipts: Receipt[];
};

/** The fields of `values` that are there: absent stays absent, as on the wire. */
export const present = <T extends Record<string, unknown>>(
  values: T,
): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;

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

const attemptOf = (wire: WireAttempt): Attempt => ({
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

const nodeOf = (wire: WireNode): RunNode => ({
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

export const runPartOf = (wire: WireRunPart): RunPart => ({
  state: wire.state,
  credits: wire.credits,
  ...present({
    startedAt: timeOf(wire.started_at),
    endedAt: timeOf(wire.ended_at),
    publishedAt: timeOf(wire.published_at),
    movedViews: wire.moved_views,
    error: failureOf(wire.error),
  }),
});

export const runOf = (wire: WireRun): Run => ({
  id: wire.pipeline_execution_id,
  kind: wire.kind,
  title: wire.title,
  owner: wire.owner,
  trigger: wire.trigger,
  submittedAt: Date.parse(wire.submitted_at),
  counts: wire.node_counts,
  ...present({
    queryId: wire.query_id,
    dashboardId: wire.dashboard_id,
    expectedSeconds: wire.expected_seconds,
    resumedFrom: wire.resumed_from,
    rolledBackBy: wire.rolled_back_by,
  }),
  ...runPartOf(wire),
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

export const eventIdOf = (text: string): EventId => {
  const [epoch, seq] = text.split("-").map(Number);
  return { epoch: epoch ?? 0, seq: seq ?? 0 };
};

export const actionsOf = (words: readonly string[]): Action[] =>
  words.filter((word): word is Action => word === "cancel" || word === "resume" || word === "rollback");

export const runDetailOf = (wire: WireRunDetail): RunDetail => ({
  ...runOf(wire),
  lastEvent: eventIdOf(wire.last_event_id),
  actions: actionsOf(wire.actions),
  parameters: wire.query_parameters,
  nodes: wire.nodes.map(nodeOf),
  pins: (wire.pins ?? []).map(pinOf),
  moves: wire.moves ?? [],
  missed: false,
  ...present({ moment: wire.moment }),
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
    endedAt: Date.parse(one.ended_at),
  })),
});

const RUNS = "/v1/pipelines/executions";

export type RunFilter = {
  state?: string;
  q?: string;
  since?: string;
  kind?: string;
  queryId?: number;
  limit?: number;
};

export const runsQuery = (filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: ["runs", filter],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const { queryId, ...rest } = filter;
      const wire = await get<{ runs: WireRun[]; next_before?: string }>(
        RUNS,
        { ...rest, query_id: queryId, before: pageParam },
        signal,
      );
      return { runs: wire.runs.map(runOf), next: wire.next_before };
    },
    getNextPageParam: (last) => last.next,
    staleTime: 5_000,
  });

/** The id of the run of the same query before this one, to compare with; null if there is none. */
export const earlierRunQuery = (id: string, queryId: number | undefined) =>
  queryOptions({
    queryKey: ["run", id, "earlier"],
    queryFn: async ({ signal }) => {
      const wire = await get<{ runs: WireRun[] }>(RUNS, { query_id: queryId, before: id, limit: 1 }, signal);
      return wire.runs[0]?.pipeline_execution_id ?? null;
    },
    enabled: queryId !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Runs that wait or execute; asked for every few seconds while the page is visible. */
export const inFlightQuery = queryOptions({
  queryKey: ["runs", "in-flight"],
  queryFn: async ({ signal }) => {
    const wire = await get<{ runs: WireRun[] }>(RUNS, { state: "pending,executing", limit: 50 }, signal);
    return wire.runs.map(runOf);
  },
  staleTime: 2_000,
  refetchInterval: 5_000, // ms
});

export const runKey = (id: string) => ["run", id] as const;

export const loadRun = async (id: string, signal?: AbortSignal, isEarly = false): Promise<RunDetail> => {
  const wire = await request<WireRunDetail>(`${RUNS}/${id}`, { signal, isSignIn: isEarly });
  setServerTime(Date.parse(wire.at));
  return runDetailOf(wire);
};

/** Live while it goes on (see events.ts); a finished run never changes. */
export const runQuery = (id: string) =>
  queryOptions({
    queryKey: runKey(id),
    queryFn: ({ signal }) => loadRun(id, signal),
    // Of a live run the stream goes on from any snapshot, so one that was asked for early is new enough.
    staleTime: ({ state: { data } }) => (data && isFinal(data.state) ? Number.POSITIVE_INFINITY : 5_000),
    refetchOnWindowFocus: false,
    // Each frame of events makes a new run that shares with the old what did not change.
    structuralSharing: false,
  });

/** The same, asked for before it is known whether there is a session: a refusal is left to the session's own. */
export const earlyRunQuery = (id: string) =>
  queryOptions({
    ...runQuery(id),
    queryFn: ({ signal }) => loadRun(id, signal, true),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** `state` is part of the key: what a node has to say changes with it. */
export const nodeQuery = (runId: string, nodeId: number, state: NodeState) =>
  queryOptions({
    queryKey: ["run", runId, "node", nodeId, state],
    queryFn: async ({ signal }) =>
      nodeDetailOf(await get<WireNodeDetail>(`${RUNS}/${runId}/nodes/${nodeId}`, undefined, signal)),
    staleTime: isFinal(state) ? Number.POSITIVE_INFINITY : 5_000,
  });

export const cancelRun = (id: string) => post<{ success: boolean }>(`${RUNS}/${id}/cancel`);
export const resumeRun = (id: string, idempotencyKey: string) =>
  post<{ pipeline_execution_id: string }>(`${RUNS}/${id}/resume`, {}, { idempotencyKey }).then(
    (wire) => wire.pipeline_execution_id,
  );
export const rollBackRun = (id: string, idempotencyKey: string) =>
  post<{ pipeline_execution_id: string }>(`${RUNS}/${id}/rollback`, {}, { idempotencyKey }).then(
    (wire) => wire.pipeline_execution_id,
  );

type WireSide = {
  id: number;
  state: WireLive["state"];
  query_version: number;
  tier: Tier;
  seconds?: number;
  credits: number;
  row_count?: number;
};
export type Side = {
  id: number;
  state: NodeState;
  queryVersion: number;
  tier: Tier;
  seconds?: number;
  credits: number;
  rowCount?: number;
};
export type Compared = {
  left: Run;
  right: Run;
  nodes: { title: string; kind: string; differs: string[]; left?: Side; right?: Side }[];
};

const sideOf = (wire: WireSide | undefined): Side | undefined =>
  wire && {
    id: wire.id,
    state: wire.state,
    queryVersion: wire.query_version,
    tier: wire.tier,
    credits: wire.credits,
    ...present({ seconds: wire.seconds, rowCount: wire.row_count }),
  };

type WireCompared = {
  left: WireRun;
  right: WireRun;
  nodes: { title: string; kind: string; differs: string[]; left?: WireSide; right?: WireSide }[];
};

export const comparedOf = (wire: WireCompared): Compared => ({
  left: runOf(wire.left),
  right: runOf(wire.right),
  nodes: wire.nodes.map((node) => ({
    title: node.title,
    kind: node.kind,
    differs: node.differs,
    ...present({ left: sideOf(node.left), right: sideOf(node.right) }),
  })),
});

export const compareQuery = (left: string, right: string) =>
  queryOptions({
    queryKey: ["run", left, "compare", right],
    queryFn: async ({ signal }) =>
      comparedOf(await get<WireCompared>(`${RUNS}/${left}/compare`, { with: right }, signal)),
    staleTime: 30_000,
  });
