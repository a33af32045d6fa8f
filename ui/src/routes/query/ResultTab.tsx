import { Braces, Download, Filter } from "lucide-react";
import { useCallback, useDeferredValue, useMemo, useState } from "react";
import { downloadPath, type Execution, loadPage } from "../../api/results";
import { Button } from "../../components/Button";
import { CopyButton } from "../../components/CopyButton";
import { SearchField } from "../../components/Field";
import { whole } from "../../components/format";
import { Menu } from "../../components/Menu";
import { Empty } from "../../components/Panel";
import { cellOf, jsonOf, tsvOf } from "../../grid/cell";
import { filterByValue, readSort, sortClause } from "../../grid/filter";
import { Grid, type GridColumn } from "../../grid/Grid";
import { searchOf } from "../../grid/search";
import style from "./Query.module.css";

type Looked = { row: number; column: GridColumn; value: unknown };

const MOST_COPIED = 10_000;

/** The rows: sorted and filtered by the server, copied and downloaded whole. */
export const ResultTab = ({
  execution,
  sort,
  filter,
  row,
  onShape,
}: {
  execution: Execution;
  sort: string | undefined;
  filter: string | undefined;
  row: number | undefined;
  onShape: (shape: {
    sort?: string | undefined;
    filter?: string | undefined;
    row?: number | undefined;
  }) => void;
}) => {
  const { columns } = execution;
  const typed = filter ?? "";
  const asked = useDeferredValue(typed);
  const sorted = readSort(sort);
  const search = useMemo(() => searchOf(asked, columns), [asked, columns]);
  const shape = useMemo(
    () => ({ ...(sorted && sort ? { sort } : {}), ...(search ? { filter: search.filter } : {}) }),
    [search, sort, sorted],
  );
  const types = useMemo(() => columns.map((column) => column.type), [columns]);
  const load = useCallback(
    (at: { offset: number; limit: number }, signal: AbortSignal) =>
      loadPage(execution.id, at, shape, types, signal),
    [execution.id, shape, types],
  );
  const [total, setTotal] = useState(execution.rowCount);
  const [looked, setLooked] = useState<Looked>();
  const onSort = (column: string) => {
    const next =
      sorted?.column !== column
        ? sortClause(column, false)
        : sorted.isDown
          ? undefined
          : sortClause(column, true);
    onShape({ sort: next, row: undefined });
  };
  const copyAll = async () => {
    const { rows } = await loadPage(execution.id, { offset: 0, limit: MOST_COPIED }, shape, types);
    await navigator.clipboard?.writeText(
      tsvOf([
        columns.map((column) => column.name),
        ...rows.map((one) => columns.map((column) => one[column.name])),
      ]),
    );
  };
  return (
    <>
      <div className={style.tools}>
        <SearchField
          label="Filter rows on the server"
          placeholder="text, or an expression: amount > 5 AND symbol = 'ETH'"
          value={typed}
          onChange={(text) => onShape({ filter: text || undefined, row: undefined })}
          isPageFilter
        />
        {shape.filter && (
          <span className="muted figures">
            {whole(total)} of {whole(execution.rowCount)}
            {search?.note && ` · ${search.note}`}
          </span>
        )}
        <Button
          small
          onClick={() => void copyAll()}
          title={`The first ${whole(MOST_COPIED)} rows, as text with tabs`}
        >
          Copy
        </Button>
        <Menu
          label="Download"
          trigger={
            <Button small icon={<Download aria-hidden />}>
              Download
            </Button>
          }
          actions={[
            { label: "CSV", href: downloadPath(execution.id, "csv", shape), download: true },
            { label: "Parquet, all rows", href: downloadPath(execution.id, "parquet"), download: true },
            { label: "Arrow, all rows", href: downloadPath(execution.id, "arrow"), download: true },
          ]}
        />
      </div>
      <Grid
        label="Result"
        columns={columns}
        load={load}
        loadKey={`${execution.id}|${shape.sort ?? ""}|${shape.filter ?? ""}`}
        rowCount={execution.rowCount}
        sort={sorted}
        onSort={onSort}
        onTotal={setTotal}
        onCell={setLooked}
        widthsName={execution.queryId > 0 ? `query.${execution.queryId}` : undefined}
        startRow={row ?? 0}
        empty={
          search ? (
            <Empty
              title={search.none.title}
              actions={
                <Button small onClick={() => onShape({ filter: undefined, row: undefined })}>
                  Show all rows
                </Button>
              }
            >
              {search.none.more}
            </Empty>
          ) : (
            <Empty title="No rows">The statement was done, and gave none.</Empty>
          )
        }
      />
      {looked && <CellPart looked={looked} onFilter={(text) => onShape({ filter: text, row: undefined })} />}
    </>
  );
};

const CellPart = ({ looked, onFilter }: { looked: Looked; onFilter: (filter: string) => void }) => {
  const { column, value } = looked;
  const shown = cellOf(value, column.type);
  const full = shown.full ?? (typeof value === "string" ? value : shown.text);
  return (
    <section aria-label="The cell">
      <div className={style.tools}>
        <span>
          <b>{column.name}</b> <span className="muted">{column.type}</span>{" "}
          <span className="muted figures">row {whole(looked.row + 1)}</span>
          {shown.look === "json" && <Braces aria-hidden width={13} height={13} />}
        </span>
        {typeof value !== "object" || value === null ? (
          <Button small icon={<Filter aria-hidden />} onClick={() => onFilter(filterByValue(column, value))}>
            Only these rows
          </Button>
        ) : null}
        <CopyButton text={typeof value === "object" && value !== null ? jsonOf(value) : full} />
      </div>
      {(shown.full || shown.look === "json") && <pre className={style.cell}>{full}</pre>}
    </section>
  );
};
