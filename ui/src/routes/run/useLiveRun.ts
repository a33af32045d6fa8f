/** A run, live: its snapshot first, then events; the header says which of the two is being shown. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { applyEvents } from "../../api/apply";
import { follow, type Liveness } from "../../api/events";
import { loadRun, type RunDetail, runKey, runQuery } from "../../api/runs";
import { isFinal } from "../../graph/model";

export const useLiveRun = (id: string) => {
  const client = useQueryClient();
  const query = useQuery(runQuery(id));
  const [liveness, setLiveness] = useState<Liveness>("live");
  const isGoing = query.data !== undefined && !isFinal(query.data.state);

  useEffect(() => {
    if (!isGoing) return;
    const read = () => client.getQueryData<RunDetail>(runKey(id));
    const reload = async () => {
      const run = await loadRun(id);
      client.setQueryData(runKey(id), run);
      return { isOver: isFinal(run.state) };
    };
    const stop = follow({
      runId: id,
      lastEvent: () => read()?.lastEvent ?? { epoch: 0, seq: 0 },
      onEvents: (events) => {
        client.setQueryData<RunDetail>(runKey(id), (before) => before && applyEvents(before, events));
        if (read()?.missed) void reload().catch(() => {}); // the stream's own polling tries again
      },
      onLiveness: setLiveness,
      reload,
    });
    return () => {
      stop();
      // What an end brings with it: moves, publication, lists, freshness, money.
      const run = read();
      if (!run || !isFinal(run.state)) return;
      void client.invalidateQueries({ queryKey: runKey(id), exact: true });
      for (const key of ["runs", "freshness", "usage", "catalog", "pipelines", "dashboards"])
        void client.invalidateQueries({ queryKey: [key] });
    };
  }, [client, id, isGoing]);

  return { ...query, liveness: isGoing ? liveness : ("finished" as const) };
};
