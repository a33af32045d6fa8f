import { ArrowDown, ArrowUp } from "lucide-react";
import type { MouseEvent, PointerEvent } from "react";
import { isNumber } from "./filter";
import style from "./Grid.module.css";

/** Names of columns: pressed they sort, and their right edge can be dragged. */
export const Head = ({
  columns,
  widths,
  numberWidth,
  sort,
  onSort,
  onWidth,
}: {
  columns: readonly { name: string; type: string }[];
  widths: readonly number[];
  numberWidth: number;
  sort?: { column: string; isDown: boolean } | undefined;
  onSort?: ((column: string) => void) | undefined;
  /** undefined: as wide as its rows again. */
  onWidth: (column: string, width: number | undefined) => void;
}) => {
  const drag = (event: PointerEvent<HTMLSpanElement>, column: string, from: number) => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    const grip = event.currentTarget;
    const start = event.clientX;
    grip.setPointerCapture(event.pointerId);
    const move = (at: globalThis.PointerEvent) => onWidth(column, from + at.clientX - start);
    const end = () => {
      grip.removeEventListener("pointermove", move);
      grip.removeEventListener("pointerup", end);
      grip.removeEventListener("pointercancel", end);
    };
    grip.addEventListener("pointermove", move);
    grip.addEventListener("pointerup", end);
    grip.addEventListener("pointercancel", end);
  };
  const gripOf = (column: string, index: number) => (
    <span
      className={style.grip}
      aria-hidden
      data-grip={column}
      onPointerDown={(event) => drag(event, column, widths[index] ?? 0)}
      onClick={(event: MouseEvent) => event.stopPropagation()}
      onDoubleClick={() => onWidth(column, undefined)}
    />
  );
  return (
    <div className={style.head} role="row" aria-rowindex={1}>
      <span className={style.title} role="columnheader" style={{ width: numberWidth }}>
        #
      </span>
      {columns.map((column, index) => {
        const isSorted = sort?.column === column.name;
        const shared = {
          className: style.title,
          role: "columnheader",
          "aria-colindex": index + 2,
          "aria-sort": isSorted
            ? sort.isDown
              ? ("descending" as const)
              : ("ascending" as const)
            : undefined,
          "data-right": isNumber(column.type) ? "" : undefined,
          style: { width: widths[index] },
          title: `${column.name} · ${column.type}`,
        };
        const inner = (
          <>
            <span className="ellipsis">{column.name}</span>
            {isSorted &&
              (sort.isDown ? (
                <ArrowDown aria-hidden width={12} height={12} />
              ) : (
                <ArrowUp aria-hidden width={12} height={12} />
              ))}
            {gripOf(column.name, index)}
          </>
        );
        return onSort ? (
          <button
            key={column.name}
            type="button"
            {...shared}
            tabIndex={-1}
            onClick={() => onSort(column.name)}
          >
            {inner}
          </button>
        ) : (
          <span key={column.name} {...shared}>
            {inner}
          </span>
        );
      })}
    </div>
  );
};
