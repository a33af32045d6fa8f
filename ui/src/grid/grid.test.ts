import { describe, expect, test, vi } from "vitest";
import { cellOf, copied, jsonOf, tsvOf, widthOf } from "./cell";
import { filterByValue, readSort, sortClause } from "./filter";
import { decide, MOST_AT_ONCE, PAGE_ROWS, Pages, pagesOf } from "./pages";
import { searchOf } from "./search";
import * as window from "./window";

const view = (rowCount: number) => ({ rowCount, height: 600, rowHeight: 28 });

describe.each([5, 1000, 285_714, 10_000_000])("a window over %i rows", (rowCount) => {
  const at = view(rowCount);

  test("reaches the first and the last row by the scroll bar alone", () => {
    expect(window.windowOf(window.topOf(0, at), at).first).toBe(0);
    const bottom = window.scrollHeightOf(at) - at.height;
    expect(window.windowOf(window.topOf(bottom, at), at).last).toBe(rowCount);
    expect(window.scrollHeightOf(at)).toBeLessThanOrEqual(window.MOST_HEIGHT);
  });

  test("goes from position to scroll bar and back", () => {
    for (const share of [0, 0.1, 0.5, 0.999, 1]) {
      const top = share * window.lastTop(at);
      expect(window.topOf(window.scrollTopOf(top, at), at)).toBeCloseTo(top, 3);
    }
  });

  test("moves by exact rows, and never beyond its ends", () => {
    const top = Math.min(100, window.lastTop(at));
    if (window.lastTop(at) > 101) expect(window.moved(top, 1, at) - top).toBe(1);
    expect(window.moved(top, -1e9, at)).toBe(0);
    expect(window.moved(top, 1e9, at)).toBe(window.lastTop(at));
  });

  test("shows any row with the least move", () => {
    for (const row of [0, 3, rowCount - 1]) {
      const top = window.topShowing(row, 0, at);
      expect(row).toBeGreaterThanOrEqual(Math.floor(top));
      expect(row + 1).toBeLessThanOrEqual(top + at.height / at.rowHeight + 1e-6);
      expect(window.topShowing(row, top, at)).toBe(top);
    }
  });
});

describe("pages", () => {
  test("cover the rows on screen", () => {
    expect(pagesOf(0, 1)).toEqual([0]);
    expect(pagesOf(499, 501)).toEqual([0, 1]);
    expect(pagesOf(5, 5)).toEqual([]);
  });

  test("start at most three at once, abort what left, never ask twice", () => {
    expect(decide([1, 2, 3, 4], new Set([1]), new Set([2]))).toEqual({ start: [3, 4], abort: [] });
    expect(decide([9], new Set(), new Set([1, 2, 3]))).toEqual({ start: [9], abort: [1, 2, 3] });
    expect(decide([1, 2, 3, 4], new Set(), new Set()).start).toHaveLength(MOST_AT_ONCE);
  });

  test("are asked for when scrolling rests, and aborted when they leave", async () => {
    vi.useFakeTimers();
    const asked: { offset: number; signal: AbortSignal; answer: (rows: number[]) => void }[] = [];
    const tell = vi.fn();
    const pages = new Pages<number>(
      ({ offset }, signal) =>
        new Promise((resolve) => {
          asked.push({ offset, signal, answer: (rows) => resolve({ rows, total: 9999 }) });
        }),
      tell,
    );
    for (const first of [0, 2000, 4000]) pages.want(first, first + 20);
    await vi.advanceTimersByTimeAsync(59);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked.map((one) => one.offset)).toEqual([4000]);
    pages.want(0, 20);
    await vi.advanceTimersByTimeAsync(60);
    expect(asked[0]?.signal.aborted).toBe(true);
    asked[1]?.answer([7, 8]);
    await vi.advanceTimersByTimeAsync(0);
    expect([pages.row(1), pages.row(PAGE_ROWS), pages.total]).toEqual([8, undefined, 9999]);
    expect(tell).toHaveBeenCalledTimes(1);
    pages.close();
    vi.useRealTimers();
  });

  test("stop at an error until somebody tries again", async () => {
    vi.useFakeTimers();
    let fails = true;
    const pages = new Pages<number>(
      async () => {
        if (fails) throw new Error("expired");
        return { rows: [1], total: 1 };
      },
      () => {},
    );
    pages.want(0, 5, 0);
    await vi.advanceTimersByTimeAsync(1);
    expect(pages.error).toEqual(new Error("expired"));
    fails = false;
    pages.retry();
    await vi.advanceTimersByTimeAsync(0);
    expect(pages.row(0)).toBe(1);
    vi.useRealTimers();
  });
});

