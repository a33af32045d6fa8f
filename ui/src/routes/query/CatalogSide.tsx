import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { completionQuery, type Table } from "../../api/catalog";
import { SearchField } from "../../components/Field";
import { plural } from "../../components/format";
import { Skeleton } from "../../components/Panel";
import { ProblemLine } from "../../components/Problem";
import { Ago } from "../../components/Time";
import style from "./Query.module.css";

const MOST = 200;

/** `dune.me.result_x` stands under `dune.me`. */
const bySchema = (tables: readonly Table[]): [string, Table[]][] => {
  const found = new Map<string, Table[]>();
  for (const table of tables) {
    const schema = table.name.slice(0, table.name.lastIndexOf("."));
    found.set(schema, [...(found.get(schema) ?? []), table]);
  }
  return [...found];
};

/** Tables and columns beside the editor; pressing one writes its name. */
export const CatalogSide = ({ onInsert }: { onInsert: (text: string) => void }) => {
  const catalog = useQuery(completionQuery);
  const [filter, setFilter] = useState("");
  const found = useMemo(() => {
    const word = filter.toLowerCase();
    return (catalog.data?.tables ?? []).filter(
      (table) =>
        table.name.toLowerCase().includes(word) ||
        (word.length > 1 && table.columns.some((column) => column.name.toLowerCase().includes(word))),
    );
  }, [catalog.data, filter]);
  return (
    <aside className={style.side} aria-label="Catalog">
      <div className={style.sideHead}>
        <SearchField label="Filter tables and columns" value={filter} onChange={setFilter} />
      </div>
      <div className={style.tables}>
        {catalog.isPending && <Skeleton lines={8} />}
        {catalog.error && <ProblemLine error={catalog.error} />}
        {catalog.data && found.length === 0 && <p className={style.pad}>No table fits.</p>}
        {bySchema(found.slice(0, MOST)).map(([schema, tables]) => (
          <section key={schema} aria-label={schema}>
            <h3 className="mono">{schema}</h3>
            {tables.map((table) => (
              <details key={table.name} open={filter.length > 1 && found.length <= 3 ? true : undefined}>
                <summary title={table.name}>
                  <span className="ellipsis">{table.name.slice(schema.length + 1)}</span>
                  <small>
                    {table.rowCount !== undefined && plural(table.rowCount, "row")}
                    {table.kind !== "source" && table.updatedAt !== undefined && (
                      <>
                        {" · "}
                        <Ago at={table.updatedAt} bare />
                      </>
                    )}
                  </small>
                </summary>
                <button type="button" onClick={() => onInsert(table.name)}>
                  <i className="muted">insert the name</i>
                  <small>{table.kind}</small>
                </button>
                {table.columns.map((column) => (
                  <button
                    key={column.name}
                    type="button"
                    title={column.description}
                    onClick={() =>
                      onInsert(/^[a-z_]\w*$/.test(column.name) ? column.name : `"${column.name}"`)
                    }
                  >
                    <span className="ellipsis">{column.name}</span>
                    <small>{column.type}</small>
                  </button>
                ))}
              </details>
            ))}
          </section>
        ))}
        {found.length > MOST && <p className={style.pad}>{found.length - MOST} more; filter to see them.</p>}
      </div>
    </aside>
  );
};
