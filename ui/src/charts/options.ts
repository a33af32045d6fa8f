/**
 * A chart's spec and rows into series, and series into the library's words. Pure.
 *
 * At most eight series, the rest together as *other*; bars begin at zero; a log axis only where every value is
 * positive; times in UTC; a series keeps its colour by its name.
 */

import { figure } from "../components/format";
import { isTime } from "../grid/filter";
import type { ChartSpec } from "./spec";

type Column = { name: string; type: string };
export type Row = Record<string, unknown>;
export type Point = readonly [number | string, number];
export type Series = { name: string; points: Point[] };
export type Built = {
  series: Series[];
  axis: "time" | "value" | "category";
  isLog: boolean;
  /** What was done to the rows, and why something asked for is not shown. */
  note?: string;
  /** One sentence that says what the picture shows. */
  summary: string;
};

export const MOST_SERIES = 8;
export const OTHER = "other";
export const MOST_POINTS = 10_000;

export const numberOf = (value: unknown): number =>
  value === null || value === undefined || value === "" ? Number.NaN : Number(value);

/** `2026-11-01 00:00:00.000 UTC` and the like, as milliseconds. */
export const timeOf = (value: unknown): number => {
  const text = String(value).replace(/ UTC$/, "").replace(" ", "T");
  return Date.parse(text.length === 10 ? `${text}T00:00:00Z` : `${text}Z`);
};

export const build = (spec: ChartSpec, rows: readonly Row[], columns: readonly Column[]): Built => {
  const xType = columns.find((column) => column.name === spec.x)?.type ?? "varchar";
  const axis =
    spec.kind === "pie" || spec.kind === "bar"
      ? isTime(xType) && spec.kind === "bar"
        ? "time"
        : "category"
      : isTime(xType)
        ? "time"
        : /^(varchar|char|boolean|varbinary)/.test(xType)
          ? "category"
          : "value";
  const xOf = (row: Row): number | string =>
    axis === "time"
      ? timeOf(row[spec.x])
      : axis === "value"
        ? numberOf(row[spec.x])
        : String(row[spec.x] ?? "null");
  const byName = new Map<string, Point[]>();
  for (const row of rows) {
    const x = xOf(row);
    if (typeof x === "number" && Number.isNaN(x)) continue;
    for (const column of spec.y) {
      const y = numberOf(row[column]);
      if (Number.isNaN(y)) continue;
      const own = spec.split ? String(row[spec.split] ?? "null") : column;
      const name = spec.split && spec.y.length > 1 ? `${own} · ${column}` : own;
      const points = byName.get(name) ?? [];
      points.push([x, y]);
      byName.set(name, points);
    }
  }
  const isOfSums = spec.kind === "bar" || spec.kind === "pie" || (spec.isStacked && spec.kind !== "scatter");
  let isSummed = false;
  let series = fewer(
    [...byName].map(([name, points]) => {
      const own = isOfSums ? summed(points) : points;
      isSummed ||= own.length < points.length;
      return { name, points: own };
    }),
  );
  if (axis !== "category")
    series = series.map(({ name, points }) => ({
      name,
      points: points.sort((a, b) => (a[0] as number) - (b[0] as number)),
    }));
  const summary =
    rows.length === 0
      ? "The result has no rows."
      : series.length === 0
        ? "No values to draw."
        : summaryOf(spec, series, axis);
  if (spec.isStacked && series.length > 1) series = aligned(series, axis);
  const isPositive = series.every((one) => one.points.every((point) => point[1] > 0));
  const isLog = spec.isLog && isPositive && spec.kind !== "bar" && spec.kind !== "pie";
  const notes: string[] = [];
  if (isSummed)
    notes.push(`Rows of the same ${spec.x}${spec.split ? ` and ${spec.split}` : ""} are added up.`);
  if (spec.isLog && !isLog)
    notes.push(isPositive ? "A log scale is for lines and points." : "A log scale needs positive values.");
  return {
    series,
    axis,
    isLog,
    ...(notes.length > 0 ? { note: notes.join(" ") } : {}),
    summary,
  };
};

/** One point a place: a bar or a slice stands for all rows of it, or the tallest would hide the others. */
const summed = (points: readonly Point[]): Point[] => {
  const sums = new Map<number | string, number>();
  for (const [x, y] of points) sums.set(x, (sums.get(x) ?? 0) + y);
  return [...sums];
};

