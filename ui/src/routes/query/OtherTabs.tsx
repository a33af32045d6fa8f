import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lineageQuery } from "../../api/lineage";
import { historyQuery, type PastExecution, versionsQuery } from "../../api/queries";
import { Button } from "../../components/Button";
import { DataTable } from "../../components/DataTable";
import { credits, duration, moment, short } from "../../components/format";
import { Skeleton } from "../../components/Panel";
import { NotLoaded, Problem } from "../../components/Problem";
import { asNodeState, State } from "../../components/State";
import { Ago } from "../../components/Time";
import style from "./Query.module.css";

/** What the query reads, and what reads it. */
export const LineageTab = ({
  id,
  onGoTo,
}: {
  id: number;
  onGoTo: (place: { line: number; column: number }) => void;
}) => {
  const lineage = useQuery(lineageQuery(id));
  if (lineage.isPending) return <Skeleton lines={5} />;
  if (lineage.error) return <NotLoaded query={lineage} title="Lineage could not be loaded" />;
  const { reads, readBy } = lineage.data;
  return (
    <div className={style.lists}>
      <section aria-label="Reads">
        <h3>Reads ({reads.length})</h3>
        {reads.length === 0 && <p className="muted">It reads no table, or its SQL cannot be read.</p>}
        <ul>
          {reads.map((one) => (
            <li key={one.name}>
              {one.kind === "query" && one.queryId !== undefined ? (
                <Link to="/queries/$id" params={{ id: String(one.queryId) }}>
                  {one.name}
                </Link>
              ) : (
                <Link to="/catalog/$name" params={{ name: one.name }} className="mono">
                  {one.name}
                </Link>
              )}
              <span className="muted">
                {one.kind}
                {one.line !== undefined && one.column !== undefined && (
                  <>
                    {" "}
                    <Button
                      small
                      look="plain"
                      onClick={() => onGoTo({ line: one.line as number, column: one.column as number })}
                    >
                      {one.line}:{one.column}
                    </Button>
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
        <p style={{ marginTop: 12 }}>
          <Link to="/pipelines/$queryId" params={{ queryId: String(id) }}>
            See the pipeline →
          </Link>
        </p>
      </section>
      <section aria-label="Read by">
        <h3>Read by ({readBy.length})</h3>
        {readBy.length === 0 && <p className="muted">Nothing that this key may see reads it.</p>}
        <ul>
          {readBy.map((one) => (
            <li key={`${one.kind}${one.title}`}>
              {one.kind === "dashboard" ? (
                <Link to="/dashboards/$id" params={{ id: String(one.dashboardId) }}>
                  {one.title}
                </Link>
              ) : one.name ? (
                <Link to="/catalog/$name" params={{ name: one.name }} className="mono">
                  {one.name}
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
  );
};

/** Every execution of the query, and every version of its text. */
export const HistoryTab = ({
  id,
  current,
  onExecution,
  onVersion,
  onDiff,
}: {
  id: number;
  current: number;
  onExecution: (id: string) => void;
  onVersion: (version: number) => void;
  onDiff: (version: number) => void;
}) => {
  const history = useQuery({ ...historyQuery(id), refetchInterval: 10_000 });
  const versions = useQuery(versionsQuery(id));
  return (
    <div style={{ display: "grid", gridTemplateColumns: "3fr 1fr", minHeight: 0 }}>
      <section aria-label="Executions" style={{ overflow: "auto" }}>
        {history.isPending ? (
          <Skeleton lines={6} />
        ) : history.error ? (
          <Problem
            error={history.error}
            title="History could not be loaded"
            onRetry={() => void history.refetch()}
          />
        ) : history.data.length === 0 ? (
          <p className={style.pad}>It has not been executed yet.</p>
        ) : (
          <DataTable<PastExecution>
            label="Executions"
            rows={history.data}
            rowKey={(one) => one.id}
            onOpen={(one) => onExecution(one.id)}
            columns={[
              {
                key: "state",
                title: "State",
                cell: (one) => <State state={asNodeState(one.state)} word={one.state} />,
              },
              { key: "version", title: "Version", right: true, cell: (one) => `v${one.version}` },
              {
                key: "by",
                title: "By",
                cell: (one) => (
                  <Link to="/runs/$id" params={{ id: one.runId }}>
                    {one.kind}
                  </Link>
                ),
              },
              {
                key: "params",
                title: "Parameters",
                wide: true,
                cell: (one) => (
                  <span className="mono ellipsis">
                    {Object.entries(one.parameters)
                      .map(([key, value]) => `${key}=${value}`)
                      .join(" ")}
                  </span>
                ),
              },
              {
                key: "rows",
                title: "Rows",
                right: true,
                cell: (one) => (one.rowCount === undefined ? "" : short(one.rowCount)),
              },
              {
                key: "time",
                title: "Time",
                right: true,
                cell: (one) =>
                  one.startedAt === undefined || one.endedAt === undefined
                    ? ""
                    : duration((one.endedAt - one.startedAt) / 1000),
              },
              { key: "credits", title: "Credits", right: true, cell: (one) => credits(one.credits) },
              { key: "when", title: "When", right: true, cell: (one) => <Ago at={one.submittedAt} /> },
            ]}
          />
        )}
      </section>
      <section aria-label="Versions" style={{ borderLeft: "1px solid var(--line)", overflow: "auto" }}>
        {versions.data && (
          <DataTable
            label="Versions"
            rows={versions.data}
            rowKey={(one) => String(one.version)}
            columns={[
              {
                key: "version",
                title: "Version",
                cell: (one) => (
                  <Button small look="plain" onClick={() => onVersion(one.version)}>
                    v{one.version}
                  </Button>
                ),
              },
              {
                key: "when",
                title: "Saved",
                cell: (one) => (
                  <span title={moment(one.createdAt)}>
                    <Ago at={one.createdAt} />
                  </span>
                ),
              },
              {
                key: "diff",
                title: "",
                right: true,
                cell: (one) =>
                  one.version !== current && (
                    <Button small look="plain" onClick={() => onDiff(one.version)}>
                      Diff
                    </Button>
                  ),
              },
            ]}
          />
        )}
      </section>
    </div>
  );
};