describe("cells", () => {
  test("tell null from empty and both from text", () => {
    expect(cellOf(null, "varchar")).toEqual({ text: "null", look: "null" });
    expect(cellOf("", "varchar")).toEqual({ text: '""', look: "empty" });
    expect(cellOf("null", "varchar")).toEqual({ text: "null" });
  });

  test("show numbers whole, whatever carries them", () => {
    expect(cellOf(9_007_199_254_740_993n, "bigint")).toEqual({ text: "9007199254740993", look: "number" });
    expect(cellOf("3.1415926535", "decimal(18,10)").look).toBe("number");
  });

  test("shorten long hashes in the middle and keep them whole beside", () => {
    const hash = `0x${"ab".repeat(32)}`;
    expect(cellOf(hash, "varbinary")).toEqual({ text: "0xabababab…ababab", look: "hex", full: hash });
  });

  test("write arrays and maps as JSON, with whole numbers kept", () => {
    expect(jsonOf({ a: [1, 9_007_199_254_740_993n] })).toBe('{"a":[1,9007199254740993]}');
    expect(cellOf([1], "array(bigint)").look).toBe("json");
  });

  test("are copied whole, one line a row", () => {
    expect(
      tsvOf([
        ["a\tb", null, 1n],
        ["x\ny", { k: 1 }, true],
      ]),
    ).toBe('a b\t\t1\nx y\t{"k":1}\ttrue');
    expect(copied(`0x${"ab".repeat(32)}`)).toHaveLength(66);
  });

  test("make columns neither too narrow nor endless", () => {
    expect(widthOf("b", "boolean", [true])).toBe(72);
    expect(widthOf("n", "bigint", [1])).toBe(widthOf("n", "bigint", [1_000_000_000]));
    expect(widthOf("text", "varchar", ["x".repeat(500)])).toBe(360);
  });
});

