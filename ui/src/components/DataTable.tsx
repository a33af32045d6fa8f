import { ArrowDown, ArrowUp } from "lucide-react";
import {
  type KeyboardEvent,
  memo,
  type ReactNode,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import style from "./DataTable.module.css";

export type Column<T> = {
  key: string;
  title: string;
  cell: (row: T) => ReactNode;
  right?: boolean;
  /** Left out on a narrow screen. */
  wide?: boolean;
  /** As narrow as its cells; its title is only for screen readers. */
  narrow?: boolean;
  /** Takes what room the others leave; what does not fit in it ends in dots. */
  fill?: boolean;
  /** Sorts by this; a column without it cannot be sorted. */
  by?: (row: T) => string | number;
};

export type Sort = { key: string; isDown: boolean };

/** Sorted without moving equal rows; what has no value comes last, whichever way. */
export const sorted = <T,>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  sort: Sort | undefined,
): T[] => {
  const by = columns.find((column) => column.key === sort?.key)?.by;
  if (!by || !sort) return [...rows];
  const isNothing = (value: string | number) => value === "" || Number.isNaN(value);
  return [...rows].sort((a, b) => {
    const [x, y] = [by(a), by(b)];
    if (isNothing(x) || isNothing(y)) return Number(isNothing(x)) - Number(isNothing(y));
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y));
    return sort.isDown ? -order : order;
  });
};

/** Rows drawn at first, and how many more whenever the end of those comes near. */
const FIRST = 60;
const STEP = 200;
const NEAR_PX = 800;

/** How many of `total` rows are drawn: those scrolled to, and at least `least`. `end` is what follows them. */
const useGrowing = (total: number, least: number, end: RefObject<HTMLElement | null>): number => {
  const [asked, setAsked] = useState(FIRST);
  const shown = Math.min(total, Math.max(asked, least));
  useEffect(() => {
    if (shown >= total || !end.current) return;
    const near = `${NEAR_PX}px`;
    const observer = new IntersectionObserver(
      ([seen]) => {
        if (seen?.isIntersecting) setAsked(shown + STEP);
      },
      { rootMargin: near, scrollMargin: near } as IntersectionObserverInit,
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [shown, total, end]);
  return shown;
};

/** Drawn again only if it changed: of a thousand lines an event or a selection changes a few. */
const Line = memo(function Line<T>({
  row,
  columns,
  onOpen,
  index,
  isSelected,
  isStop,
}: {
  row: T;
  columns: readonly Column<T>[];
  onOpen: ((row: T) => void) | undefined;
  index: number;
  isSelected: boolean | undefined;
  /** Where the tabulator key enters the table. */
  isStop: boolean;
}) {
  return (
    <tr
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      data-open={onOpen ? "" : undefined}
      tabIndex={onOpen ? (isStop ? 0 : -1) : undefined}
      onClick={(event) => {
        if (!(event.target as Element).closest("a, button, input")) onOpen?.(row);
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && event.target === event.currentTarget) onOpen?.(row);
      }}
    >
      {columns.map((column) => (
        <td
          key={column.key}
          data-right={column.right ? "" : undefined}
          data-wide={column.wide ? "" : undefined}
          data-narrow={column.narrow ? "" : undefined}
          data-fill={column.fill ? "" : undefined}
        >
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}) as <T>(props: {
  row: T;
  columns: readonly Column<T>[];
  onOpen: ((row: T) => void) | undefined;
  index: number;
  isSelected: boolean | undefined;
  isStop: boolean;
}) => ReactNode;

/**
 * A table of things that can be opened: `j`, `k` and the arrows move, `Enter` opens.
 * Rows are sorted by their owner, which keeps the sort in the address.
 */
export const DataTable = <T,>({
  label,
  columns,
  rows,
  rowKey,
  onOpen,
  selected,
  sort,
  onSort,
}: {
  label: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  onOpen?: (row: T) => void;
  selected?: string | undefined;
  sort?: Sort | undefined;
  onSort?: (sort: Sort) => void;
}) => {
  const body = useRef<HTMLTableSectionElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (!step || event.ctrlKey || event.metaKey) return;
    const found = [...(body.current?.querySelectorAll<HTMLElement>("tr") ?? [])];
    const at = found.indexOf(document.activeElement?.closest("tr") as HTMLElement);
    const next = found[Math.max(0, Math.min(found.length - 1, at + step))];
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  const held = useRef<{ line: Element; at: number }>(undefined);
  // A line that goes while the focus is in it leaves it to the one that takes its place.
  useLayoutEffect(() => {
    if (!held.current || held.current.line.isConnected || document.activeElement !== document.body) return;
    const lines = body.current?.rows;
    lines?.[Math.min(held.current.at, lines.length - 1)]?.focus();
  });
  const chosen = selected === undefined ? -1 : rows.findIndex((row) => rowKey(row) === selected);
  const end = useRef<HTMLDivElement>(null);
  const shown = useGrowing(rows.length, chosen + 1, end);
  return (
    <div className={style.scroll}>
      <table className={style.table} aria-label={label} aria-rowcount={rows.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => {
              const direction =
                sort?.key === column.key ? (sort.isDown ? "descending" : "ascending") : undefined;
              return (
                <th
                  key={column.key}
                  scope="col"
                  data-right={column.right ? "" : undefined}
                  data-wide={column.wide ? "" : undefined}
                  data-narrow={column.narrow ? "" : undefined}
                  data-fill={column.fill ? "" : undefined}
                  aria-sort={direction}
                >
                  {column.by && onSort ? (
                    <button
                      type="button"
                      onClick={() =>
                        onSort({
                          key: column.key,
                          isDown: direction === "ascending" || (!direction && Boolean(column.right)),
                        })
                      }
                    >
                      {column.title}
                      {direction === "ascending" && <ArrowUp aria-hidden width={12} height={12} />}
                      {direction === "descending" && <ArrowDown aria-hidden width={12} height={12} />}
                    </button>
                  ) : (
                    <span className={column.narrow ? "unseen" : undefined}>{column.title}</span>
                  )}
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody
          ref={body}
          onKeyDown={onOpen ? move : undefined}
          onFocus={({ target }) => {
            const line = target.closest("tr");
            if (line) held.current = { line, at: line.sectionRowIndex };
          }}
          data-list={onOpen ? "" : undefined}
        >
          {rows.slice(0, shown).map((row, index) => {
            const key = rowKey(row);
            return (
              <Line
                key={key}
                row={row}
                index={index}
                columns={columns}
                onOpen={onOpen}
                isSelected={selected === undefined ? undefined : key === selected}
                isStop={index === Math.max(0, chosen)}
              />
            );
          })}
        </tbody>
      </table>
      <div ref={end} />
    </div>
  );
};
