import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useCallback } from "react";
import { type NodeDetail, nodeQuery, type Pin } from "../../api/nodes";
import { loadPage } from "../../api/results";
import { IconButton } from "../../components/Button";
import { CrashBoundary } from "../../components/CrashBoundary";
import { DataTable } from "../../components/DataTable";
import {
  bytes,
  credits,
  duration,
  moment,
  plural,
  rowsOf,
  shortId,
  withoutPlace,
} from "../../components/format";
import { Facts, Skeleton, Tabs } from "../../components/Panel";
import { Problem } from "../../components/Problem";
import { State } from "../../components/State";
import { Ago, Elapsed } from "../../components/Time";
import { SqlText } from "../../editor/SqlText";
import { isFinal, type RunNode } from "../../graph/model";
import { Grid } from "../../grid/Grid";
import type { NodeTab } from "../search";
import { useIntoSight } from "../useIntoSight";
import style from "./Run.module.css";

/** What is looked at first: the error of a failed node, the rows of a completed one, else the text. */
export const firstTab = (node: RunNode): NodeTab =>
  node.state === "failed" ? "error" : node.state === "completed" || node.state === "reused" ? "rows" : "sql";

export const NodePanel = ({
  runId,
  node,
  tab = firstTab(node),
  onTab,
  onNode,
  onClose,
}: {
  runId: string;
  node: RunNode;
  tab?: NodeTab | undefined;
  onTab: (tab: NodeTab) => void;
  onNode: (id: number) => void;
  onClose: () => void;
}) => {
  const detail = useQuery(nodeQuery(runId, node.id, node.state));
  const panel = useIntoSight(node.id, "end");
  const hasRows = node.state === "completed" || node.state === "reused";
  const tabs: { value: NodeTab; label: string }[] = [
    ...(node.error ? [{ value: "error" as const, label: "Error" }] : []),
    { value: "sql", label: "SQL" },
    ...(hasRows ? [{ value: "rows" as const, label: "Rows" }] : []),
    { value: "receipt", label: "Receipt" },
    { value: "inputs", label: "Inputs" },
    ...(node.attempts.length > 1
      ? [{ value: "attempts" as const, label: `Attempts ${node.attempts.length}` }]
      : []),
  ];
  const shown = tabs.some((one) => one.value === tab) ? tab : firstTab(node);
  return (
    <aside ref={panel} className={style.panel} aria-label={`Node ${node.title}`}>
      <header className={style.panelHead}>
        <h2 className="ellipsis" title={node.name ?? node.title}>
          {node.title}
        </h2>
        <State state={node.state} />
        <IconButton label="Close the node (Esc)" onClick={onClose}>
          <X aria-hidden />
        </IconButton>
      </header>
      <p className={`${style.panelSub} figures`}>
        <span>
          {node.kind} · {node.tier}
        </span>
        {node.queryId > 0 && (
          <Link to="/queries/$id" params={{ id: String(node.queryId) }} search={{ v: node.queryVersion }}>
            query {node.queryId} v{node.queryVersion}
          </Link>
        )}
        {node.startedAt !== undefined &&
          (node.endedAt === undefined ? (
            <Elapsed since={node.startedAt} />
          ) : (
            <span>{duration((node.endedAt - node.startedAt) / 1000)}</span>
          ))}
        {node.rowCount !== undefined && <span>{rowsOf(node.rowCount)}</span>}
        {node.sizeBytes !== undefined && <span>{bytes(node.sizeBytes)}</span>}
        <span>{credits(node.credits)} cr</span>
      </p>
      {node.reason && <p className={style.said}>{node.reason}</p>}
      <Tabs id="node" label="About this node" value={shown} tabs={tabs} onChange={onTab} />
      <div className={style.tab} id="node-panel" role="tabpanel" aria-labelledby={`node-${shown}`}>
        <CrashBoundary region="This part" resetKey={`${node.id}${shown}`}>
          {detail.isPending ? (
            <Skeleton lines={6} />
          ) : detail.error ? (
            <div className={style.pad}>
              <Problem
                error={detail.error}
                title="The node could not be loaded"
                onRetry={() => void detail.refetch()}
              />
            </div>
          ) : (
            <Part tab={shown} node={node} detail={detail.data} onNode={onNode} />
          )}
        </CrashBoundary>
      </div>
    </aside>
  );
};

