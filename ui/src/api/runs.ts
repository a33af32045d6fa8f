/** Runs: list, detail, cancel and what may follow. Nothing outside api/ sees their snake_case. */

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { type Failure, isFinal, type NodeState, type RunNode, type RunState } from "../graph/model";
import { setServerTime, timeOf } from "./clock";
import { get, post, request } from "./http";
import { failureOf, nodeOf, type Pin, pinOf, type WireError, type WireNode, type WirePin } from "./nodes";
import { present, type Wire } from "./wire";

type Changing = "state" | "started_at" | "ended_at" | "published_at" | "moved_views" | "credits";
export type WireRunPart = Pick<Wire<"RunEntry">, Changing> & { error?: WireError };
/** What is written out beside the document's own is sent by a server that can roll back and check. */
export type WireRun = Omit<Wire<"RunEntry">, "kind" | "error"> & {
  kind: Wire<"RunEntry">["kind"] | "rollback";
  error?: WireError;
  rolled_back_by?: string;
};
export type WireRunDetail = WireRun &
  Omit<Wire<"RunShown">, keyof Wire<"RunEntry"> | "nodes" | "pins"> & { nodes: WireNode[]; pins?: WirePin[] };

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
export type EventId = { epoch: number; seq: number };
export type RunDetail = Run & {
  lastEvent: EventId;
  actions: Action[];
  parameters: Record<string, string>;
  moment?: number;
  nodes: RunNode[];
  pins: Pin[];
  moves: Wire<"runs_MoveShown">[];
  /** Events were missed: live state is not to be trusted until the snapshot was loaded again. */
  missed: boolean;
};

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

export const RUNS = "/v1/pipelines/executions";

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

export const cancelRun = (id: string) => post<Wire<"Success">>(`${RUNS}/${id}/cancel`);
export const resumeRun = (id: string, idempotencyKey: string) =>
  post<Wire<"RunStarted">>(`${RUNS}/${id}/resume`, {}, { idempotencyKey }).then(
    (wire) => wire.pipeline_execution_id,
  );
export const rollBackRun = (id: string, idempotencyKey: string) =>
  post<Wire<"RunStarted">>(`${RUNS}/${id}/rollback`, {}, { idempotencyKey }).then(
    (wire) => wire.pipeline_execution_id,
  );
