/** Text that is checked or run: a statement of no saved query, or a saved query with values. */

import type { Tier } from "../graph/model";
import { post, request } from "./http";
import { type Read, readOf } from "./lineage";
import type { Column } from "./nodes";
import { type Parameter, parameterToWire, valuesToWire } from "./parameters";
import type { Wire } from "./wire";

export type Problem = Wire<"SqlProblem">;
export type Checked = {
  ok: boolean;
  errors: Problem[];
  columns: Column[];
  parameters: string[];
  reads: Read[];
};

export const checkSql = async (
  sql: string,
  parameters: readonly Parameter[],
  values: Record<string, string>,
  signal?: AbortSignal,
): Promise<Checked> => {
  const wire = await request<Wire<"CheckedSql">>("/v1/sql/check", {
    method: "POST",
    body: { sql, parameters: parameters.map(parameterToWire), query_parameters: values },
    ...(signal ? { signal } : {}),
  });
  return { ...wire, reads: wire.reads.map(readOf) };
};

export type Started = { executionId: string; runId: string };
const startedOf = (wire: Wire<"Started">): Started => ({
  executionId: wire.execution_id,
  runId: wire.pipeline_execution_id,
});

export type Ask = {
  values: Record<string, string>;
  parameters: readonly Parameter[];
  tier: Tier;
  idempotencyKey: string;
};

export const executeQuery = (id: number, ask: Ask) =>
  post<Wire<"Started">>(
    `/v1/query/${id}/execute`,
    { query_parameters: valuesToWire(ask.values, ask.parameters), performance: ask.tier },
    { idempotencyKey: ask.idempotencyKey },
  ).then(startedOf);

export const executeSql = (sql: string, ask: Ask) =>
  post<Wire<"Started">>(
    "/v1/sql/execute",
    { sql, query_parameters: valuesToWire(ask.values, ask.parameters), performance: ask.tier },
    { idempotencyKey: ask.idempotencyKey },
  ).then(startedOf);
