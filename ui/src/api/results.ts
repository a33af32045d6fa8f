/** One execution: its status while it runs, its rows by pages, its downloads. */

import { queryOptions } from "@tanstack/react-query";
import type { Failure } from "../graph/model";
import { timeOf } from "./clock";
import { get, isTransient, pathWith, post, request } from "./http";
import { needsLossless } from "./json";
import { failureOf } from "./nodes";
import { present, type Wire } from "./wire";

export type ExecutionState = "pending" | "executing" | "completed" | "failed" | "cancelled" | "expired";

/** A server that knows how far a statement is says so. */
type WireStatus = Wire<"ExecutionStatus"> & { progress?: number };

export type Execution = {
  id: string;
  queryId: number;
  state: ExecutionState;
  submittedAt: number;
  startedAt?: number;
  endedAt?: number;
  expiresAt?: number;
  credits?: number;
  queuePosition?: number;
  error?: Failure;
  runId?: string;
  progress?: number;
  columns: { name: string; type: string }[];
  rowCount: number;
};

const columnsOf = (metadata: Wire<"ResultMetadata"> | undefined) =>
  (metadata?.column_names ?? []).map((name, index) => ({
    name,
    type: metadata?.column_types[index] ?? "varchar",
  }));

export const executionOf = (wire: WireStatus): Execution => {
  const error = wire.error && {
    type: wire.error.type,
    message: wire.error.message,
    ...present({ line: wire.error.metadata?.line, column: wire.error.metadata?.column }),
  };
  return {
    id: wire.execution_id,
    queryId: wire.query_id,
    state: wire.state.replace("QUERY_STATE_", "").toLowerCase() as ExecutionState,
    submittedAt: Date.parse(wire.submitted_at),
    columns: columnsOf(wire.result_metadata),
    rowCount: wire.result_metadata?.total_row_count ?? 0,
    ...present({
      startedAt: timeOf(wire.execution_started_at),
      endedAt: timeOf(wire.execution_ended_at),
      expiresAt: timeOf(wire.expires_at),
      credits: wire.execution_cost_credits,
      queuePosition: wire.queue_position,
      error: failureOf(error),
      runId: wire.pipeline_execution_id,
      progress: wire.progress,
    }),
  };
};

export const isOver = (state: ExecutionState): boolean => state !== "pending" && state !== "executing";

/**
 * How long until the status is asked for again, in ms; false: it stays as it is. Fast at first, because most
 * statements are short; then once a second. What the server refuses is not asked for again.
 */
export const pollAfter = ({
  data,
  error,
  dataUpdateCount,
}: {
  data: { state: ExecutionState } | undefined;
  error: unknown;
  dataUpdateCount: number;
}): number | false => {
  if (data && isOver(data.state)) return false;
  if (error) return isTransient(error) ? 1_000 : false;
  return Math.min(1_000, 100 * 1.3 ** dataUpdateCount);
};

export const executionQuery = (id: string) =>
  queryOptions({
    queryKey: ["execution", id],
    queryFn: async ({ signal }) =>
      executionOf(await get<WireStatus>(`/v1/execution/${id}/status`, undefined, signal)),
    staleTime: ({ state: { data } }) => (data && isOver(data.state) ? 60_000 : 0),
    refetchInterval: ({ state }) => pollAfter(state),
  });

export const cancelExecution = (id: string) => post<Wire<"Success">>(`/v1/execution/${id}/cancel`);

export type Value = string | number | bigint | boolean | null | Value[] | { [key: string]: Value };
export type Row = Record<string, Value>;
export type Page = { offset: number; rows: Row[]; total: number };
export type Shape = { sort?: string; filter?: string };

type WireResults = Wire<"ExecutionResult"> & { result?: { rows: Row[] } };

/** One page of rows. `types` decide whether whole numbers need the slower, exact parse. */
export const loadPage = async (
  executionId: string,
  at: { offset: number; limit: number },
  shape: Shape,
  types: readonly string[],
  signal?: AbortSignal,
): Promise<Page> => {
  const wire = await request<WireResults>(`/v1/execution/${executionId}/results`, {
    query: { offset: at.offset, limit: at.limit, sort_by: shape.sort, filters: shape.filter },
    lossless: needsLossless(types),
    ...(signal ? { signal } : {}),
  });
  const metadata = wire.result?.metadata;
  const rows = wire.result?.rows ?? [];
  const whole = metadata?.total_row_count ?? 0;
  // Without a count of what fits, the last page says where the rows end.
  const end = wire.next_offset === undefined ? at.offset + rows.length : whole;
  return { offset: at.offset, rows, total: shape.filter ? (metadata?.filtered_row_count ?? end) : whole };
};

/** Rows for a chart: all, or a sample of `most`. */
export const chartRowsQuery = (
  execution: { id: string; rowCount: number; columns: { type: string }[] },
  most: number,
) =>
  queryOptions({
    queryKey: ["execution", execution.id, "chart", most],
    queryFn: async ({ signal }) => {
      const isSampled = execution.rowCount > most;
      const wire = await get<WireResults>(
        `/v1/execution/${execution.id}/results`,
        isSampled ? { sample_count: most } : { limit: most },
        signal,
      );
      return { rows: wire.result?.rows ?? [], isSampled, total: execution.rowCount };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

/** A link that the browser downloads by itself; the rows never pass through the page. */
export const downloadPath = (
  executionId: string,
  format: "csv" | "parquet" | "arrow",
  shape: Shape = {},
): string =>
  pathWith(
    `/v1/execution/${executionId}/results/${format}`,
    format === "csv" ? { sort_by: shape.sort, filters: shape.filter } : {},
  );
