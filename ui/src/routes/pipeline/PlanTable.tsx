import { Link } from "@tanstack/react-router";
import type { PlannedNode } from "../../api/pipelines";
import { DataTable } from "../../components/DataTable";
import { credits, duration, range, short } from "../../components/format";

/** What a plan says of a node, in its box. */
export const noteOf = (node: PlannedNode): string => {
  const figures = [
    node.estimate?.seconds && range(node.estimate.seconds, duration),
    node.estimate?.credits && `${range(node.estimate.credits, credits)} cr`,
  ].filter(Boolean);
  return [node.decision, ...figures].join(" · ");
};

/** The plan as a table: the twin of the graph. */
export const PlanTable = ({
  nodes,
  selected,
  onOpen,
}: {
  nodes: readonly PlannedNode[];
  selected: number | undefined;
  onOpen: (id: number) => void;
}) => (
  <DataTable<PlannedNode>
    label="What would run"
    rows={nodes}
    rowKey={(node) => String(node.id)}
    selected={selected === undefined ? undefined : String(selected)}
    onOpen={(node) => onOpen(node.id)}
    columns={[
      { key: "order", title: "Step", right: true, cell: (node) => node.order },
      { key: "title", title: "Node", cell: (node) => <b>{node.title}</b> },
      { key: "decision", title: "Decision", cell: (node) => node.decision },
      {
        key: "why",
        title: "Why",
        wide: true,
        fill: true,
        cell: (node) => <span title={node.reason}>{node.reason ?? ""}</span>,
      },
      { key: "tier", title: "Tier", cell: (node) => node.tier },
      {
        key: "reads",
        title: "Reads",
        wide: true,
        cell: (node) =>
          node.inputs.map((input, index) => (
            <span key={input.name}>
              {index > 0 && ", "}
              <Link to="/catalog/$name" params={{ name: input.name }} className="mono">
                {input.name}
              </Link>
            </span>
          )),
      },
      {
        key: "rows",
        title: "Rows",
        right: true,
        cell: (node) => node.estimate?.rows && range(node.estimate.rows, short),
      },
      {
        key: "time",
        title: "Time",
        right: true,
        cell: (node) => node.estimate?.seconds && range(node.estimate.seconds, duration),
      },
      {
        key: "credits",
        title: "Credits",
        right: true,
        cell: (node) => node.estimate?.credits && range(node.estimate.credits, credits),
      },
    ]}
  />
);