/**
 * Every series with a value at every place, 0 where it has none: the library stacks on an axis of times
 * or numbers by the order of points, so a gap would put the following ones on the wrong pile.
 */
const aligned = (series: readonly Series[], axis: Built["axis"]): Series[] => {
  const places = [...new Set(series.flatMap((one) => one.points.map((point) => point[0])))];
  if (axis !== "category") places.sort((a, b) => (a as number) - (b as number));
  return series.map(({ name, points }) => {
    const own = new Map<number | string, number>();
    for (const [x, y] of points) own.set(x, (own.get(x) ?? 0) + y);
    return { name, points: places.map((x): Point => [x, own.get(x) ?? 0]) };
  });
};

/** The largest seven and the rest together, if there are more than eight. */
export const fewer = (series: readonly Series[]): Series[] => {
  if (series.length <= MOST_SERIES) return [...series];
  const weight = (one: Series) => one.points.reduce((sum, point) => sum + Math.abs(point[1]), 0);
  const ranked = [...series].sort((a, b) => weight(b) - weight(a) || a.name.localeCompare(b.name));
  const kept = new Set(ranked.slice(0, MOST_SERIES - 1).map((one) => one.name));
  const rest = new Map<number | string, number>();
  for (const one of series)
    if (!kept.has(one.name)) for (const [x, y] of one.points) rest.set(x, (rest.get(x) ?? 0) + y);
  return [...series.filter((one) => kept.has(one.name)), { name: OTHER, points: [...rest] }];
};

const summaryOf = (spec: ChartSpec, series: readonly Series[], axis: Built["axis"]): string => {
  const values = series.flatMap((one) => one.points.map((point) => point[1]));
  let [least, most] = [values[0] as number, values[0] as number];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const names = series.map((one) => one.name);
  const shown =
    names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
  const what = spec.split ? `${spec.y.join(", ")} by ${spec.split} (${shown})` : shown;
  const span =
    axis === "time"
      ? ` from ${day(extremeOf(series, Math.min))} to ${day(extremeOf(series, Math.max))}`
      : ` by ${spec.x}`;
  return `${spec.kind[0]?.toUpperCase()}${spec.kind.slice(1)} chart of ${what}${span}, between ${figure(least)} and ${figure(most)}.`;
};

const day = (at: number): string => new Date(at).toISOString().slice(0, 10);

const extremeOf = (series: readonly Series[], pick: (a: number, b: number) => number): number =>
  series
    .flatMap((one) => one.points)
    .reduce((found, point) => pick(found, point[0] as number), series[0]?.points[0]?.[0] as number);

/** A place in the palette that depends on the name alone: a series keeps its colour across charts. */
export const colourIndex = (name: string, taken: ReadonlySet<number>): number => {
  if (name === OTHER) return 7;
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  for (let step = 0; step < MOST_SERIES; step += 1) {
    const index = (hash + step) % 7;
    if (!taken.has(index)) return index;
  }
  return hash % 7;
};

export const coloursOf = (names: readonly string[]): number[] => {
  const taken = new Set<number>();
  return names.map((name) => {
    const index = colourIndex(name, taken);
    taken.add(index);
    return index;
  });
};

export type Ink = {
  text: string;
  text3: string;
  line: string;
  surface: string;
  series: readonly string[];
  font: string;
};

/** How far apart two marks are says how much of a time has to be written. */
const TIMES = {
  year: "{yyyy}",
  month: "{MMM} {yyyy}",
  day: "{d} {MMM}",
  hour: "{HH}:{mm}",
  minute: "{HH}:{mm}",
  second: "{HH}:{mm}:{ss}",
  millisecond: "{HH}:{mm}:{ss}.{SSS}",
};

const DASHES = ["solid", "dashed", "dotted"] as const;
const MARKS = ["circle", "rect", "triangle", "diamond"] as const;

/** From here on points are handed over as plain numbers. */
const MANY_POINTS = 1_000;

/** The library copies and looks into every point that is an array; numbers in a row it takes as they are. */
const dataOf = (points: readonly Point[], axis: Built["axis"]): Record<string, unknown> => {
  if (axis === "category" || points.length < MANY_POINTS) return { data: points };
  const numbers = new Float64Array(points.length * 2);
  points.forEach(([x, y], index) => {
    numbers[2 * index] = x as number;
    numbers[2 * index + 1] = y;
  });
  return { data: numbers, dimensions: ["x", "y"], encode: { x: 0, y: 1 } };
};

