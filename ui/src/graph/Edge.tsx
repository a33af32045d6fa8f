import { type EdgeProps, getBezierPath } from "@xyflow/react";
import { createContext, memo, useContext } from "react";
import style from "./Graph.module.css";
import type { EdgeLook } from "./Lines";
import { type Point, pathOf } from "./layout";

export type Line = { points?: Point[]; tip?: string; from: number; to: number };

export const EdgeLookContext = createContext<EdgeLook>({ isCritical: () => false, isFaded: () => false });

/** An edge that somebody drew, and can select and remove. */
export const GraphEdge = memo((props: EdgeProps & { data?: Line }) => {
  const look = useContext(EdgeLookContext);
  const line = props.data;
  const path = line?.points ? pathOf(line.points) : getBezierPath(props)[0];
  return (
    <>
      <path d={path} className={`${style.hit} react-flow__edge-interaction`} />
      <path
        d={path}
        className={style.edge}
        data-edge=""
        data-drawn=""
        data-selected={props.selected ? "" : undefined}
        data-critical={line && look.isCritical(line.from, line.to) ? "" : undefined}
        data-faded={line && look.isFaded(line.from, line.to) ? "" : undefined}
      >
        {line?.tip && <title>{line.tip}</title>}
      </path>
    </>
  );
});
