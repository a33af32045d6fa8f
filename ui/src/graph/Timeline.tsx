/**
 * When each node ran: one row a node, chains in one row; a thin line while it waited for a slot, a bar for
 * each attempt. What has not started stands dashed after now. Only rows on screen are drawn.
 */

import { useEffect, useMemo, useRef, useState } from "react";
import { duration } from "../components/format";
import { colourOf } from "../components/State";
import { useNow } from "../components/Time";
import { isFinal, type NodeState, type RunNode, type RunState } from "./model";
import { readyAt, rowsOf, ticksOf } from "./rows";
import style from "./Timeline.module.css";

const ROW = 24;
const SPARE = 8; // rows drawn beyond the edges
const AHEAD_PX = 72;

const barState = (node: RunNode, attempt: string): NodeState =>
  attempt === "failed" || attempt === "lost"
    ? "failed"
    : attempt === "done"
      ? "completed"
      : attempt === "executing"
        ? "executing"
        : node.state;

export const Timeline = ({
  nodes,
  run,
  selected,
  onSelect,
  faded,
  critical,
}: {
  nodes: readonly RunNode[];
  run: { state: RunState; startedAt?: number; endedAt?: number; submittedAt: number };
  selected?: number | undefined;
  onSelect: (id: number) => void;
  faded?: ReadonlySet<number> | undefined;
  critical?: readonly number[] | undefined;
}) => {
  const frame = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 600, width: 800 });
  const isLive = !isFinal(run.state);
  const now = useNow(isLive);
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const measure = () =>
      setView({ top: element.scrollTop, height: element.clientHeight, width: element.clientWidth });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    measure();
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);

  const shape = nodes.map((node) => `${node.id}:${node.dependencies.join("+")}`).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the shape stands for the nodes
  const rows = useMemo(() => rowsOf(nodes), [shape]);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const onPath = new Set(critical);

  const start = run.startedAt ?? run.submittedAt;
  const end = Math.max(
    start + 100,
    isLive ? now : (run.endedAt ?? start),
    ...nodes.map((node) => node.endedAt ?? start),
  );
  const lane = Math.max(120, view.width - 180 - 24 - (isLive ? AHEAD_PX * 1.5 : 0));
  const xOf = (at: number) => ((at - start) / (end - start)) * lane;
  const ticks = ticksOf((end - start) / 1000, Math.max(2, Math.floor(lane / 90)));
  const first = Math.max(0, Math.floor((view.top - ROW) / ROW) - SPARE);
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / ROW) + SPARE);

  return (
    <section ref={frame} className={style.timeline} aria-label="Timeline; the Nodes table says the same">
      <div className={style.axis}>
        {ticks.map((tick) => (
          <span key={tick} style={{ left: 180 + xOf(start + tick * 1000) }}>
            {tick === 0 ? "0" : duration(tick)}
          </span>
        ))}
      </div>
      <div className={style.rows} style={{ height: rows.length * ROW }}>
        {ticks.map((tick) => (
          <i key={tick} className={style.grid} style={{ left: 180 + xOf(start + tick * 1000) }} />
        ))}
        {isLive && <i className={style.now} style={{ left: 180 + xOf(now) }} />}
        {rows.slice(first, last).map((row, index) => {
          let ahead = 0;
          return (
            <div key={row[0]} className={style.row} style={{ top: (first + index) * ROW }}>
              <span className={`${style.label} ellipsis`}>
                {byId.get(row[0] as number)?.title}
                {row.length > 1 && ` +${row.length - 1}`}
              </span>
              <div className={style.lane}>
                {row.map((id) => {
                  const node = byId.get(id) as RunNode;
                  const shared = {
                    type: "button" as const,
                    tabIndex: -1,
                    onClick: () => onSelect(id),
                    "data-selected": selected === id ? "" : undefined,
                    "data-faded": faded?.has(id) ? "" : undefined,
                  };
                  if (node.attempts.length === 0) {
                    if (!isLive || isFinal(node.state)) return null;
                    ahead += 1;
                    return (
                      <button
                        key={id}
                        {...shared}
                        className={style.ahead}
                        title={`${node.title}: not started`}
                        style={{ left: xOf(now) + 4 + (ahead - 1) * (AHEAD_PX / 2), width: AHEAD_PX }}
                      >
                        {node.title}
                      </button>
                    );
                  }
                  const ready = readyAt(
                    node.dependencies.map((one) => ({ ...(byId.get(one) ?? {}) })),
                    start,
                  );
                  const began = node.attempts[0]?.startedAt ?? start;
                  return [
                    ready !== undefined && began - ready > 20 && (
                      <i
                        key={`${id}-wait`}
                        className={style.wait}
                        title={`waited ${duration((began - ready) / 1000)} for a slot`}
                        style={{ left: xOf(ready), width: xOf(began) - xOf(ready) }}
                      />
                    ),
                    ...node.attempts.map((attempt) => {
                      const state = barState(node, attempt.state);
                      const until = attempt.endedAt ?? now;
                      return (
                        <button
                          key={`${id}-${attempt.number}`}
                          {...shared}
                          className={style.bar}
                          data-state={attempt.state}
                          data-critical={onPath.has(id) ? "" : undefined}
                          title={`${node.title}, attempt ${attempt.number}: ${attempt.state}, ${duration((until - attempt.startedAt) / 1000)}`}
                          style={
                            {
                              left: xOf(attempt.startedAt),
                              width: xOf(until) - xOf(attempt.startedAt),
                              "--colour": colourOf(state),
                              "--tint": `var(--${state}-tint)`,
                            } as never
                          }
                        >
                          <span>{node.title}</span>
                        </button>
                      );
                    }),
                  ];
                })}
              </div>
            </div>
          );
        })}
      </div>
    </section>
  );
};
