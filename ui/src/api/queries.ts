/** Saved queries, their versions and executions, ad-hoc statements, and the check of text. */

import { queryOptions } from "@tanstack/react-query";
import type { Failure, Tier } from "../graph/model";
import { timeOf } from "./clock";
import { get, post, request } from "./http";
import { type Column, failureOf, present, type WireError } from "./runs";

type WireParameter = {
  key: string;
  type: "text" | "number" | "datetime" | "date" | "enum";
  value?: string | string[];
  values?: string[];
  enumOptions?: string[];
  isMultiselect?: boolean;
  isFreeformAllowed?: boolean;
  description?: string;
};
export type Parameter = {
  key: string;
  type: "text" | "number" | "datetime" | "enum";
  value: string;
  options: string[];
  isMultiselect: boolean;
  isFreeform: boolean;
  description: string;
};

export const parameterOf = (wire: WireParameter): Parameter => ({
  key: wire.key,
  type: wire.type === "date" ? "datetime" : wire.type,
  value: Array.isArray(wire.value) ? wire.value.join(",") : (wire.value ?? wire.values?.join(",") ?? ""),
  options: wire.enumOptions ?? [],
  isMultiselect: wire.isMultiselect ?? false,
  isFreeform: wire.isFreeformAllowed ?? false,
  description: wire.description ?? "",
});

export const parameterToWire = (parameter: Parameter): WireParameter => ({
  key: parameter.key,
  type: parameter.type,
  value: parameter.isMultiselect ? parameter.value.split(",").filter(Boolean) : parameter.value,
  ...(parameter.type === "enum" ? { enumOptions: parameter.options } : {}),
  ...(parameter.isMultiselect ? { isMultiselect: true } : {}),
  ...(parameter.isFreeform ? { isFreeformAllowed: true } : {}),
  ...(parameter.description ? { description: parameter.description } : {}),
});

export type Schedule = { cron: string; tier: Tier; nextAt?: number; expiresAt?: number };
export type WireSchedule = {
  cron_expression: string;
  performance: Tier;
  next_execution_time?: string;
  expires_at?: string;
};
export const scheduleOf = (wire: WireSchedule | undefined): Schedule | undefined =>
  wire && {
    cron: wire.cron_expression,
    tier: wire.performance,
    ...present({ nextAt: timeOf(wire.next_execution_time), expiresAt: timeOf(wire.expires_at) }),
  };

type WireQuery = {
  query_id: number;
  name: string;
  description: string;
  tags: string[];
  version: number;
  parameters: WireParameter[];
  query_sql: string;
  is_private: boolean;
  is_archived: boolean;
  owner: string;
  created_at?: string;
  updated_at?: string;
  view?: { name: string; schedule?: WireSchedule };
};
export type SavedQuery = {
  id: number;
  name: string;
  description: string;
  tags: string[];
  version: number;
  parameters: Parameter[];
  sql: string;
  isPrivate: boolean;
  isArchived: boolean;
  owner: string;
  updatedAt?: number;
  view?: { name: string; schedule?: Schedule };
};

export const queryOf = (wire: WireQuery): SavedQuery => ({
  id: wire.query_id,
  name: wire.name,
  description: wire.description,
  tags: wire.tags,
  version: wire.version,
  parameters: wire.parameters.map(parameterOf),
  sql: wire.query_sql,
  isPrivate: wire.is_private,
  isArchived: wire.is_archived,
  owner: wire.owner,
  ...present({
    updatedAt: timeOf(wire.updated_at),
    view: wire.view && { name: wire.view.name, ...present({ schedule: scheduleOf(wire.view.schedule) }) },
  }),
});

export const queryKey = (id: number) => ["query", id] as const;

export const savedQuery = (id: number) =>
  queryOptions({
    queryKey: queryKey(id),
    queryFn: async ({ signal }) => queryOf(await get<WireQuery>(`/v1/query/${id}`, undefined, signal)),
    staleTime: 5_000,
  });

export type ListedQuery = {
  id: number;
  name: string;
  description: string;
  owner: string;
  tags: string[];
  updatedAt: number;
  isPrivate: boolean;
  view?: string;
};
type WireListedQuery = {
  id: number;
  name: string;
  description: string;
  owner: string;
  tags: string[];
  updated_at: string;
  is_private?: boolean;
  view?: string;
};

