/**
 * The execution on screen: the one in the address, else the newest published one of the query, at the version
 * and with the values that the page shows.
 */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Parameter } from "../../api/parameters";
import { historyQuery, latestOf } from "../../api/queries";
import { executionQuery, isOver } from "../../api/results";

export const useExecution = (
  queryId: number | undefined,
  version: number,
  chosen: string | undefined,
  parameters: readonly Parameter[],
  values: Record<string, string>,
) => {
  const client = useQueryClient();
  const history = useQuery({ ...historyQuery(queryId ?? 0), enabled: queryId !== undefined && !chosen });
  const latest = chosen ? undefined : latestOf(history.data ?? [], version, values, parameters);
  const id = chosen ?? latest?.id;
  const execution = useQuery({ ...executionQuery(id ?? ""), enabled: id !== undefined });
  const state = execution.data?.state;
  const before = useRef(state);
  useEffect(() => {
    const ended =
      before.current !== undefined && !isOver(before.current) && state !== undefined && isOver(state);
    before.current = state;
    if (!ended) return;
    for (const key of [["query", queryId ?? 0, "executions"], ["runs"], ["usage"], ["freshness"]])
      void client.invalidateQueries({ queryKey: key });
  }, [client, queryId, state]);
  return {
    execution: execution.data,
    error: id === undefined ? history.error : execution.error,
    isLoading: id === undefined ? history.isLoading : execution.isPending,
    isPublished: latest?.isPublished === true,
    /** It ran, but never so: at this version, with these values. */
    ranOtherwise: id === undefined && (history.data ?? []).length > 0,
  };
};
