/** The critical path of a run that goes on: which nodes it is changes seldom, its seconds all the time. */

import { useEffect, useRef, useState } from "react";
import { serverNow } from "../../api/clock";
import { criticalPath } from "../../graph/critical";
import type { RunNode } from "../../graph/model";

const LOOKED_EVERY_MS = 1_000;

/** Ids of the longest chain, first to last; the same array as long as they are the same. */
export const usePath = (nodes: readonly RunNode[], isLive: boolean): readonly number[] => {
  const latest = useRef(nodes);
  latest.current = nodes;
  const [ids, setIds] = useState<readonly number[]>(() => criticalPath(nodes, serverNow()).ids);
  const finished = isLive ? undefined : nodes;
  // biome-ignore lint/correctness/useExhaustiveDependencies: of a live run each frame of events would look anew
  useEffect(() => {
    const look = () => {
      const next = criticalPath(latest.current, serverNow()).ids;
      setIds((before) => (before.join() === next.join() ? before : next));
    };
    look();
    if (!isLive) return;
    const timer = setInterval(look, LOOKED_EVERY_MS);
    return () => clearInterval(timer);
  }, [isLive, finished]);
  return ids;
};