export const queriesQuery = (filter: { q?: string; archived?: boolean; limit?: number; offset?: number }) =>
  queryOptions({
    queryKey: ["queries", filter],
    queryFn: async ({ signal }) => {
      const wire = await get<{ queries: WireListedQuery[]; total: number }>(
        "/v1/queries",
        { limit: 100, ...filter },
        signal,
      );
      const queries = wire.queries.map(
        (one): ListedQuery => ({
          id: one.id,
          name: one.name,
          description: one.description,
          owner: one.owner,
          tags: one.tags,
          updatedAt: Date.parse(one.updated_at),
          isPrivate: one.is_private ?? false,
          ...present({ view: one.view }),
        }),
      );
      return { queries, total: wire.total };
    },
    staleTime: 5_000,
  });

export type Draft = {
  name: string;
  sql: string;
  description?: string;
  isPrivate?: boolean;
  tags?: string[];
  parameters?: Parameter[];
};

const draftToWire = (draft: Partial<Draft>) =>
  present({
    name: draft.name,
    query_sql: draft.sql,
    description: draft.description,
    is_private: draft.isPrivate,
    tags: draft.tags,
    parameters: draft.parameters?.map(parameterToWire),
  });

/** Invalidates: queries. */
export const createQuery = (draft: Draft) =>
  post<{ query_id: number }>("/v1/query", draftToWire(draft)).then((wire) => wire.query_id);

/** Refused with 409 if the query is no longer at `baseVersion`. Invalidates: query, queries, versions. */
export const updateQuery = (id: number, draft: Partial<Draft>, baseVersion: number) =>
  request<{ query_id: number }>(`/v1/query/${id}`, {
    method: "PATCH",
    body: { ...draftToWire(draft), base_version: baseVersion },
  });

export const archiveQuery = (id: number, isArchived: boolean) =>
  post<{ query_id: number }>(`/v1/query/${id}/${isArchived ? "archive" : "unarchive"}`);

export type Version = { version: number; name: string; createdAt: number };

export const versionsQuery = (id: number) =>
  queryOptions({
    queryKey: ["query", id, "versions"],
    queryFn: async ({ signal }) => {
      const wire = await get<{ versions: { version: number; name: string; created_at: string }[] }>(
        `/v1/query/${id}/versions`,
        { limit: 200 },
        signal,
      );
      return wire.versions.map(
        (one): Version => ({ version: one.version, name: one.name, createdAt: Date.parse(one.created_at) }),
      );
    },
    staleTime: 5_000,
  });

