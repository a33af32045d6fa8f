import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Trash2, X } from "lucide-react";
import type { PipelineEdge, PipelineNode, PlannedNode } from "../../api/pipelines";
import { savedQuery } from "../../api/queries";
import { Button, IconButton } from "../../components/Button";
import { Choices, SelectField } from "../../components/Field";
import { credits, duration, range, short } from "../../components/format";
import { Facts } from "../../components/Panel";
import { ParamForm } from "../../components/ParamForm";
import { TIERS } from "../../graph/model";
import { useIntoSight } from "../useIntoSight";
import style from "./Pipeline.module.css";
import { type Draft, titleOf } from "./plan";

/** The settings of one node: tier, parameters, what it waits for. */
export const NodeSettings = ({
  node,
  draft,
  edges,
  planned,
  isTarget,
  onChange,
  onConnect,
  onDisconnect,
  onRemove,
  onClose,
}: {
  node: PipelineNode;
  draft: Draft;
  edges: readonly PipelineEdge[];
  planned: PlannedNode | undefined;
  /** The query whose pipeline this is: it cannot be taken out. */
  isTarget: boolean;
  onChange: (part: Partial<PipelineNode>) => void;
  onConnect: (from: number) => void;
  onDisconnect: (from: number) => void;
  onRemove: () => void;
  onClose: () => void;
}) => {
  const query = useQuery({ ...savedQuery(node.queryId), enabled: node.kind === "query" && node.queryId > 0 });
  const panel = useIntoSight(node.id, "start");
  const waits = edges.filter((edge) => edge.to === node.id);
  const free = draft.nodes.filter((one) => one.id !== node.id && !waits.some((edge) => edge.from === one.id));
  return (
    <aside ref={panel} className={style.panel} aria-label={`Settings of ${node.title}`}>
      <header>
        <h2 className="ellipsis" title={node.name ?? node.title}>
          {node.title}
        </h2>
        <span className="muted">{node.kind}</span>
        <IconButton label="Close (Esc)" onClick={onClose}>
          <X aria-hidden />
        </IconButton>
      </header>
      <p>
        <Link to="/queries/$id" params={{ id: String(node.queryId) }}>
          query {node.queryId}
        </Link>
        {node.name && (
          <>
            {" · "}
            <Link to="/catalog/$name" params={{ name: node.name }} className="mono">
              {node.name}
            </Link>
          </>
        )}
      </p>
      <div>
        <h3>Tier</h3>
        <Choices
          label="Tier"
          value={node.tier}
          options={TIERS.map((tier) => ({ value: tier, label: tier }))}
          onChange={(tier) => onChange({ tier })}
        />
      </div>
      {query.data && query.data.parameters.length > 0 && (
        <div>
          <h3>Parameters</h3>
          <ParamForm
            parameters={query.data.parameters}
            values={node.parameters}
            onChange={(key, value) => onChange({ parameters: { ...node.parameters, [key]: value } })}
          />
        </div>
      )}
      <div>
        <h3>Waits for</h3>
        {waits.length === 0 && <p className="muted">Nothing: it can start at once.</p>}
        <ul className={style.edges}>
          {waits.map((edge) => (
            <li key={edge.from}>
              <span>{titleOf(draft, edge.from)}</span>
              {edge.kind === "lineage" ? (
                <span className="muted" title="Its SQL reads it, so this cannot be removed">
                  lineage{edge.line !== undefined && ` at ${edge.line}:${edge.column}`}
                </span>
              ) : (
                <IconButton
                  label={`Do not wait for ${titleOf(draft, edge.from)}`}
                  onClick={() => onDisconnect(edge.from)}
                >
                  <X aria-hidden />
                </IconButton>
              )}
            </li>
          ))}
        </ul>
        {free.length > 0 && (
          <SelectField
            label="Also wait for"
            hideLabel
            value=""
            options={[
              { value: "", label: "also wait for…" },
              ...free.map((one) => ({ value: String(one.id), label: one.title })),
            ]}
            onChange={(id) => id && onConnect(Number(id))}
            small
          />
        )}
      </div>
      {planned && (
        <div>
          <h3>Plan</h3>
          <Facts
            facts={[
              ["Decision", planned.decision],
              ["Why", planned.reason],
              ["Step", String(planned.order)],
              ["Rows", planned.estimate?.rows && range(planned.estimate.rows, short)],
              ["Time", planned.estimate?.seconds && range(planned.estimate.seconds, duration)],
              ["Credits", planned.estimate?.credits && range(planned.estimate.credits, credits)],
              ["Reads", planned.inputs.length > 0 && planned.inputs.map((input) => input.name).join(", ")],
            ]}
          />
        </div>
      )}
      {!isTarget && (
        <Button small look="plain" icon={<Trash2 aria-hidden />} onClick={onRemove}>
          Take out of the graph
        </Button>
      )}
    </aside>
  );
};
