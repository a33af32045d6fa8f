import { describe, expect, test } from "vitest";
import {
  build,
  coloursOf,
  counterOf,
  fewer,
  type Ink,
  MOST_SERIES,
  OTHER,
  optionsOf,
  timeOf,
} from "./options";
import { type ChartSpec, guessSpec, readSpec, writeSpec } from "./spec";

const columns = [
  { name: "day", type: "timestamp(3)" },
  { name: "protocol", type: "varchar" },
  { name: "volume", type: "double" },
  { name: "trades", type: "bigint" },
];
const rows = [
  { day: "2026-11-02 00:00:00.000", protocol: "b", volume: 2, trades: 1 },
  { day: "2026-11-01 00:00:00.000", protocol: "a", volume: 1.5, trades: 9_007_199_254_740_993n },
  { day: "2026-11-01 00:00:00.000", protocol: "b", volume: null, trades: 3 },
];
const spec: ChartSpec = {
  kind: "line",
  x: "day",
  y: ["volume"],
  split: "protocol",
  isStacked: false,
  isLog: false,
};
const ink: Ink = {
  text: "t",
  text3: "t3",
  line: "l",
  surface: "s",
  series: ["1", "2", "3", "4", "5", "6", "7", "8"],
  font: "f",
};

describe("a chart", () => {
  test("is guessed from its columns", () => {
    expect(guessSpec(columns)).toMatchObject({
      kind: "line",
      x: "day",
      y: ["volume"],
      split: "protocol",
    });
    expect(guessSpec([{ name: "n", type: "bigint" }]).kind).toBe("counter");
    expect(
      guessSpec([
        { name: "k", type: "varchar" },
        { name: "n", type: "bigint" },
      ]),
    ).toMatchObject({ kind: "bar", x: "k", y: ["n"] });
  });

  test("survives being stored, and what others stored is left alone", () => {
    expect(readSpec(JSON.parse(JSON.stringify(writeSpec(spec))))).toEqual(spec);
    for (const options of [
      {},
      { qanat: null },
      { qanat: { kind: "sankey", x: "a", y: [] } },
      { qanat: { kind: "bar", x: 1, y: "n" } },
    ])
      expect(readSpec(options)).toBeUndefined();
  });

  test("adds up the rows of one place in bars and slices, and says so", () => {
    const more = [...rows, { day: "2026-11-01 00:00:00.000", protocol: "a", volume: 4, trades: 5n }];
    const { series, note } = build({ ...spec, kind: "bar" }, more, columns);
    expect(series).toEqual([
      { name: "b", points: [[Date.UTC(2026, 10, 2), 2]] },
      { name: "a", points: [[Date.UTC(2026, 10, 1), 5.5]] },
    ]);
    expect(note).toBe("Rows of the same day and protocol are added up.");
    const pie = build(
      { ...spec, kind: "pie", x: "protocol", y: ["trades"], split: undefined },
      rows,
      columns,
    );
    expect(pie.series[0]?.points).toEqual([
      ["b", 4],
      ["a", 9_007_199_254_740_992],
    ]);
    expect(pie.note).toBe("Rows of the same protocol are added up.");
    expect(build({ ...spec, kind: "bar" }, rows, columns).note).toBeUndefined();
    // A line goes through every row.
    const line = build(spec, more, columns);
    expect(line.series[1]?.points).toHaveLength(2);
    expect(line.note).toBeUndefined();
  });

  test("has times in UTC, in order, and leaves nulls out", () => {
    const { series, axis } = build(spec, rows, columns);
    expect(axis).toBe("time");
    expect(series).toEqual([
      { name: "b", points: [[Date.UTC(2026, 10, 2), 2]] },
      { name: "a", points: [[Date.UTC(2026, 10, 1), 1.5]] },
    ]);
    expect(timeOf("2026-11-01 00:00:00.000 UTC")).toBe(Date.UTC(2026, 10, 1));
    expect(timeOf("2026-11-01")).toBe(Date.UTC(2026, 10, 1));
  });

  test("draws at most eight series, the rest together, and loses nothing", () => {
    const many = Array.from({ length: 20 }, (_, index) => ({
      name: `s${index}`,
      points: [[0, index] as const, [1, 1] as const],
    }));
    const few = fewer(many);
    expect(few).toHaveLength(MOST_SERIES);
    expect(few.at(-1)?.name).toBe(OTHER);
    const sum = (all: typeof many) =>
      all.flatMap((one) => one.points).reduce((total, point) => total + point[1], 0);
    expect(sum(few as never)).toBe(sum(many));
    expect(fewer(many.slice(0, 8))).toEqual(many.slice(0, 8));
  });

  test("takes a log scale only where every value is positive", () => {
    const log = { ...spec, isLog: true };
    expect(build(log, rows, columns).isLog).toBe(true);
    expect(
      build(log, [...rows, { day: "2026-11-03", protocol: "a", volume: 0, trades: 0 }], columns),
    ).toMatchObject({
      isLog: false,
      note: "A log scale needs positive values.",
    });
    expect(build({ ...log, kind: "bar" }, rows, columns).isLog).toBe(false);
  });

  test("begins bars at zero", () => {
    const bar = { ...spec, kind: "bar" as const };
    expect(optionsOf(bar, build(bar, rows, columns), ink)).toMatchObject({ yAxis: { scale: false } });
    expect(optionsOf(spec, build(spec, rows, columns), ink)).toMatchObject({ yAxis: { scale: true } });
  });

  test("hands over many points as numbers in a row, and few or named ones as they are", () => {
    const many = Array.from({ length: 2_000 }, (_, index) => ({
      n: index,
      volume: index * 2,
      protocol: "a",
    }));
    const own: ChartSpec = { kind: "scatter", x: "n", y: ["volume"], isStacked: false, isLog: false };
    const numbers = [{ name: "n", type: "bigint" }, ...columns];
    const dataOf = (rows: typeof many, spec: ChartSpec) =>
      (optionsOf(spec, build(spec, rows, numbers), ink) as { series: { data: unknown }[] }).series[0]?.data;
    const data = dataOf(many, own) as Float64Array;
    expect(data).toBeInstanceOf(Float64Array);
    expect([data.length, ...data.slice(-2)]).toEqual([4_000, 1_999, 3_998]);
    expect(dataOf(many.slice(0, 2), own)).toEqual([
      [0, 0],
      [1, 2],
    ]);
    expect(dataOf(many, { ...own, kind: "bar" })).toBeInstanceOf(Array);
  });

  test("never uses a tooltip that the policy would block", () => {
    for (const kind of ["line", "area", "bar", "scatter", "pie"] as const) {
      const own = { ...spec, kind };
      expect(optionsOf(own, build(own, rows, columns), ink)).toMatchObject({
        tooltip: { renderMode: "richText" },
      });
    }
  });

  test("keeps a series' colour by its name, and gives no two the same", () => {
    expect(coloursOf(["uniswap", "curve"])[0]).toBe(coloursOf(["uniswap"])[0]);
    expect(new Set(coloursOf(["a", "b", "c", "d", "e", "f", "g"])).size).toBe(7);
  });

  test("stacks every series over the same places, so that a gap moves no other value", () => {
    const stacked = build({ ...spec, kind: "bar", isStacked: true }, rows, columns);
    expect(stacked.series.map((one) => [one.name, one.points])).toEqual([
      [
        "b",
        [
          [timeOf("2026-11-01"), 0],
          [timeOf("2026-11-02"), 2],
        ],
      ],
      [
        "a",
        [
          [timeOf("2026-11-01"), 1.5],
          [timeOf("2026-11-02"), 0],
        ],
      ],
    ]);
    expect(stacked.summary).toContain("between 1.5 and 2.");
  });

  test("says in one sentence what it shows", () => {
    expect(build(spec, rows, columns).summary).toBe(
      "Line chart of volume by protocol (b, a) from 2026-11-01 to 2026-11-02, between 1.5 and 2.",
    );
    expect(build(spec, [], columns).summary).toBe("The result has no rows.");
    expect(build({ ...spec, y: ["none"] }, rows, columns).summary).toBe("No values to draw.");
  });

  test("a counter shows the first row's value, whatever carries it", () => {
    const counter = { ...spec, kind: "counter" as const, y: ["trades"] };
    expect(counterOf(counter, rows.slice(1))).toEqual({ value: 9_007_199_254_740_993n, isNumber: true });
    expect(counterOf(counter, [])).toEqual({ value: undefined, isNumber: false });
  });
});
