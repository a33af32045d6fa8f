import { useCallback, useMemo } from "react";
import { type Column, DataTable, type Sort, sorted } from "../../components/DataTable";
import { credits, duration, short } from "../../components/format";
import { State } from "../../components/State";
import { Elapsed } from "../../components/Time";
import { NODE_STATES, type RunNode } from "../../graph/model";

const took = (node: RunNode) =>
  node.startedAt === undefined || node.endedAt === undefined
    ? Number.NaN
    : (node.endedAt - node.startedAt) / 1000;

/** Everything the graph shows, as a table. */
export const NodesTable = ({
  nodes,
  selected,
  onOpen,
  sort,
  onSort,
  titles,
}: {
  nodes: readonly RunNode[];
  selected?: number | undefined;
  onOpen: (id: number) => void;
  sort: Sort | undefined;
  onSort: (sort: Sort) => void;
  /** Of every node of the run; those that are filtered out are read too. */
  titles: ReadonlyMap<number, string>;
}) => {
  const columns = useMemo(() => columnsOf(titles), [titles]);
  const open = useCallback((node: RunNode) => onOpen(node.id), [onOpen]);
  return (
    <DataTable
      label="Nodes of this run"
      columns={columns}
      rows={sorted(nodes, columns, sort)}
      rowKey={(node) => String(node.id)}
      selected={selected === undefined ? undefined : String(selected)}
      onOpen={open}
      sort={sort}
      onSort={onSort}
    />
  );
};

const columnsOf = (titles: ReadonlyMap<number, string>): Column<RunNode>[] => [
  {
    key: "state",
    title: "State",
    by: (node) => NODE_STATES.indexOf(node.state),
    cell: (node) => <State state={node.state} />,
  },
  { key: "title", title: "Node", by: (node) => node.title, cell: (node) => <b>{node.title}</b> },
  { key: "kind", title: "Kind", by: (node) => node.kind, cell: (node) => node.kind, wide: true },
  { key: "tier", title: "Tier", by: (node) => node.tier, cell: (node) => node.tier, wide: true },
  {
    key: "reads",
    title: "Reads",
    wide: true,
    cell: (node) => {
      const read = node.dependencies.map((id) => titles.get(id) ?? String(id));
      return read.length > 3 ? `${read.slice(0, 3).join(", ")} +${read.length - 3}` : read.join(", ");
    },
  },
  {
    key: "rows",
    title: "Rows",
    right: true,
    by: (node) => node.rowCount ?? Number.NaN,
    cell: (node) => (node.rowCount === undefined ? "" : short(node.rowCount)),
  },
  {
    key: "time",
    title: "Time",
    right: true,
    by: took,
    cell: (node) =>
      node.state === "executing" && node.startedAt !== undefined ? (
        <Elapsed since={node.startedAt} />
      ) : Number.isNaN(took(node)) ? (
        ""
      ) : (
        duration(took(node))
      ),
  },
  {
    key: "credits",
    title: "Credits",
    right: true,
    by: (node) => node.credits,
    cell: (node) => credits(node.credits),
  },
  {
    key: "attempts",
    title: "Attempts",
    right: true,
    wide: true,
    by: (node) => node.attempts.length,
    cell: (node) => node.attempts.length || "",
  },
  {
    key: "why",
    title: "Why",
    cell: (node) => (
      <span className="ellipsis" title={node.error?.message ?? node.reason}>
        {node.error?.message ?? node.reason ?? ""}
      </span>
    ),
  },
];
