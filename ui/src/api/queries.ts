/** Saved queries, their versions and what was executed of them. */

import { queryOptions } from "@tanstack/react-query";
import type { Failure, Tier } from "../graph/model";
import { timeOf } from "./clock";
import { get, post, request } from "./http";
import { failureOf } from "./nodes";
import { isSameValue, type Parameter, parameterOf, parameterToWire } from "./parameters";
import { present, type Wire } from "./wire";

export type Schedule = { cron: string; tier: Tier; nextAt?: number; expiresAt?: number };
export const scheduleOf = (wire: Wire<"ViewSchedule"> | undefined): Schedule | undefined =>
  wire && {
    cron: wire.cron_expression,
    tier: wire.performance,
    ...present({ nextAt: timeOf(wire.next_execution_time), expiresAt: timeOf(wire.expires_at) }),
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

export const queryOf = (wire: Wire<"QueryShown">): SavedQuery => ({
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
    queryFn: async ({ signal }) =>
      queryOf(await get<Wire<"QueryShown">>(`/v1/query/${id}`, undefined, signal)),
    staleTime: 5_000,
  });

export type ListedQuery = {
  id: number;
  name: string;
  /** What a change of it is based on. */
  version: number;
  description: string;
  owner: string;
  tags: string[];
  updatedAt: number;
  isPrivate: boolean;
  view?: string;
};
/** `starred`: also those of other owners. */
export const queriesQuery = (filter: {
  q?: string;
  archived?: boolean;
  starred?: boolean;
  limit?: number;
  offset?: number;
}) =>
  queryOptions({
    queryKey: ["queries", filter],
    queryFn: async ({ signal }) => {
      const wire = await get<Wire<"QueryList">>("/v1/queries", { limit: 100, ...filter }, signal);
      const queries = wire.queries.map(
        (one): ListedQuery => ({
          id: one.id,
          name: one.name,
          version: one.version,
          description: one.description,
          owner: one.owner,
          tags: one.tags,
          updatedAt: Date.parse(one.updated_at),
          isPrivate: one.is_private,
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
  post<Wire<"QueryId">>("/v1/query", draftToWire(draft)).then((wire) => wire.query_id);

/** Refused with 409 if the query is no longer at `baseVersion`. Invalidates: query, queries, versions. */
export const updateQuery = (id: number, draft: Partial<Draft>, baseVersion: number) =>
  request<Wire<"QueryId">>(`/v1/query/${id}`, {
    method: "PATCH",
    body: { ...draftToWire(draft), base_version: baseVersion },
  });

export const archiveQuery = (id: number, isArchived: boolean) =>
  post<Wire<"QueryId">>(`/v1/query/${id}/${isArchived ? "archive" : "unarchive"}`);

export type Version = { version: number; name: string; createdAt: number };

export const versionsQuery = (id: number) =>
  queryOptions({
    queryKey: ["query", id, "versions"],
    queryFn: async ({ signal }) => {
      const wire = await get<Wire<"VersionList">>(`/v1/query/${id}/versions`, { limit: 200 }, signal);
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
      const wire = await get<Wire<"VersionShown">>(`/v1/query/${id}/versions/${version}`, undefined, signal);
      return { version, name: wire.name, sql: wire.query_sql, parameters: wire.parameters.map(parameterOf) };
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

export type PastExecution = {
  id: string;
  runId: string;
  kind: Wire<"ExecutionEntry">["kind"];
  trigger: Wire<"ExecutionEntry">["trigger"];
  state: Wire<"ExecutionEntry">["state"];
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
export const historyQuery = (id: number) =>
  queryOptions({
    queryKey: ["query", id, "executions"],
    queryFn: async ({ signal }) => {
      const wire = await get<Wire<"ExecutionList">>(`/v1/query/${id}/executions`, { limit: 100 }, signal);
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
          isPublished: one.published,
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
 *
 * `values` are those that count, defaults filled in: a parameter that is left out fits any value.
 */
export const latestOf = (
  history: readonly PastExecution[],
  version: number,
  values: Record<string, string>,
  parameters: readonly Parameter[] = [],
): PastExecution | undefined => {
  const types = new Map(parameters.map((one) => [one.key, one.type]));
  const own = history.filter(
    (one) =>
      one.version === version &&
      Object.entries(values).every(([key, value]) => {
        const ran = one.parameters[key];
        return ran !== undefined && isSameValue(types.get(key), ran, value);
      }),
  );
  return own.find((one) => one.isPublished && one.state === "completed") ?? own[0];
};
