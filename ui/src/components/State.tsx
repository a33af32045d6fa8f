import {
  CircleCheck,
  CircleDashed,
  CircleEqual,
  CircleStop,
  LoaderCircle,
  type LucideIcon,
  OctagonX,
  SkipForward,
} from "lucide-react";
import { NODE_STATES, type NodeState } from "../graph/model";
import style from "./State.module.css";

const ICONS: Record<NodeState, LucideIcon> = {
  pending: CircleDashed,
  executing: LoaderCircle,
  completed: CircleCheck,
  reused: CircleEqual,
  failed: OctagonX,
  skipped: SkipForward,
  cancelled: CircleStop,
};

/** The words a state is counted with: `10 done`. */
export const COUNTED: Record<NodeState, string> = {
  completed: "done",
  reused: "reused",
  executing: "executing",
  failed: "failed",
  cancelled: "cancelled",
  skipped: "skipped",
  pending: "pending",
};

/** States of executions that have no picture of their own borrow the nearest one. */
export const asNodeState = (state: string): NodeState =>
  (NODE_STATES as readonly string[]).includes(state)
    ? (state as NodeState)
    : state === "expired"
      ? "skipped"
      : "pending";

export const colourOf = (state: NodeState): string => `var(--${state})`;

export const StateIcon = ({ state, size = 15 }: { state: NodeState; size?: number }) => {
  const Icon = ICONS[state];
  return (
    <Icon
      aria-hidden
      width={size}
      height={size}
      color={colourOf(state)}
      className={state === "executing" ? style.turning : undefined}
    />
  );
};

export const State = ({ state, word }: { state: NodeState; word?: string }) => (
  <span className={style.state} style={{ "--colour": colourOf(state) } as never} data-state={state}>
    <StateIcon state={state} />
    {word ?? state}
  </span>
);

const MOST_SEGMENTS = 200;

/** One segment a node, ordered by state; above 200 nodes one a state, by share. Pressing one filters. */
export const StateBar = ({
  counts,
  onPick,
}: {
  counts: Record<NodeState, number>;
  onPick?: (state: NodeState) => void;
}) => {
  const total = NODE_STATES.reduce((sum, state) => sum + counts[state], 0);
  const shown = NODE_STATES.filter((state) => counts[state] > 0);
  return (
    <div className={style.bar} role="group" aria-label="Nodes by state">
      {shown.map((state) => {
        const press = {
          type: "button" as const,
          "data-state": state,
          onClick: () => onPick?.(state),
          disabled: !onPick,
        };
        const label = `${counts[state]} ${COUNTED[state]}`;
        if (total > MOST_SEGMENTS)
          return (
            <button
              key={state}
              {...press}
              aria-label={label}
              title={label}
              style={{ flexGrow: counts[state], "--colour": colourOf(state) } as never}
            />
          );
        return Array.from({ length: counts[state] }, (_, index) => (
          <button
            // biome-ignore lint/suspicious/noArrayIndexKey: segments of a state are alike and only counted
            key={`${state}${index}`}
            {...press}
            tabIndex={index === 0 && onPick ? 0 : -1}
            aria-label={index === 0 ? label : undefined}
            aria-hidden={index > 0}
            title={label}
            style={{ "--colour": colourOf(state) } as never}
          />
        ));
      })}
    </div>
  );
};

export const StateCounts = ({ counts }: { counts: Record<NodeState, number> }) => (
  <span className={style.counts}>
    {NODE_STATES.filter((state) => counts[state] > 0).map((state) => (
      <State key={state} state={state} word={`${counts[state]} ${COUNTED[state]}`} />
    ))}
  </span>
);
