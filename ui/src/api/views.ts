/** Materialized views: freshness, making, changing, refreshing, deleting. */

import { queryOptions } from "@tanstack/react-query";
import type { RunState, Tier } from "../graph/model";
import { timeOf } from "./clock";
import { get, post, request } from "./http";
import { type Schedule, scheduleOf } from "./queries";
import { present, type Wire } from "./wire";

export type Freshness = {
  name: string;
  queryId: number;
  publishedAt?: number;
  isLate: boolean;
  rowCount?: number;
  schedule?: Schedule;
  lastRun?: { id: string; state: RunState };
};
export const freshnessQuery = queryOptions({
  queryKey: ["freshness"],
  queryFn: async ({ signal }) => {
    const wire = await get<Wire<"Fresh">>("/v1/freshness", undefined, signal);
    return wire.views.map(
      (one): Freshness => ({
        name: one.name,
        queryId: one.query_id,
        isLate: one.late,
        ...present({
          publishedAt: timeOf(one.published_at),
          rowCount: one.row_count,
          schedule: scheduleOf(one.schedule),
          lastRun: one.last_run && { id: one.last_run.pipeline_execution_id, state: one.last_run.state },
        }),
      }),
    );
  },
  staleTime: 5_000,
});

export type ViewDraft = { name: string; queryId: number; isPrivate: boolean; tier: Tier; cron: string };

/** Makes the view or changes it; either way it is computed anew. Invalidates: query, freshness, catalog. */
export const saveView = (draft: ViewDraft, idempotencyKey: string) =>
  post<Wire<"Upserted">>(
    "/v1/materialized-views",
    {
      name: draft.name,
      query_id: draft.queryId,
      is_private: draft.isPrivate,
      performance: draft.tier,
      ...(draft.cron ? { cron_expression: draft.cron } : {}),
    },
    { idempotencyKey },
  ).then((wire) => ({ name: wire.name, executionId: wire.execution_id }));

export const refreshView = (name: string, idempotencyKey: string) =>
  post<Wire<"Refreshed">>(
    `/v1/materialized-views/${encodeURIComponent(name)}/refresh`,
    {},
    { idempotencyKey },
  ).then((wire) => ({ executionId: wire.execution_id, runId: wire.pipeline_execution_id }));

export const deleteView = (name: string) =>
  request<Wire<"Message">>(`/v1/materialized-views/${encodeURIComponent(name)}`, { method: "DELETE" });
