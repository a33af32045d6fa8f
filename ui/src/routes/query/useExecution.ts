/** The execution on screen: the one in the address, else the newest published one of the query. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { historyQuery, latestOf } from "../../api/queries";
import { executionQuery, isOver } from "../../api/results";

export const useExecution = (
  queryId: number | undefined,
  version: number,
  chosen: string | undefined,
  values: Record<string, string>,
) => {
  const client = useQueryClient();
  const history = useQuery({ ...historyQuery(queryId ?? 0), enabled: queryId !== undefined && !chosen });
  const id = chosen ?? latestOf(history.data ?? [], version, values)?.id;
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
    error: execution.error,
    isLoading: id !== undefined && execution.isPending,
    isLatest: chosen === undefined,
  };
};