/** The same in the words of the library. */
export const optionsOf = (spec: ChartSpec, built: Built, ink: Ink): Record<string, unknown> => {
  const names = built.series.map((one) => one.name);
  const indexes = coloursOf(names);
  const colour = (at: number) => ink.series[indexes[at] ?? 0] ?? ink.text;
  const text = { color: ink.text3, fontFamily: ink.font, fontSize: 11 };
  const common = {
    animation: false,
    textStyle: { fontFamily: ink.font },
    useUTC: true,
    // An HTML tooltip writes style attributes, which the content security policy forbids.
    tooltip: {
      trigger: spec.kind === "pie" || spec.kind === "scatter" ? "item" : "axis",
      renderMode: "richText",
      backgroundColor: ink.surface,
      borderColor: ink.line,
      textStyle: { color: ink.text, fontFamily: ink.font, fontSize: 12 },
      confine: true,
    },
    legend:
      names.length > 0
        ? {
            show: true,
            top: 0,
            left: 0,
            type: "plain",
            textStyle: { ...text, color: ink.text },
            icon: "roundRect",
            itemWidth: 12,
            itemHeight: 8,
          }
        : { show: false },
  };
  if (spec.kind === "pie") {
    const points = built.series[0]?.points ?? [];
    const slices = fewer(
      points.map(([name, value]) => ({ name: String(name), points: [[0, value] as Point] })),
    );
    const own = coloursOf(slices.map((slice) => slice.name));
    return {
      ...common,
      series: [
        {
          type: "pie",
          radius: ["38%", "68%"],
          center: ["50%", "56%"],
          label: { color: ink.text, fontFamily: ink.font, fontSize: 11 },
          itemStyle: { borderColor: ink.surface, borderWidth: 2 },
          data: slices.map((slice, at) => ({
            name: slice.name,
            value: slice.points[0]?.[1] ?? 0,
            itemStyle: { color: ink.series[own[at] ?? 0] },
          })),
        },
      ],
    };
  }
  const type = spec.kind === "area" ? "line" : spec.kind;
  return {
    ...common,
    grid: { left: 8, right: 16, top: 32, bottom: 24, containLabel: true },
    xAxis: {
      type: built.axis,
      name: built.axis === "time" ? `${spec.x} (UTC)` : spec.x,
      nameLocation: "middle",
      nameGap: 26,
      nameTextStyle: text,
      axisLabel: built.axis === "time" ? { ...text, formatter: TIMES, hideOverlap: true } : text,
      axisLine: { lineStyle: { color: ink.line } },
      splitLine: { show: false },
      ...(built.axis === "value" ? { scale: true } : {}),
    },
    yAxis: {
      type: built.isLog ? "log" : "value",
      // Bars and areas begin at zero: their length is what is read.
      scale: spec.kind === "line" || spec.kind === "scatter",
      axisLabel: { ...text, formatter: (value: number) => figure(value) },
      splitLine: { lineStyle: { color: ink.line } },
    },
    series: built.series.map((one, at) => ({
      name: one.name,
      type,
      ...dataOf(one.points, built.axis),
      color: colour(at),
      ...(spec.isStacked && type !== "scatter" ? { stack: "all" } : {}),
      ...(type === "line"
        ? {
            showSymbol: one.points.length <= 60,
            symbol: MARKS[at % MARKS.length],
            symbolSize: 5,
            sampling: "lttb",
            lineStyle: { width: 1.75, type: DASHES[Math.floor(at / 3) % DASHES.length] },
            ...(spec.kind === "area" ? { areaStyle: { opacity: 0.18 } } : {}),
          }
        : {}),
      ...(type === "scatter"
        ? {
            symbolSize: one.points.length > 2000 ? 3 : 6,
            symbol: MARKS[at % MARKS.length],
            large: true,
            progressive: 0, // all in one frame: its own way is twenty frames of a few points each
          }
        : {}),
      ...(type === "bar" ? { barMaxWidth: 48 } : {}),
    })),
  };
};

/** The number a counter shows: the first row's value. */
export const counterOf = (spec: ChartSpec, rows: readonly Row[]): { value: unknown; isNumber: boolean } => {
  const value = rows[0]?.[spec.y[0] ?? spec.x];
  return { value, isNumber: !Number.isNaN(numberOf(value)) };
};
