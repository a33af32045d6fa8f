/** What a text reads, and what reads it. */

import { queryOptions } from "@tanstack/react-query";
import { get } from "./http";
import { present, type Wire } from "./wire";

export type Read = {
  name: string;
  kind: Wire<"ReadShown">["kind"];
  queryId?: number;
  line?: number;
  column?: number;
};
export type Reader = {
  kind: Wire<"ReaderShown">["kind"];
  title: string;
  queryId?: number;
  name?: string;
  dashboardId?: number;
};

export const readOf = (wire: Wire<"ReadShown">): Read => ({
  name: wire.name,
  kind: wire.kind,
  ...present({ queryId: wire.query_id, line: wire.line, column: wire.column }),
});
export const readerOf = (wire: Wire<"ReaderShown">): Reader => ({
  kind: wire.kind,
  title: wire.title ?? wire.name ?? `query ${wire.query_id ?? ""}`,
  ...present({ queryId: wire.query_id, name: wire.name, dashboardId: wire.dashboard_id }),
});

export const lineageQuery = (id: number) =>
  queryOptions({
    queryKey: ["query", id, "lineage"],
    queryFn: async ({ signal }) => {
      const wire = await get<Wire<"LineageShown">>(`/v1/query/${id}/lineage`, undefined, signal);
      return { reads: wire.reads.map(readOf), readBy: wire.read_by.map(readerOf) };
    },
    staleTime: 5_000,
  });