describe("filters", () => {
  const columns = [
    { name: "symbol", type: "varchar" },
    { name: 'we"ird', type: "varchar" },
    { name: "amount", type: "double" },
    { name: "hash", type: "varbinary" },
  ];
  const filterOf = (typed: string, of = columns) => searchOf(typed, of)?.filter;
  const only = (type: string, typed: string) => filterOf(typed, [{ name: "c", type }]);
  const NOTHING = `"c" IS NULL AND "c" IS NOT NULL`;

  test("words look into every text column, in capitals and small letters", () => {
    expect(filterOf("o'x", [...columns.slice(0, 2)])?.split(" OR ")).toEqual(
      ["symbol", 'we""ird'].flatMap((name) =>
        ["o''x", "o''X", "O''x", "O''X"].map((text) => `"${name}" LIKE '%${text}%'`),
      ),
    );
    const long = searchOf("wrapped ether", [{ name: "c", type: "varchar" }]);
    for (const text of ["wrapped ether", "WRAPPED ETHER", "Wrapped Ether", "Wrapped ether"])
      expect(long?.filter).toContain(`LIKE '%${text}%'`);
    expect(long?.none.more).toContain("It was looked for as wrapped ether, WRAPPED ETHER");
    expect(filterOf("")).toBeUndefined();
  });
  test("numbers are found by their digits", () => {
    expect(only("bigint", "5")).toBe('"c" = 5');
    expect(only("double", "12.3")).toBe('("c" >= 12.3 AND "c" < 12.4)');
    expect(only("decimal(10,2)", "9.99")).toBe('("c" >= 9.99 AND "c" < 10.00)');
    expect(only("double", "-0.09")).toBe('("c" <= -0.09 AND "c" > -0.10)');
    expect(only("real", "7")).toBe('("c" >= 7 AND "c" < 8)');
    expect(only("bigint", "5x")).toBe(NOTHING);
  });
  test("dates are found from the year on", () => {
    const range = (from: string, to: string) => `("c" >= '${from}' AND "c" <= '${to}')`;
    expect(only("date", "2026-02")).toBe(range("2026-02-01 00:00:00.000000", "2026-02-28 23:59:59.999999"));
    expect(only("timestamp(3)", "2026-11-03T10:41")).toBe(
      range("2026-11-03 10:41:00.000000", "2026-11-03 10:41:59.999999"),
    );
    expect(only("timestamp(3) with time zone", "2026-11-03 10:41:07.12 UTC")).toBe(
      range("2026-11-03 10:41:07.120000", "2026-11-03 10:41:07.129999"),
    );
    for (const none of ["2026-13", "2026-02-30", "11-03", "10:41"]) expect(only("date", none)).toBe(NOTHING);
  });
  test("binaries and identifiers are found by their beginning", () => {
    expect(only("varbinary", "0x048d13")).toBe('("c" >= 0x048d13 AND "c" < 0x048d14)');
    expect(only("varbinary", "048d1")).toBe('("c" >= 0x048d10 AND "c" < 0x048d20)');
    expect(only("varbinary", "0x0f")).toBe('("c" >= 0x0f AND "c" < 0x10)');
    expect(only("varbinary", "0xff")).toBe('"c" >= 0xff');
    expect(only("varbinary", "0x048d13ec…21003990")).toBe('("c" >= 0x048d13ec AND "c" < 0x048d13ed)');
    expect(only("varbinary", "dad")).toBe(NOTHING);
    expect(only("uuid", "01234567-8")).toBe(
      `("c" >= '01234567-8000-0000-0000-000000000000' AND "c" <= '01234567-8fff-ffff-ffff-ffffffffffff')`,
    );
  });
  test("what a cell shows of no value is found too", () => {
    expect(only("double", "null")).toBe('"c" IS NULL');
    expect(only("varchar", '""')).toBe(`"c" = ''`);
    expect(only("boolean", "True")).toBe('"c" = true');
  });
  test("the signs of LIKE do not find everything", () => {
    expect(only("varchar", "%")).toBe(`("c" >= '%' AND "c" < '&')`);
    expect(only("varchar", "5%")).toBe(`"c" LIKE '%5_%'`);
    expect(searchOf("5%", [{ name: "c", type: "varchar" }])?.note).toContain("any character");
  });
  test("what cannot be searched is said, and no row is left", () => {
    const search = searchOf("x", [{ name: "c", type: "array(bigint)" }]);
    expect(search?.filter).toBe(NOTHING);
    expect(search?.none).toEqual({
      title: "No row has “x”",
      more: "Arrays, maps, rows, JSON and times of day are not searched.",
    });
    expect(searchOf("x", columns)?.none.title).toBe("No row has “x” in a text column");
    expect(only("json", "x")).toBe(NOTHING);
  });
  test.each([
    "amount > 5 AND symbol = 'ETH'",
    "symbol IS NOT NULL",
    "(SYMBOL in ('a') or amount >= 1)",
    `"we""ird" LIKE 'a%'`,
    "amout = 5",
    "symbol = ETH",
    "not amount = 1",
  ])("an expression goes to the server as it is: %s", (text) => {
    expect(filterOf(text)).toBe(text);
  });
  test("BETWEEN is written as the server can read it", () => {
    expect(filterOf("amount between 1 and 5.5 AND symbol between 'a' and 'b c'")).toBe(
      "(amount >= 1 AND amount <= 5.5) AND (symbol >= 'a' AND symbol <= 'b c')",
    );
    expect(filterOf("symbol = 'x between 1 and 2'")).toBe("symbol = 'x between 1 and 2'");
  });
  test.each(["symbol like that", "I like it", "between us and them", "<b>", "x->y", "the symbol is fine"])(
    "a sentence is no expression: %s",
    (text) => {
      expect(filterOf(text)).toContain(`LIKE '%${text}%'`);
    },
  );
  test("a value filters for itself", () => {
    const [symbol, , amount, hash] = columns as never as { name: string; type: string }[];
    expect(filterByValue(symbol as never, "a'b")).toBe(`"symbol" = 'a''b'`);
    expect(filterByValue(amount as never, null)).toBe('"amount" IS NULL');
    expect(filterByValue(hash as never, "0xab")).toBe('"hash" = 0xab');
  });
  test("a sort survives the address", () => {
    for (const [name, isDown] of [
      ["day", true],
      ['we"ird, name', false],
    ] as const)
      expect(readSort(sortClause(name, isDown))).toEqual({ column: name, isDown });
    expect(readSort("day; drop")).toBeUndefined();
  });
});
