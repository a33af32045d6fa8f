/**
 * The edges that lineage makes, each a path of its own in one picture: all edges as one path are drawn far
 * slower, and an edge of React Flow is three elements and a dozen subscriptions.
 */

import { ViewportPortal } from "@xyflow/react";
import { memo } from "react";
import style from "./Graph.module.css";
import { type Layout, pathOf } from "./layout";

export type EdgeLook = {
  isCritical: (from: number, to: number) => boolean;
  isFaded: (from: number, to: number) => boolean;
};

export const Lines = memo(function Lines({
  layout,
  tips,
  drawn,
  look,
}: {
  layout: Layout;
  /** What an edge says when it is pointed at, by `from>to`. */
  tips: ReadonlyMap<string, string>;
  /** Edges that are drawn elsewhere, because they can be removed. */
  drawn: ReadonlySet<string>;
  look: EdgeLook;
}) {
  return (
    <ViewportPortal>
      <svg className={style.lines} width={layout.width} height={layout.height} aria-hidden="true">
        {layout.edges.map(({ from, to, points }) => {
          const id = `${from}>${to}`;
          return drawn.has(id) ? null : (
            <Path
              key={id}
              points={points}
              tip={tips.get(id)}
              isCritical={look.isCritical(from, to)}
              isFaded={look.isFaded(from, to)}
            />
          );
        })}
      </svg>
    </ViewportPortal>
  );
});

const Path = memo(function Path({
  points,
  tip,
  isCritical,
  isFaded,
}: {
  points: Layout["edges"][number]["points"];
  tip: string | undefined;
  isCritical: boolean;
  isFaded: boolean;
}) {
  return (
    <path
      d={pathOf(points)}
      className={style.edge}
      data-edge=""
      data-critical={isCritical ? "" : undefined}
      data-faded={isFaded ? "" : undefined}
    >
      {tip && <title>{tip}</title>}
    </path>
  );
});
