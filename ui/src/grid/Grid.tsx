/**
 * A result as a grid: as many rows as there are, loaded by pages as they come into view. Sorting and
 * filtering are the server's; this only shows, moves and copies.
 */

import {
  type KeyboardEvent,
  memo,
  type PointerEvent,
  type ReactNode,
  useEffect,
  useId,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "react";
import { Problem } from "../components/Problem";
import { cellOf, tsvOf, widthOf } from "./cell";
import style from "./Grid.module.css";
import { Head } from "./Head";
import { type LoadPage, Pages } from "./pages";
import { keepWidths, readWidths, STEP, type Widths, widthsOf, withWidth } from "./widths";
import {
  isExact,
  lastTop,
  moved,
  ROW_HEIGHT,
  scrollHeightOf,
  scrollTopOf,
  topOf,
  topShowing,
  windowOf,
} from "./window";

export type GridColumn = { name: string; type: string };
export type GridRow = Record<string, unknown>;
type Place = { row: number; column: number };

const HEAD = 30; // pixels
const MOST_COPIED = 10_000; // rows

const textOf = (row: GridRow | undefined, column: GridColumn) =>
  row === undefined ? undefined : cellOf(row[column.name], column.type);

export const Grid = ({
  label,
  columns,
  load,
  loadKey,
  rowCount,
  sort,
  onSort,
  onTotal,
  onCell,
  startRow = 0,
  widthsName,
  empty,
}: {
  label: string;
  columns: readonly GridColumn[];
  load: LoadPage<GridRow>;
  /** What `load` loads; another one starts over. */
  loadKey: string;
  /** As far as it is known before the first page. */
  rowCount: number;
  sort?: { column: string; isDown: boolean } | undefined;
  onSort?: (column: string) => void;
  onTotal?: (total: number) => void;
  /** The cell that is looked at: for the side panel. */
  onCell?: (cell: { row: number; column: GridColumn; value: unknown } | undefined) => void;
  startRow?: number;
  /** What widths that a person sets are kept under; none: only while the grid is there. */
  widthsName?: string | undefined;
  /** What stands in place of rows when there are none. */
  empty?: ReactNode;
}) => {
  const id = useId();
  const frame = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [height, setHeight] = useState(400);
  const [top, setTop] = useState(startRow);
  const [current, setCurrent] = useState<Place>();
  const [anchor, setAnchor] = useState<Place>();
  const expected = useRef<number>(undefined);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what is loaded
  const pages = useMemo(() => new Pages<GridRow>(load, redraw), [loadKey]);
  useEffect(() => () => pages.close(), [pages]);
  const total = pages.total ?? rowCount;
  // biome-ignore lint/correctness/useExhaustiveDependencies: told when the number changes, not the listener
  useEffect(() => {
    if (pages.total !== undefined) onTotal?.(pages.total);
  }, [pages.total]);

  const view = { rowCount: total, height: Math.max(ROW_HEIGHT, height - HEAD), rowHeight: ROW_HEIGHT };
  const shownTop = Math.min(top, lastTop(view));
  const { first, last, shift } = windowOf(shownTop, view);
  useEffect(() => {
    pages.want(first, Math.max(last, 1), pages.total === undefined ? 0 : undefined);
  }, [pages, first, last]);

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  /** Set the position in rows; the scroll bar follows and must not answer. */
  const go = (next: number) => {
    setTop(next);
    const element = frame.current;
    if (!element) return;
    const scrollTop = scrollTopOf(next, view);
    expected.current = Math.round(scrollTop);
    element.scrollTop = scrollTop;
  };
  const scrolled = () => {
    const element = frame.current;
    if (!element) return;
    if (expected.current !== undefined && Math.abs(element.scrollTop - expected.current) <= 1) return;
    expected.current = undefined;
    setTop(topOf(element.scrollTop, view));
  };
  // What opens beside the grid must not cover the cell that it is about.
  // biome-ignore lint/correctness/useExhaustiveDependencies: when the height changes, and only then
  useEffect(() => {
    if (!current) return;
    const next = topShowing(current.row, shownTop, view);
    if (next !== shownTop) go(next);
  }, [height]);
  const state = useRef({ top: shownTop, view, go });
  state.current = { top: shownTop, view, go };
  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    // Beyond the height that an element may have, the browser's own scrolling would skip rows.
    const wheel = (event: WheelEvent) => {
      const { top: from, view: at, go: set } = state.current;
      if (event.ctrlKey || event.shiftKey || isExact(at)) return;
      event.preventDefault();
      const rows = event.deltaMode === 1 ? event.deltaY : event.deltaY / ROW_HEIGHT;
      set(moved(from, rows, at));
    };
    element.addEventListener("wheel", wheel, { passive: false });
    return () => element.removeEventListener("wheel", wheel);
  }, []);

  // Widths are settled by the first page and then kept: columns must not jump while scrolling.
  const sample = pages.firstPage;
  const settled = sample.length > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the first rows arrive
  const fitted = useMemo(
    () =>
      columns.map((column) =>
        widthOf(
          column.name,
          column.type,
          sample.map((row) => row[column.name]),
        ),
      ),
    [columns, settled, loadKey],
  );
  const [set, setSet] = useState<Widths>(() => (widthsName ? readWidths(localStorage, widthsName) : {}));
  const widths = useMemo(
    () =>
      widthsOf(
        columns.map((column) => column.name),
        fitted,
        set,
      ),
    [columns, fitted, set],
  );
  const setWidth = (column: string, width: number | undefined) => {
    const next = withWidth(set, column, width);
    setSet(next);
    if (widthsName) keepWidths(localStorage, widthsName, next);
  };
  const numberWidth = Math.max(40, String(total).length * 8 + 18);

  const range = (() => {
    if (!current) return undefined;
    const from = anchor ?? current;
    return {
      rows: [Math.min(from.row, current.row), Math.max(from.row, current.row)] as const,
      columns: [Math.min(from.column, current.column), Math.max(from.column, current.column)] as const,
    };
  })();

  const look = (place: Place, extend: boolean) => {
    const row = Math.max(0, Math.min(total - 1, place.row));
    const column = Math.max(0, Math.min(columns.length - 1, place.column));
    if (total === 0 || columns.length === 0) return;
    setAnchor(extend ? (anchor ?? current) : undefined);
    setCurrent({ row, column });
    const next = topShowing(row, shownTop, view);
    if (next !== shownTop) go(next);
    const element = frame.current;
    if (element) {
      const left = widths.slice(0, column).reduce((sum, width) => sum + width, 0);
      const width = widths[column] ?? 0;
      if (left < element.scrollLeft) element.scrollLeft = left;
      else if (left + width + numberWidth > element.scrollLeft + element.clientWidth)
        element.scrollLeft = left + width + numberWidth - element.clientWidth;
    }
    const shown = columns[column];
    if (shown) onCell?.({ row, column: shown, value: pages.row(row)?.[shown.name] });
  };
  const copy = () => {
    if (!range) return;
    const rows: unknown[][] = [];
    for (let row = range.rows[0]; row <= Math.min(range.rows[1], range.rows[0] + MOST_COPIED); row += 1) {
      const found = pages.row(row);
      if (found)
        rows.push(columns.slice(range.columns[0], range.columns[1] + 1).map((column) => found[column.name]));
    }
    void navigator.clipboard?.writeText(tsvOf(rows));
  };
  const keys = (event: KeyboardEvent) => {
    const at = current ?? { row: Math.floor(shownTop), column: 0 };
    const page = Math.max(1, Math.floor(view.height / ROW_HEIGHT) - 1);
    const isMod = event.ctrlKey || event.metaKey;
    if (isMod && event.key.toLowerCase() === "c") {
      event.preventDefault();
      copy();
      return;
    }
    const next: Place | undefined = {
      ArrowDown: { row: at.row + 1, column: at.column },
      ArrowUp: { row: at.row - 1, column: at.column },
      ArrowRight: { row: at.row, column: at.column + 1 },
      ArrowLeft: { row: at.row, column: at.column - 1 },
      PageDown: { row: at.row + page, column: at.column },
      PageUp: { row: at.row - page, column: at.column },
      Home: isMod ? { row: 0, column: 0 } : { row: at.row, column: 0 },
      End: isMod
        ? { row: total - 1, column: columns.length - 1 }
        : { row: at.row, column: columns.length - 1 },
    }[event.key];
    const looked = current && columns[current.column];
    if (looked && !isMod && (event.key === "<" || event.key === ">")) {
      event.preventDefault();
      setWidth(looked.name, (widths[current.column] ?? 0) + (event.key === ">" ? STEP : -STEP));
    } else if (event.key === "Escape" && current) {
      event.preventDefault();
      event.stopPropagation();
      setCurrent(undefined);
      setAnchor(undefined);
      onCell?.(undefined);
    } else if (next) {
      event.preventDefault();
      event.stopPropagation();
      look(current ? next : at, event.shiftKey);
    }
  };
  const pick = (event: PointerEvent) => {
    const cell = (event.target as Element).closest<HTMLElement>("[data-column]");
    if (!cell || event.button !== 0) return;
    look({ row: Number(cell.dataset.row), column: Number(cell.dataset.column) }, event.shiftKey);
  };
  const isMounted = current !== undefined && current.row >= first && current.row < last;

  return (
    <div className={style.grid}>
      <div
        ref={frame}
        className={style.scroll}
        role="grid"
        aria-label={label}
        aria-rowcount={total + 1}
        aria-colcount={columns.length + 1}
        aria-activedescendant={isMounted ? `${id}-${current.row}-${current.column}` : undefined}
        aria-multiselectable
        tabIndex={0}
        onScroll={scrolled}
        onKeyDown={keys}
        onPointerDown={pick}
      >
        <div className={style.space} style={{ height: scrollHeightOf(view) + HEAD }}>
          <Head
            columns={columns}
            widths={widths}
            numberWidth={numberWidth}
            sort={sort}
            onSort={onSort}
            onWidth={setWidth}
          />
          <div className={style.body} role="rowgroup">
            <div style={{ transform: `translateY(${shift}px)` }} role="presentation">
              {Array.from({ length: Math.max(0, last - first) }, (_, offset) => {
                const row = first + offset;
                const isMarked = range !== undefined && row >= range.rows[0] && row <= range.rows[1];
                return (
                  <GridLine
                    key={row}
                    id={id}
                    row={row}
                    value={pages.row(row)}
                    columns={columns}
                    widths={widths}
                    numberWidth={numberWidth}
                    marked={isMarked ? range.columns.join() : ""}
                    current={current?.row === row ? current.column : -1}
                  />
                );
              })}
            </div>
          </div>
        </div>
      </div>
      {empty && pages.total === 0 && pages.error === undefined && (
        <div className={style.said} role="status">
          {empty}
        </div>
      )}
      {pages.error !== undefined && (
        <div className={style.said}>
          <Problem error={pages.error} title="Rows could not be loaded" onRetry={() => pages.retry()} />
        </div>
      )}
    </div>
  );
};