const Part = ({
  tab,
  node,
  detail,
  onNode,
}: {
  tab: NodeTab;
  node: RunNode;
  detail: NodeDetail;
  onNode: (id: number) => void;
}) => {
  switch (tab) {
    case "error":
      return <ErrorPart node={node} sql={detail.sql} />;
    case "sql":
      return (
        <>
          <SqlText sql={detail.sql} at={positionOf(node)} label="SQL as run" />
          {Object.keys(detail.applied).length > 0 && (
            <div className={style.pad}>
              <h3>Parameters</h3>
              <Facts facts={Object.entries(detail.applied)} />
            </div>
          )}
        </>
      );
    case "rows":
      return <Rows detail={detail} />;
    case "receipt":
      return <ReceiptPart detail={detail} node={node} />;
    case "inputs":
      return <Inputs inputs={detail.inputs} onNode={onNode} />;
    case "attempts":
      return (
        <DataTable
          label="Attempts"
          rows={node.attempts}
          rowKey={(attempt) => String(attempt.number)}
          columns={[
            { key: "number", title: "#", cell: (attempt) => attempt.number },
            { key: "state", title: "State", cell: (attempt) => attempt.state },
            { key: "started", title: "Started", cell: (attempt) => moment(attempt.startedAt) },
            {
              key: "took",
              title: "Took",
              right: true,
              cell: (attempt) =>
                attempt.endedAt === undefined ? "…" : duration((attempt.endedAt - attempt.startedAt) / 1000),
            },
            { key: "error", title: "Why", cell: (attempt) => attempt.error ?? "" },
          ]}
        />
      );
  }
};

const positionOf = ({ error }: RunNode) =>
  error?.line === undefined || error.column === undefined
    ? undefined
    : { line: error.line, column: error.column, ...(error.length ? { length: error.length } : {}) };

const CLASSES: Record<string, string> = {
  FAILED_TYPE_EXECUTION_FAILED: "The statement is at fault: another attempt would fail the same way.",
  FAILED_TYPE_TIMEOUT: "It ran longer than its tier allows. A larger tier, or less work in it, can help.",
  FAILED_TYPE_RESOURCES_EXCEEDED:
    "It needed more than its tier has. A larger tier, or less work in it, can help.",
  FAILED_TYPE_INTERNAL:
    "The platform is at fault, not the statement. Nothing was charged; running again may help.",
};

const ErrorPart = ({ node, sql }: { node: RunNode; sql: string }) => {
  const { error } = node;
  if (!error) return null;
  return (
    <>
      <div className={style.pad}>
        <p>
          <b>
            {error.line !== undefined && `${error.line}:${error.column} `}
            {withoutPlace(error.message)}
          </b>
        </p>
        <Facts
          facts={[
            ["What it means", CLASSES[error.type] ?? error.type],
            ["Attempts", node.attempts.length > 0 && `${node.attempts.length}`],
            ["Retry", error.retryable ? "can help" : "cannot help"],
          ]}
        />
      </div>
      <SqlText sql={sql} at={positionOf(node)} label="SQL as run, with the place of the error" />
    </>
  );
};

const Rows = ({ detail }: { detail: NodeDetail }) => {
  const { executionId, columns } = detail;
  const load = useCallback(
    (at: { offset: number; limit: number }, signal: AbortSignal) =>
      loadPage(
        executionId ?? "",
        at,
        {},
        columns.map((column) => column.type),
        signal,
      ),
    [executionId, columns],
  );
  if (!executionId) return <p className={style.pad}>No rows yet.</p>;
  return (
    <Grid
      label={`Rows of ${detail.title}`}
      columns={columns}
      load={load}
      loadKey={executionId}
      rowCount={detail.rowCount ?? 0}
    />
  );
};

const ReceiptPart = ({ detail, node }: { detail: NodeDetail; node: RunNode }) => {
  if (detail.receipts.length === 0)
    return (
      <p className={style.pad}>
        {isFinal(node.state) ? "It never ran, so it cost nothing." : "The receipt is written when it ends."}
      </p>
    );
  return (
    <div className={style.pad}>
      {detail.receipts.map((receipt) => (
        <Facts
          key={receipt.attempt}
          facts={[
            ["Attempt", receipt.attempt === 0 ? "none: rows were reused" : String(receipt.attempt)],
            ["Credits", credits(receipt.credits)],
            ["Tier", receipt.tier],
            ["CPU", duration(receipt.cpuSeconds)],
            ["Scanned", bytes(receipt.bytesScanned)],
            ["Written", bytes(receipt.bytesWritten)],
            ["Peak memory", bytes(receipt.peakMemoryBytes)],
            ["Ended", receipt.endedAt === undefined ? "…" : moment(receipt.endedAt)],
          ]}
        />
      ))}
    </div>
  );
};

const Inputs = ({ inputs, onNode }: { inputs: readonly Pin[]; onNode: (id: number) => void }) => {
  if (inputs.length === 0) return <p className={style.pad}>It reads no table.</p>;
  return (
    <ul className={style.inputs}>
      {inputs.map((input) => (
        <li key={input.name}>
          {input.nodeId === undefined ? (
            <Link to="/catalog/$name" params={{ name: input.name }}>
              {input.name}
            </Link>
          ) : (
            <button type="button" onClick={() => onNode(input.nodeId as number)}>
              {input.name}
            </button>
          )}
          <span className="muted figures">
            {input.nodeId === undefined ? input.kind : "of this run"}
            {input.rowCount !== undefined && ` · ${plural(input.rowCount, "row")}`}
            {input.runId && (
              <>
                {" · "}
                <Link to="/runs/$id" params={{ id: input.runId }}>
                  {shortId(input.runId)}
                </Link>
              </>
            )}
            {input.updatedAt !== undefined && (
              <>
                {" · "}
                <Ago at={input.updatedAt} />
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
};