export const versionQuery = (id: number, version: number) =>
  queryOptions({
    queryKey: ["query", id, "version", version],
    queryFn: async ({ signal }) => {
      const wire = await get<{ query_sql: string; parameters: WireParameter[]; name: string }>(
        `/v1/query/${id}/versions/${version}`,
        undefined,
        signal,
      );
      return { version, name: wire.name, sql: wire.query_sql, parameters: wire.parameters.map(parameterOf) };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

export type PastExecution = {
  id: string;
  runId: string;
  kind: string;
  trigger: string;
  state: string;
  version: number;
  tier: Tier;
  parameters: Record<string, string>;
  submittedAt: number;
  startedAt?: number;
  endedAt?: number;
  rowCount?: number;
  credits: number;
  isPublished: boolean;
  error?: Failure;
};
type WirePast = {
  execution_id: string;
  pipeline_execution_id: string;
  kind: string;
  trigger: string;
  state: string;
  query_version: number;
  tier: Tier;
  query_parameters: Record<string, string>;
  submitted_at: string;
  started_at?: string;
  ended_at?: string;
  row_count?: number;
  credits: number;
  published?: boolean;
  error?: WireError;
};

export const historyQuery = (id: number) =>
  queryOptions({
    queryKey: ["query", id, "executions"],
    queryFn: async ({ signal }) => {
      const wire = await get<{ executions: WirePast[] }>(
        `/v1/query/${id}/executions`,
        { limit: 100 },
        signal,
      );
      return wire.executions.map(
        (one): PastExecution => ({
          id: one.execution_id,
          runId: one.pipeline_execution_id,
          kind: one.kind,
          trigger: one.trigger,
          state: one.state,
          version: one.query_version,
          tier: one.tier,
          parameters: one.query_parameters,
          submittedAt: Date.parse(one.submitted_at),
          credits: one.credits,
          isPublished: one.published ?? false,
          ...present({
            startedAt: timeOf(one.started_at),
            endedAt: timeOf(one.ended_at),
            rowCount: one.row_count,
            error: failureOf(one.error),
          }),
        }),
      );
    },
    staleTime: 2_000,
  });

/**
 * The execution whose rows a query's page opens with: the newest published one of this version with these
 * values, else the newest of any state. A query that never ran is no error.
 */
export const latestOf = (
  history: readonly PastExecution[],
  version: number,
  values: Record<string, string>,
): PastExecution | undefined => {
  const own = history.filter(
    (one) =>
      one.version === version &&
      Object.entries(values).every(([key, value]) => one.parameters[key] === value),
  );
  return own.find((one) => one.isPublished && one.state === "completed") ?? own[0];
};

export type Read = { name: string; kind: string; queryId?: number; line?: number; column?: number };
export type Reader = {
  kind: "query" | "view" | "dashboard";
  title: string;
  queryId?: number;
  name?: string;
  dashboardId?: number;
};
export type WireRead = { name: string; kind: string; query_id?: number; line?: number; column?: number };
export type WireReader = {
  kind: "query" | "view" | "dashboard";
  title?: string;
  name?: string;
  query_id?: number;
  dashboard_id?: number;
};
export const readOf = (wire: WireRead): Read => ({
  name: wire.name,
  kind: wire.kind,
  ...present({ queryId: wire.query_id, line: wire.line, column: wire.column }),
});
export const readerOf = (wire: WireReader): Reader => ({
  kind: wire.kind,
  title: wire.title ?? wire.name ?? `query ${wire.query_id ?? ""}`,
  ...present({ queryId: wire.query_id, name: wire.name, dashboardId: wire.dashboard_id }),
});

export const lineageQuery = (id: number) =>
  queryOptions({
    queryKey: ["query", id, "lineage"],
    queryFn: async ({ signal }) => {
      const wire = await get<{ reads: WireRead[]; read_by: WireReader[] }>(
        `/v1/query/${id}/lineage`,
        undefined,
        signal,
      );
      return { reads: wire.reads.map(readOf), readBy: wire.read_by.map(readerOf) };
    },
    staleTime: 5_000,
  });

export type Problem = {
  message: string;
  line?: number;
  column?: number;
  length?: number;
  suggestion?: string;
};
export type Checked = {
  ok: boolean;
  errors: Problem[];
  columns: Column[];
  parameters: string[];
  reads: Read[];
};
type WireChecked = {
  ok: boolean;
  errors: Problem[];
  columns: Column[];
  parameters: string[];
  reads: WireRead[];
};

export const checkSql = async (
  sql: string,
  parameters: readonly Parameter[],
  values: Record<string, string>,
  signal?: AbortSignal,
): Promise<Checked> => {
  const wire = await request<WireChecked>("/v1/sql/check", {
    method: "POST",
    body: { sql, parameters: parameters.map(parameterToWire), query_parameters: values },
    ...(signal ? { signal } : {}),
  });
  return { ...wire, reads: wire.reads.map(readOf) };
};

type WireStarted = { execution_id: string; state: string; pipeline_execution_id?: string };
export type Started = { executionId: string; runId?: string };
const startedOf = (wire: WireStarted): Started => ({
  executionId: wire.execution_id,
  ...present({ runId: wire.pipeline_execution_id }),
});

/** A value of a multi-select parameter goes as a list. */
const valuesToWire = (values: Record<string, string>, parameters: readonly Parameter[]) =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      parameters.find((one) => one.key === key)?.isMultiselect ? value.split(",").filter(Boolean) : value,
    ]),
  );

export type Ask = {
  values: Record<string, string>;
  parameters: readonly Parameter[];
  tier: Tier;
  idempotencyKey: string;
};

export const executeQuery = (id: number, ask: Ask) =>
  post<WireStarted>(
    `/v1/query/${id}/execute`,
    { query_parameters: valuesToWire(ask.values, ask.parameters), performance: ask.tier },
    { idempotencyKey: ask.idempotencyKey },
  ).then(startedOf);

export const executeSql = (sql: string, ask: Ask) =>
  post<WireStarted>(
    "/v1/sql/execute",
    { sql, query_parameters: valuesToWire(ask.values, ask.parameters), performance: ask.tier },
    { idempotencyKey: ask.idempotencyKey },
  ).then(startedOf);