const GridLine = memo(
  ({
    id,
    row,
    value,
    columns,
    widths,
    numberWidth,
    marked,
    current,
  }: {
    id: string;
    row: number;
    value: GridRow | undefined;
    columns: readonly GridColumn[];
    widths: readonly number[];
    numberWidth: number;
    marked: string;
    current: number;
  }) => {
    const [from, to] = marked === "" ? [-1, -2] : marked.split(",").map(Number);
    return (
      <div className={style.row} role="row" aria-rowindex={row + 2}>
        <span className={style.number} role="rowheader" style={{ width: numberWidth }}>
          {row + 1}
        </span>
        {columns.map((column, index) => {
          const cell = textOf(value, column);
          const isCurrent = current === index;
          return (
            <span
              key={column.name}
              id={`${id}-${row}-${index}`}
              role="gridcell"
              aria-colindex={index + 2}
              aria-selected={isCurrent || undefined}
              className={style.cell}
              data-row={row}
              data-column={index}
              data-look={cell?.look}
              data-waiting={cell ? undefined : ""}
              data-marked={index >= (from ?? -1) && index <= (to ?? -2) ? "" : undefined}
              data-current={isCurrent ? "" : undefined}
              title={cell?.full}
              style={{ width: widths[index] }}
            >
              {cell?.text ?? "·"}
            </span>
          );
        })}
      </div>
    );
  },
);
