import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { compareQuery, type Side } from "../../api/comparison";
import { DataTable } from "../../components/DataTable";
import { credits, duration, moment, short, shortId } from "../../components/format";
import { Skeleton } from "../../components/Panel";
import { Problem } from "../../components/Problem";
import { State } from "../../components/State";
import style from "./Run.module.css";

type Row = { title: string; differs: string[]; left?: Side; right?: Side };

/** A figure beside the same figure of the other run. */
const Delta = ({
  now,
  before,
  as,
}: {
  now: number | undefined;
  before: number | undefined;
  as: (v: number) => string;
}) => {
  if (now === undefined && before === undefined) return null;
  if (now === undefined || before === undefined || now === before)
    return <span>{as((now ?? before) as number)}</span>;
  return (
    <span className={style.delta}>
      {as(now)} <span className="muted">was {as(before)}</span>
    </span>
  );
};

/** This run beside another: rows, time and credits a node, differences first. */
export const Compare = ({ left, right }: { left: string; right: string }) => {
  const query = useQuery(compareQuery(left, right));
  if (query.isPending) return <Skeleton lines={8} />;
  if (query.error)
    return (
      <div className={style.pad}>
        <Problem
          error={query.error}
          title="The runs could not be compared"
          onRetry={() => void query.refetch()}
        />
      </div>
    );
  const { data } = query;
  const different = data.nodes.filter((node) => node.differs.length > 0).length;
  return (
    <>
      <p className={style.said}>
        This run beside{" "}
        <Link to="/runs/$id" params={{ id: right }}>
          {shortId(right)}
        </Link>{" "}
        of {moment(data.right.submittedAt)}: {different} of {data.nodes.length} nodes differ. The other run's
        figures are grey.
      </p>
      <DataTable<Row>
        label="Nodes of both runs"
        rows={data.nodes}
        rowKey={(node) => `${node.title}-${node.left?.id}-${node.right?.id}`}
        columns={[
          { key: "title", title: "Node", cell: (node) => <b>{node.title}</b> },
          {
            key: "state",
            title: "State",
            cell: ({ left: mine, right: other }) => (
              <>
                {mine ? <State state={mine.state} /> : <span className="muted">not in this run</span>}{" "}
                {!other ? (
                  <span className="muted">new</span>
                ) : (
                  mine && mine.state !== other.state && <span className="muted">was {other.state}</span>
                )}
              </>
            ),
          },
          {
            key: "rows",
            title: "Rows",
            right: true,
            cell: (node) => <Delta now={node.left?.rowCount} before={node.right?.rowCount} as={short} />,
          },
          {
            key: "time",
            title: "Time",
            right: true,
            cell: (node) => <Delta now={node.left?.seconds} before={node.right?.seconds} as={duration} />,
          },
          {
            key: "credits",
            title: "Credits",
            right: true,
            cell: (node) => <Delta now={node.left?.credits} before={node.right?.credits} as={credits} />,
          },
          {
            key: "version",
            title: "Version",
            right: true,
            cell: (node) => (
              <Delta
                now={node.left?.queryVersion}
                before={node.right?.queryVersion}
                as={(version) => `v${version}`}
              />
            ),
          },
        ]}
      />
    </>
  );
};
