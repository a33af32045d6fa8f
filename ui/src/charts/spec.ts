/**
 * A chart as it is kept: what it shows, in our own words. The library that draws it is not named, so it can
 * be replaced; what is stored by others and not understood becomes a plain default.
 */

import { isNumber, isTime } from "../grid/filter";

export const CHART_KINDS = ["line", "area", "bar", "scatter", "pie", "counter"] as const;
export type ChartKind = (typeof CHART_KINDS)[number];

export type ChartSpec = {
  kind: ChartKind;
  /** Column of the horizontal axis, or of a pie's names. */
  x: string;
  /** Columns of the values. */
  y: string[];
  /** A column whose values become series of their own. */
  split?: string;
  isStacked: boolean;
  isLog: boolean;
  /** Of a counter: written after the number. */
  unit?: string;
};

type Column = { name: string; type: string };

/** What a result most likely wants to be. */
export const guessSpec = (columns: readonly Column[]): ChartSpec => {
  const numbers = columns.filter((column) => isNumber(column.type));
  const time = columns.find((column) => isTime(column.type));
  const name = columns.find((column) => !isNumber(column.type) && !isTime(column.type));
  const x = time ?? name ?? columns[0];
  // A text beside a time names series only where there is little else to draw.
  const split = time && name && numbers.length <= 2 ? name : undefined;
  const y = numbers.filter((column) => column !== x).slice(0, split ? 1 : 2);
  return {
    kind: columns.length === 1 && numbers.length === 1 ? "counter" : time ? "line" : "bar",
    x: x?.name ?? "",
    y: (y.length > 0 ? y : columns.slice(1, 2)).map((column) => column.name),
    ...(split && y.length > 0 ? { split: split.name } : {}),
    isStacked: false,
    isLog: false,
  };
};

/** The spec kept in a visualization's options; undefined if another tool wrote them. */
export const readSpec = (options: Record<string, unknown>): ChartSpec | undefined => {
  const raw = options.qanat;
  if (typeof raw !== "object" || raw === null) return undefined;
  const { kind, x, y, split, isStacked, isLog, unit } = raw as Record<string, unknown>;
  const known = CHART_KINDS.find((one) => one === kind);
  if (!known || typeof x !== "string" || !Array.isArray(y)) return undefined;
  return {
    kind: known,
    x,
    y: y.filter((one): one is string => typeof one === "string"),
    ...(typeof split === "string" ? { split } : {}),
    isStacked: isStacked === true,
    isLog: isLog === true,
    ...(typeof unit === "string" ? { unit } : {}),
  };
};

export const writeSpec = (spec: ChartSpec): Record<string, unknown> => ({ qanat: { version: 1, ...spec } });
