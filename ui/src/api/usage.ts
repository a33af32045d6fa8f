/** Credits: by day, by query, and the receipts behind each day. */

import { queryOptions } from "@tanstack/react-query";
import type { Tier } from "../graph/model";
import { get } from "./http";
import { present, type Wire } from "./wire";

export type Usage = {
  from: string;
  to: string;
  used: number;
  included?: number;
  days: { date: string; credits: number; executions: number }[];
  top: { title: string; queryId: number; credits: number; executions: number }[];
};
export const usageQuery = (period: { from?: string; to?: string }) =>
  queryOptions({
    queryKey: ["usage", period],
    queryFn: async ({ signal }): Promise<Usage> => {
      const wire = await get<Wire<"UsageDays">>("/v1/usage/days", period, signal);
      return {
        from: wire.from,
        to: wire.to,
        used: wire.credits_used,
        days: wire.days,
        top: wire.top.map(({ query_id, ...one }) => ({ ...one, queryId: query_id })),
        ...present({ included: wire.credits_included }),
      };
    },
    staleTime: 5_000,
    placeholderData: (before) => before,
  });

export type DayReceipt = {
  executionId: string;
  runId: string;
  attempt: number;
  title: string;
  queryId: number;
  tier: Tier;
  cpuSeconds: number;
  bytesScanned: number;
  bytesWritten: number;
  credits: number;
  endedAt: number;
};
export const receiptsQuery = (date: string) =>
  queryOptions({
    queryKey: ["usage", "receipts", date],
    queryFn: async ({ signal }) => {
      const wire = await get<Wire<"ReceiptList">>("/v1/usage/receipts", { date, limit: 200 }, signal);
      const receipts = wire.receipts.map(
        (one): DayReceipt => ({
          executionId: one.execution_id,
          runId: one.pipeline_execution_id,
          attempt: one.attempt,
          title: one.title,
          queryId: one.query_id,
          tier: one.tier,
          cpuSeconds: one.cpu_seconds,
          bytesScanned: one.bytes_scanned,
          bytesWritten: one.bytes_written,
          credits: one.credits,
          endedAt: Date.parse(one.ended_at),
        }),
      );
      return { receipts, total: wire.total, credits: wire.credits };
    },
    staleTime: 5_000,
  });
