/** A refresh on its way: how far it is and how long it may take. */

import { Link } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { duration } from "../../components/format";
import { StateBar } from "../../components/State";
import { Elapsed, useNow } from "../../components/Time";
import { isFinal } from "../../graph/model";
import { useLiveRun } from "../run/useLiveRun";
import style from "./Dashboard.module.css";

/** The progress of a refresh; charts keep the old rows until it is published. */
export const Refreshing = ({ id, onEnd }: { id: string; onEnd: () => void }) => {
  const { data: run } = useLiveRun(id);
  const isOver = run !== undefined && isFinal(run.state);
  const since = run?.startedAt ?? run?.submittedAt;
  const now = useNow();
  const rest = useMemo(
    () =>
      run?.expectedSeconds === undefined || since === undefined
        ? undefined
        : run.expectedSeconds - (now - since) / 1000,
    [run?.expectedSeconds, since, now],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when it ends
  useEffect(() => {
    if (isOver) onEnd();
  }, [isOver]);
  if (!run) return null;
  return (
    <div className={style.progress} role="status">
      <p className={style.from}>
        <Link to="/runs/$id" params={{ id }}>
          Refreshing
        </Link>{" "}
        {run.counts.completed + run.counts.reused} of {run.nodes.length} nodes ·{" "}
        {since !== undefined && <Elapsed since={since} until={run.endedAt} />}
        {rest !== undefined && rest > 1 && ` · about ${duration(rest)} left`}
      </p>
      <StateBar counts={run.counts} />
    </div>
  );
};
