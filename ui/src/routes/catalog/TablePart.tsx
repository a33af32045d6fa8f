import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useMemo, useState } from "react";
import { deleteUpload, type Move, movesQuery, sampleQuery, tableQuery } from "../../api/catalog";
import type { Column } from "../../api/nodes";
import { IconButton } from "../../components/Button";
import { CopyButton } from "../../components/CopyButton";
import { CrashBoundary } from "../../components/CrashBoundary";
import { DataTable } from "../../components/DataTable";
import { Confirm } from "../../components/Dialog";
import { bytes, moment, rowsOf, short, shortId, whole } from "../../components/format";
import { Menu } from "../../components/Menu";
import { Skeleton, Tabs } from "../../components/Panel";
import { NotLoaded, Problem } from "../../components/Problem";
import { Ago, In } from "../../components/Time";
import { Grid } from "../../grid/Grid";
import query from "../query/Query.module.css";
import type { TABLE_TABS } from "../search";
import style from "./Catalog.module.css";

export type TableTab = (typeof TABLE_TABS)[number];

/** One table: how big, how fresh, what it is made of, who uses it. */
export const TablePart = ({
  name,
  tab,
  onTab,
  onClose,
}: {
  name: string;
  tab: TableTab;
  onTab: (tab: TableTab) => void;
  onClose: () => void;
}) => {
  const table = useQuery(tableQuery(name));
  const client = useQueryClient();
  const navigate = useNavigate();
  const [isDeleting, setDeleting] = useState(false);
  if (table.isPending) return <Skeleton lines={8} />;
  if (table.error) return <NotLoaded query={table} title={`${name} could not be loaded`} />;
  const { data } = table;
  const tabs = [
    { value: "columns" as const, label: `Columns ${data.columns.length}` },
    { value: "sample" as const, label: "Sample" },
    { value: "lineage" as const, label: `Lineage (up ${data.reads.length}, down ${data.readBy.length})` },
    ...(data.kind === "source" ? [] : [{ value: "history" as const, label: "History" }]),
  ];
  return (
    <section className={style.detail} aria-label={name}>
      <header>
        <h2>{name}</h2>
        <span style={{ flex: 1 }} />
        <CopyButton text={`select * from ${name} limit 10`} label="Copy select" />
        {data.kind === "upload" && (
          <Menu actions={[{ label: "Delete table", danger: true, onSelect: () => setDeleting(true) }]} />
        )}
        <IconButton label="Close (Esc)" onClick={onClose}>
          <X aria-hidden />
        </IconButton>
      </header>
      <p className={`${style.facts} figures`}>
        <span>
          {data.kind}
          {data.queryId !== undefined && (
            <>
              {" of "}
              <Link to="/queries/$id" params={{ id: String(data.queryId) }}>
                query {data.queryId}
              </Link>
            </>
          )}
        </span>
        {data.rowCount !== undefined && <span>{rowsOf(data.rowCount)}</span>}
        {data.sizeBytes !== undefined && <span>{bytes(data.sizeBytes)}</span>}
        {data.updatedAt !== undefined ? (
          <span>
            changed <Ago at={data.updatedAt} />
          </span>
        ) : (
          data.kind === "view" && <span>never published</span>
        )}
        {data.schedule?.nextAt !== undefined && (
          <span>
            next refresh <In at={data.schedule.nextAt} />
          </span>
        )}
        {data.runId && (
          <Link to="/runs/$id" params={{ id: data.runId }}>
            run {shortId(data.runId)}
          </Link>
        )}
        {data.isPrivate && <span>private</span>}
      </p>
      {data.description && <p className={style.facts}>{data.description}</p>}
      {data.error && (
        <div className={query.pad}>
          <Problem error={new Error(data.error)} title="Its files cannot be read" />
        </div>
      )}
      <Tabs id="table" label="About this table" value={tab} tabs={tabs} onChange={onTab} />
      <div className={style.tab} id="table-panel" role="tabpanel" aria-labelledby={`table-${tab}`}>
        <CrashBoundary region="This part" resetKey={`${name}${tab}`}>
          {tab === "columns" ? (
            <DataTable<Column>
              label="Columns"
              rows={data.columns}
              rowKey={(column) => column.name}
              columns={[
                {
                  key: "name",
                  title: "Column",
                  cell: (column) => <span className="mono">{column.name}</span>,
                },
                {
                  key: "type",
                  title: "Type",
                  cell: (column) => <span className="mono muted">{column.type}</span>,
                },
                { key: "about", title: "Description", cell: (column) => column.description ?? "" },
              ]}
            />
          ) : tab === "sample" ? (
            <Sample name={name} />
          ) : tab === "lineage" ? (
            <div className={query.lists}>
              <section aria-label="Reads">
                <h3>Reads ({data.reads.length})</h3>
                {data.reads.length === 0 && <p className="muted">Nothing: it is where data begins.</p>}
                <ul>
                  {data.reads.map((one) => (
                    <li key={one.name}>
                      <Link to="/catalog/$name" params={{ name: one.name }} className="mono">
                        {one.name}
                      </Link>
                      <span className="muted">{one.kind}</span>
                    </li>
                  ))}
                </ul>
              </section>
              <section aria-label="Read by">
                <h3>Read by ({data.readBy.length})</h3>
                {data.readBy.length === 0 && <p className="muted">Nothing that this key may see.</p>}
                <ul>
                  {data.readBy.map((one) => (
                    <li key={`${one.kind}${one.title}`}>
                      {one.name ? (
                        <Link to="/catalog/$name" params={{ name: one.name }} className="mono">
                          {one.name}
                        </Link>
                      ) : one.kind === "dashboard" ? (
                        <Link to="/dashboards/$id" params={{ id: String(one.dashboardId) }}>
                          {one.title}
                        </Link>
                      ) : (
                        <Link to="/queries/$id" params={{ id: String(one.queryId) }}>
                          {one.title}
                        </Link>
                      )}
                      <span className="muted">{one.kind}</span>
                    </li>
                  ))}
                </ul>
              </section>
            </div>
          ) : (
            <History name={name} />
          )}
        </CrashBoundary>
      </div>
      <Confirm
        open={isDeleting}
        onClose={() => setDeleting(false)}
        title={`Delete the table ${name}?`}
        consequence={`Its ${data.rowCount === undefined ? "" : `${whole(data.rowCount)} `}rows go. ${data.readBy.length > 0 ? `${data.readBy.map((one) => one.title).join(", ")} will fail until they are changed.` : "Nothing that this key may see reads it."}`}
        verb="Delete table"
        name={name}
        onConfirm={async () => {
          await deleteUpload(name);
          await client.invalidateQueries({ queryKey: ["catalog"] });
          void navigate({ to: "/catalog" });
        }}
      />
    </section>
  );
};

