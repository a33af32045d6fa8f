/**
 * What would run. The server's plan, with reuse and credits; where the server has none, what lineage alone
 * says: order, tiers and inputs.
 */

import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { ApiError } from "../../api/http";
import { type PipelineEdge, type Plan, planQuery } from "../../api/pipelines";
import { lineageQuery, type Read } from "../../api/queries";
import type { Draft } from "./plan";
import { planByLineage } from "./plan";

export const usePlan = (queryId: number, draft: Draft, known: readonly PipelineEdge[]): Plan | undefined => {
  const asked = useQuery({ ...planQuery(queryId, draft.nodes), retry: false });
  // One answer of 404 says it for every plan: nothing more is asked for.
  const isMissing = asked.error instanceof ApiError && asked.error.status === 404;
  const ids = useMemo(
    () => [...new Set(draft.nodes.map((node) => node.queryId).filter((id) => id > 0))],
    [draft.nodes],
  );
  const reads = useQueries({
    queries: ids.map((id) => ({ ...lineageQuery(id), enabled: isMissing })),
    combine: (all) =>
      new Map<number, Read[]>(
        all.flatMap((one, at) => (one.data ? [[ids[at] as number, one.data.reads]] : [])),
      ),
  });
  const local = useMemo(() => planByLineage(draft, known, reads), [draft, known, reads]);
  return asked.data ?? (isMissing ? local : undefined);
};
