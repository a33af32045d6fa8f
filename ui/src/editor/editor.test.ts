import { describe, expect, test } from "vitest";
import { completionsAt, relationsIn } from "./complete";
import { offsetOf, placeOf, spanOf } from "./markers";
import { tidy } from "./tidy";
import { linesOf, tokensOf } from "./tokens";

const known = {
  tables: [
    {
      name: "ethereum.transactions",
      kind: "source",
      columns: [
        { name: "block_time", type: "timestamp(3)" },
        { name: "from", type: "varbinary" },
      ],
    },
    { name: "dune.me.result_flows", kind: "view", columns: [{ name: "volume", type: "double" }] },
  ],
  functions: [
    { name: "date_trunc", signature: "date_trunc(unit, x)", description: "x cut down to the unit" },
  ],
  parameters: ["day", "token name"],
};
/** `|` marks the cursor. */
const at = (marked: string) => completionsAt(marked.replace("|", ""), marked.indexOf("|"), known);
const labels = (marked: string) => at(marked)?.offers.map((offer) => offer.label) ?? [];

describe("completion", () => {
  test("offers tables where a table stands", () => {
    expect(labels("SELECT * FROM |")).toEqual(["ethereum.transactions", "dune.me.result_flows"]);
    expect(labels("SELECT * FROM a JOIN eth|")).toContain("ethereum.transactions");
    expect(labels("SELECT * FROM a, |")).toEqual(["ethereum.transactions", "dune.me.result_flows"]);
    expect(at("SELECT * FROM ethereum.tr|")).toMatchObject({ from: 14 });
  });

  test("offers the columns of what stands before a dot, by alias or by name", () => {
    expect(labels("SELECT t.| FROM ethereum.transactions AS t")).toEqual(["block_time", "from"]);
    expect(labels("SELECT transactions.| FROM ethereum.transactions")).toEqual(["block_time", "from"]);
    expect(at("SELECT t.bl| FROM ethereum.transactions t")).toMatchObject({ from: 9 });
  });

  test("quotes a name that needs it", () => {
    const offer = at("SELECT t.| FROM ethereum.transactions t")?.offers.find((one) => one.label === "from");
    expect(offer?.text).toBe("from");
    expect(
      completionsAt("SELECT x.", 9, {
        ...known,
        tables: [{ name: "x", kind: "view", columns: [{ name: "A b", type: "bigint" }] }],
      })?.offers[0]?.text,
    ).toBe('"A b"');
  });

  test("offers columns of the read relations before functions, and words beside", () => {
    const offers = labels("SELECT | FROM dune.me.result_flows");
    expect(offers[0]).toBe("volume");
    expect(offers).toEqual(expect.arrayContaining(["date_trunc", "DISTINCT", "ethereum.transactions"]));
    expect(offers).not.toContain("block_time");
  });

  test("offers parameters inside braces, and closes them", () => {
    expect(at("WHERE d = '{{to|")?.offers.map((offer) => offer.text)).toEqual(["day}}", "token name}}"]);
  });

  test("is quiet inside texts and comments", () => {
    expect(at("SELECT 'fro|")).toBeUndefined();
    expect(at("SELECT 1 -- fro|")).toBeUndefined();
  });

  test("does not take a word of SQL for an alias", () => {
    expect([...relationsIn("SELECT * FROM a.b WHERE x JOIN c.d y ON 1=1 -- FROM e.f")]).toEqual([
      ["b", "a.b"],
      ["d", "c.d"],
      ["y", "c.d"],
    ]);
  });
});

describe("places", () => {
  const text = 'SELECT a,\n  amout\nFROM "my table"';
  test("go to an offset and back", () => {
    for (let offset = 0; offset <= text.length; offset += 1)
      expect(offsetOf(text, placeOf(text, offset))).toBe(offset);
  });
  test("beyond an end are the end", () => {
    expect(offsetOf(text, { line: 9, column: 1 })).toBe(text.length);
    expect(offsetOf(text, { line: 1, column: 99 })).toBe(9);
  });
  test("are underlined to the end of the token, or as far as is said, and never by nothing", () => {
    const shown = (line: number, column: number, length?: number) => {
      const { from, to } = spanOf(text, { line, column, length });
      return text.slice(from, to);
    };
    expect(shown(2, 3)).toBe("amout");
    expect(shown(2, 3, 2)).toBe("am");
    expect(shown(3, 6)).toBe('"my table"');
    expect(shown(3, 99)).toBe('"');
    expect(spanOf("", { line: 1, column: 1 })).toEqual({ from: 0, to: 0 });
  });
});

describe("text that is shown", () => {
  const sql = "SELECT -- c 'x'\n 'it''s', 0xAB, {{day}}, cast(1.5e3 AS double) /* a\nb */ FROM \"from\"";
  test("is whole when its pieces are joined", () => {
    expect(
      tokensOf(sql)
        .map((token) => token.text)
        .join(""),
    ).toBe(sql);
    expect(
      linesOf(sql)
        .map((line) => line.map((token) => token.text).join(""))
        .join("\n"),
    ).toBe(sql);
  });
  test("is coloured by what it is", () => {
    const kinds = new Map(tokensOf(sql).map((token) => [token.text, token.kind]));
    expect(kinds.get("'it''s'")).toBe("string");
    expect(kinds.get("0xAB")).toBe("number");
    expect(kinds.get("{{day}}")).toBe("param");
    expect(kinds.get("double")).toBe("type");
    expect(kinds.get("-- c 'x'")).toBe("comment");
    expect([...kinds].filter(([text]) => text.includes('"from"')).map(([, kind]) => kind)).toEqual(["plain"]);
  });
});

describe("tidying", () => {
  const samples = [
    "select a,b , count(*) from t where x=1 and y<>'A and B' group by 1,2 order by 3 desc limit 5",
    "with f as (select * from a.b -- why\n where d > timestamp '2026-01-01') select f.x, sum( y ) over (partition by z) from f left join g on f.id=g.id",
    "select (a -- one\n) from (select 1 -- two\n) x -- three",
    'select "from", -1, 1 - -2, x[1], arr -> x, cast(a as decimal(18,3)), {{ day }} from "a b".c',
  ];
  /** Comments and texts as they are, the rest without white space and case. */
  const bare = (sql: string) =>
    tokensOf(sql)
      .map(({ kind, text }) =>
        kind === "comment" || kind === "string" ? text : text.replace(/\s+/g, "").toLowerCase(),
      )
      .join("");
  test.each(samples)("changes white space and case of words only: %s", (sql) => {
    expect(bare(tidy(sql))).toBe(bare(sql));
  });
  test.each(samples)("changes nothing the second time: %s", (sql) => {
    expect(tidy(tidy(sql))).toBe(tidy(sql));
  });
  test("sets clauses and items on lines", () => {
    expect(tidy(samples[0] as string)).toBe(
      "SELECT a,\n  b,\n  count(*)\nFROM t\nWHERE x = 1\n  AND y <> 'A and B'\nGROUP BY 1, 2\nORDER BY 3 DESC\nLIMIT 5\n",
    );
  });
});
