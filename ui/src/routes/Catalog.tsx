/** What exists, how big, how fresh, who uses it. A file dropped anywhere on the page is an upload. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Upload as UploadIcon } from "lucide-react";
import { type DragEvent, useRef, useState } from "react";
import { catalogQuery, type Table } from "../api/catalog";
import { Button } from "../components/Button";
import { DataTable } from "../components/DataTable";
import { SearchField, SelectField } from "../components/Field";
import { bytes, short } from "../components/format";
import { Empty, Skeleton } from "../components/Panel";
import { NotLoaded } from "../components/Problem";
import { Split } from "../components/Split";
import { Ago } from "../components/Time";
import { useActions } from "../shell/keys";
import { usePage } from "../shell/page";
import style from "./catalog/Catalog.module.css";
import { TablePart } from "./catalog/TablePart";
import { Upload } from "./catalog/Upload";
import page from "./Page.module.css";
import { type catalogSearch, KINDS } from "./search";

type Search = ReturnType<typeof catalogSearch>;

export const CatalogPage = () => <Catalog name={undefined} />;
export const TablePage = () => <Catalog name={useParams({ from: "/inside/catalog/$name" }).name} />;

const Catalog = ({ name }: { name: string | undefined }) => {
  usePage(name ?? "Catalog", [
    { label: "Catalog", ...(name ? { to: "/catalog" } : {}) },
    ...(name ? [{ label: name }] : []),
  ]);
  const search = useSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const list = useQuery(
    catalogQuery({ ...(search.q ? { q: search.q } : {}), ...(search.kind ? { kind: search.kind } : {}) }),
  );
  const [file, setFile] = useState<File>();
  const [isOver, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const set = (part: Partial<Search>) =>
    void navigate({
      to: ".",
      search: ((before: Search) => ({ ...before, ...part })) as never,
      replace: true,
    });
  const close = () => void navigate({ to: "/catalog", search: search as never });
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const [dropped] = event.dataTransfer.files;
    if (dropped) setFile(dropped);
  };
  useActions([
    { id: "upload", label: "Upload a file", run: () => picker.current?.click() },
    { id: "close-table", label: "Close the table", keys: "Escape", disabled: !name, run: close },
  ]);

  const table = (
    <div className={style.list}>
      {list.isPending ? (
        <Skeleton lines={10} />
      ) : list.error && !list.data ? (
        <NotLoaded query={list} title="The catalog could not be loaded" />
      ) : list.data.tables.length === 0 ? (
        <Empty
          title={search.q || search.kind ? "Nothing fits" : "The catalog is empty"}
          actions={<Button onClick={() => picker.current?.click()}>Upload a file</Button>}
        >
          {search.q || search.kind
            ? "No table or column matches."
            : "Drop a CSV, NDJSON or Parquet file here, make a view from a query, or let an operator mount sources in the settings file."}
        </Empty>
      ) : (
        <DataTable<Table>
          label="Tables"
          rows={list.data.tables}
          rowKey={(one) => one.name}
          selected={name}
          onOpen={(one) =>
            void navigate({ to: "/catalog/$name", params: { name: one.name }, search: search as never })
          }
          columns={[
            {
              key: "name",
              title: "Table",
              cell: (one) => (
                <>
                  <span className="mono">{one.name}</span>
                  {one.matchedColumns.length > 0 && (
                    <span className="muted"> column {one.matchedColumns.slice(0, 3).join(", ")}</span>
                  )}
                </>
              ),
            },
            { key: "kind", title: "Kind", cell: (one) => one.kind },
            { key: "columns", title: "Columns", right: true, wide: true, cell: (one) => one.columnCount },
            {
              key: "rows",
              title: "Rows",
              right: true,
              cell: (one) => (one.rowCount === undefined ? "" : short(one.rowCount)),
            },
            {
              key: "size",
              title: "Size",
              right: true,
              wide: true,
              cell: (one) => (one.sizeBytes === undefined ? "" : bytes(one.sizeBytes)),
            },
            {
              key: "changed",
              title: "Changed",
              right: true,
              cell: (one) =>
                one.error ? (
                  <span className={page.error}>cannot be read</span>
                ) : one.updatedAt === undefined ? (
                  ""
                ) : (
                  <Ago at={one.updatedAt} bare />
                ),
            },
          ]}
        />
      )}
    </div>
  );
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is the mouse's other way; the button does the same
    <div
      className={style.page}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      }}
      onDrop={drop}
    >
      <header className={page.head}>
        <h1>Catalog</h1>
        <div className={page.filter}>
          <SearchField
            label="Search tables and columns"
            value={search.q ?? ""}
            onChange={(q) => set({ q: q || undefined })}
            isPageFilter
          />
        </div>
        <SelectField
          label="Kind"
          hideLabel
          value={search.kind ?? ""}
          options={[
            { value: "", label: "all kinds" },
            ...KINDS.map((kind) => ({ value: kind, label: `${kind}s` })),
          ]}
          onChange={(kind) => set({ kind: KINDS.find((one) => one === kind) })}
          small
        />
        <span className={page.grow} />
        <Button icon={<UploadIcon aria-hidden />} onClick={() => picker.current?.click()}>
          Upload
        </Button>
        <input
          ref={picker}
          type="file"
          accept=".csv,.ndjson,.jsonl,.parquet"
          aria-label="File to upload"
          hidden
          onChange={(event) => {
            setFile(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
      </header>
      {name ? (
        <Split name="catalog" side="right" initial={560} least={320} label="Width of the detail">
          {table}
          <TablePart
            key={name}
            name={name}
            tab={search.tab ?? "columns"}
            onTab={(tab) => set({ tab })}
            onClose={close}
          />
        </Split>
      ) : (
        table
      )}
      {isOver && <div className={style.drop}>Drop a CSV, NDJSON or Parquet file</div>}
      {file && (
        <Upload key={`${file.name}${file.lastModified}`} file={file} onClose={() => setFile(undefined)} />
      )}
    </div>
  );
};
