/** What exists and may be read: sources, uploads and views; functions; and files on their way in. */

import { queryOptions } from "@tanstack/react-query";
import { timeOf } from "./clock";
import { get, post, request, sendFile } from "./http";
import { type Read, type Reader, readerOf, readOf } from "./lineage";
import type { Column } from "./nodes";
import { type Schedule, scheduleOf } from "./queries";
import type { Row } from "./results";
import { present, type Wire } from "./wire";

export type TableKind = Wire<"TableShown">["kind"];
export type Table = {
  name: string;
  kind: TableKind;
  description: string;
  owner?: string;
  queryId?: number;
  columnCount: number;
  rowCount?: number;
  sizeBytes?: number;
  updatedAt?: number;
  isPrivate: boolean;
  columns: Column[];
  matchedColumns: string[];
  error?: string;
};
export type TableDetail = Table & {
  reads: Read[];
  readBy: Reader[];
  schedule?: Schedule;
  runId?: string;
};

export const tableOf = (wire: Wire<"TableShown">): Table => ({
  name: wire.name,
  kind: wire.kind,
  description: wire.description ?? "",
  columnCount: wire.column_count,
  isPrivate: wire.is_private,
  columns: wire.columns ?? [],
  matchedColumns: wire.matched_columns ?? [],
  ...present({
    owner: wire.owner,
    queryId: wire.query_id,
    rowCount: wire.row_count,
    sizeBytes: wire.size_bytes,
    updatedAt: timeOf(wire.updated_at),
    error: wire.error,
  }),
});

export const catalogQuery = (filter: { q?: string; kind?: string }) =>
  queryOptions({
    queryKey: ["catalog", filter],
    queryFn: async ({ signal }) => {
      const wire = await get<Wire<"catalog_TableList">>("/v1/catalog", { ...filter, limit: 500 }, signal);
      return { tables: wire.tables.map(tableOf), total: wire.total };
    },
    staleTime: 5_000,
    placeholderData: (before) => before,
  });

/** Everything with columns, for completion. */
export const completionQuery = queryOptions({
  queryKey: ["catalog", "completion"],
  queryFn: async ({ signal }) => {
    const [tables, functions] = await Promise.all([
      get<Wire<"catalog_TableList">>("/v1/catalog", { columns: true, limit: 1000 }, signal),
      get<Wire<"Functions">>("/v1/functions", undefined, signal),
    ]);
    return { tables: tables.tables.map(tableOf), functions: functions.functions };
  },
  staleTime: 60_000,
});

const pathOf = (name: string) => `/v1/catalog/${encodeURIComponent(name)}`;

export const tableQuery = (name: string) =>
  queryOptions({
    queryKey: ["catalog", "table", name],
    queryFn: async ({ signal }): Promise<TableDetail> => {
      const wire = await get<Wire<"TableDetail">>(pathOf(name), undefined, signal);
      return {
        ...tableOf(wire),
        reads: (wire.reads ?? []).map(readOf),
        readBy: (wire.read_by ?? []).map(readerOf),
        ...present({ schedule: scheduleOf(wire.schedule), runId: wire.pipeline_execution_id }),
      };
    },
    staleTime: 5_000,
  });

export const sampleQuery = (name: string) =>
  queryOptions({
    queryKey: ["catalog", "table", name, "sample"],
    queryFn: async ({ signal }) => {
      const wire = await request<Wire<"Sample"> & { rows: Row[] }>(`${pathOf(name)}/sample`, {
        query: { limit: 50 },
        lossless: true,
        signal,
      });
      const { column_names, column_types } = wire.metadata;
      return {
        rows: wire.rows,
        columns: column_names.map((column, index) => ({
          name: column,
          type: column_types[index] ?? "varchar",
        })),
      };
    },
    staleTime: 30_000,
  });

export type Move = { moment: number; at: number; runId?: string; rowCount?: number; sizeBytes?: number };

export const movesQuery = (name: string) =>
  queryOptions({
    queryKey: ["catalog", "table", name, "history"],
    queryFn: async ({ signal }) => {
      const wire = await get<Wire<"History">>(`${pathOf(name)}/history`, { limit: 50 }, signal);
      return wire.moves.map(
        (one): Move => ({
          moment: one.moment,
          at: Date.parse(one.at),
          ...present({
            runId: one.pipeline_execution_id,
            rowCount: one.row_count,
            sizeBytes: one.size_bytes,
          }),
        }),
      );
    },
    staleTime: 5_000,
  });

export const deleteUpload = (name: string) => {
  const [, namespace, table] = name.split(".");
  return request<Wire<"Message">>(
    `/v1/uploads/${encodeURIComponent(namespace ?? "")}/${encodeURIComponent(table ?? "")}`,
    { method: "DELETE" },
  );
};

export const FORMATS = ["csv", "ndjson", "parquet"] as const;
export type Format = (typeof FORMATS)[number];
export const formatOf = (fileName: string): Format | undefined => {
  const ending = fileName.toLowerCase().split(".").at(-1);
  if (ending === "csv" || ending === "parquet" || ending === "ndjson") return ending;
  return ending === "jsonl" ? "ndjson" : undefined;
};

/** The types that a column of an upload may be given; a Parquet file's own are kept as they are. */
export const UPLOAD_TYPES = [
  "varchar",
  "bigint",
  "integer",
  "double",
  "boolean",
  "timestamp",
  "date",
  "varbinary",
  "uint256",
  "int256",
] as const;

export type Staged = {
  id: string;
  suggestedName: string;
  columns: Column[];
  rows: Row[];
  rowCount: number;
  sizeBytes: number;
};

export const stageFile = async (
  file: File,
  format: Format,
  told: { progress: (share: number) => void; signal: AbortSignal },
): Promise<Staged> => {
  const wire = await sendFile<Wire<"Staged"> & { rows: Row[] }>(
    "/v1/staged-uploads",
    { format, file_name: file.name },
    file,
    told,
  );
  return {
    id: wire.staged_id,
    suggestedName: wire.suggested_name,
    columns: wire.columns,
    rows: wire.rows,
    rowCount: wire.row_count,
    sizeBytes: wire.size_bytes,
  };
};

/** Invalidates: catalog. */
export const commitStaged = (
  id: string,
  table: { name: string; columns: Column[]; isPrivate: boolean; replaces: boolean },
) =>
  post<Wire<"Committed">>(`/v1/staged-uploads/${id}/commit`, {
    table_name: table.name,
    columns: table.columns.map(({ name, type }) => ({ name, type })),
    is_private: table.isPrivate,
    replace: table.replaces,
  }).then((wire) => ({ name: wire.full_name, rowCount: wire.row_count }));

export const dropStaged = (id: string) => request(`/v1/staged-uploads/${id}`, { method: "DELETE" });
