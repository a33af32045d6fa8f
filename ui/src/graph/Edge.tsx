import { BaseEdge, type EdgeProps, getBezierPath } from "@xyflow/react";
import { createContext, memo, useContext } from "react";
import style from "./Graph.module.css";
import { type Point, pathOf } from "./layout";

export type Line = { points?: Point[]; isDrawn: boolean; tip?: string; from: number; to: number };

export const EdgeLookContext = createContext<{
  isCritical: (from: number, to: number) => boolean;
  isFaded: (from: number, to: number) => boolean;
}>({ isCritical: () => false, isFaded: () => false });

/** One path an edge: all edges as one path are drawn far slower. */
export const GraphEdge = memo((props: EdgeProps & { data?: Line }) => {
  const look = useContext(EdgeLookContext);
  const line = props.data;
  const path = line?.points ? pathOf(line.points) : getBezierPath(props)[0];
  if (!line) return <BaseEdge path={path} />;
  return (
    <>
      {line.isDrawn && <path d={path} className={`${style.hit} react-flow__edge-interaction`} />}
      <path
        d={path}
        className={style.edge}
        data-drawn={line.isDrawn ? "" : undefined}
        data-selected={props.selected ? "" : undefined}
        data-critical={look.isCritical(line.from, line.to) ? "" : undefined}
        data-faded={look.isFaded(line.from, line.to) ? "" : undefined}
      >
        {line.tip && <title>{line.tip}</title>}
      </path>
    </>
  );
});
