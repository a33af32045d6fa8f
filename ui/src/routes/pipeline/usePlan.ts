/**
 * What would run. The server's plan, with reuse and credits; where the server has none, what lineage alone
 * says: order, tiers and inputs.
 */

import { useQueries, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import { lineageQuery, type Read } from "../../api/lineage";
import { type PipelineGraph, type Plan, planQuery } from "../../api/pipelines";
import { sessionQuery } from "../../api/session";
import type { Draft } from "./plan";
import { planByLineage, withKnownEdges } from "./plan";

/** `isOld`: the plan is of the graph before its last change; the one of this graph is on its way. */
export const usePlan = (
  queryId: number,
  draft: Draft,
  graph: PipelineGraph,
): { plan: Plan | undefined; isOld: boolean; error: unknown } => {
  const { data: session } = useQuery(sessionQuery);
  const isMissing = session !== undefined && !session.features.has("plan");
  const asked = useQuery({
    ...planQuery(queryId, draft.nodes),
    enabled: session !== undefined && !isMissing && draft.nodes.length > 0,
  });
  // What the stored nodes read came with the graph; only nodes that were added are asked about.
  const stored = useMemo(() => readsOf(graph), [graph]);
  const added = useMemo(
    () => [...new Set(draft.nodes.map((node) => node.queryId).filter((id) => id > 0 && !stored.has(id)))],
    [draft.nodes, stored],
  );
  const reads = useQueries({
    queries: added.map((id) => ({ ...lineageQuery(id), enabled: isMissing })),
    combine: (all) =>
      new Map<number, Read[]>(
        all.flatMap((one, at) => (one.data ? [[added[at] as number, one.data.reads]] : [])),
      ),
  });
  const local = useMemo(
    () => (isMissing ? planByLineage(draft, graph.edges, new Map([...stored, ...reads])) : undefined),
    [isMissing, draft, graph.edges, stored, reads],
  );
  const known = useRef(graph.edges);
  const plan = useMemo(() => asked.data && withKnownEdges(asked.data, known.current), [asked.data]);
  useEffect(() => {
    if (plan) known.current = plan.edges;
  }, [plan]);
  return { plan: isMissing ? local : plan, isOld: asked.isPlaceholderData, error: asked.error };
};

const readsOf = (graph: PipelineGraph): Map<number, Read[]> => {
  const found = new Map<number, Read[]>(graph.nodes.map((node) => [node.queryId, []]));
  const queryOf = new Map(graph.nodes.map((node) => [node.id, node.queryId]));
  for (const { nodeId, name, kind } of graph.reads) found.get(queryOf.get(nodeId) ?? 0)?.push({ name, kind });
  return found;
};