const Sample = ({ name }: { name: string }) => {
  const sample = useQuery(sampleQuery(name));
  const load = useMemo(() => {
    const rows = sample.data?.rows ?? [];
    return async ({ offset, limit }: { offset: number; limit: number }) => ({
      rows: rows.slice(offset, offset + limit),
      total: rows.length,
    });
  }, [sample.data]);
  if (sample.isPending) return <Skeleton lines={6} />;
  if (sample.error) return <NotLoaded query={sample} title="No sample could be had" />;
  return (
    <Grid
      label={`First rows of ${name}`}
      columns={sample.data.columns}
      load={load}
      loadKey={name}
      rowCount={sample.data.rows.length}
    />
  );
};

const History = ({ name }: { name: string }) => {
  const moves = useQuery(movesQuery(name));
  if (moves.isPending) return <Skeleton lines={5} />;
  if (moves.error) return <NotLoaded query={moves} title="History could not be loaded" />;
  if (moves.data.length === 0) return <p className={query.pad}>It has not moved yet.</p>;
  return (
    <DataTable<Move>
      label="History"
      rows={moves.data}
      rowKey={(move) => String(move.moment)}
      columns={[
        {
          key: "at",
          title: "Moved",
          cell: (move) => (
            <span title={moment(move.at)}>
              <Ago at={move.at} />
            </span>
          ),
        },
        { key: "moment", title: "Moment", right: true, cell: (move) => move.moment },
        {
          key: "rows",
          title: "Rows",
          right: true,
          cell: (move) => (move.rowCount === undefined ? "" : short(move.rowCount)),
        },
        {
          key: "size",
          title: "Size",
          right: true,
          cell: (move) => (move.sizeBytes === undefined ? "" : bytes(move.sizeBytes)),
        },
        {
          key: "run",
          title: "By",
          cell: (move) =>
            move.runId ? (
              <Link to="/runs/$id" params={{ id: move.runId }}>
                run {shortId(move.runId)}
              </Link>
            ) : (
              "upload"
            ),
        },
      ]}
    />
  );
};
