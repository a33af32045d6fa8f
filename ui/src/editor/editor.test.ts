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
    "select x'00ff', X'AB', u&'\\00e9', U&\"d\\0061t\", date'2026-01-01', N'a' 'b' from t",
    "select time, t.end, row, first as last, date_add, if(a,1,2) as zone from t",
    "select * from t where a between 1 and 2 and b not between case when x and y then -1 else +2 end and 3 or c",
    "select sum(a) over (partition by b order by c desc nulls last rows between unbounded preceding and current row) from t_{{chain}}_x",
    "-- first\nselect a, -- of a\n  -- of b\n  b /* b */ from t\n-- end",
    "select a-b, a -1, -a, .5, 1.5e-3, 0xAB, a||'x', x->y, count(*)*2, t.*, a::int from t where {{a}}and{{b}} or{{c}}",
    "select a from t union all select b from u except select 1 offset 5 limit {{n}}",
    "select 'it is not closed, x  y",
    "select 1 /* nor is\n this",
  ];
  const RESERVED =
    "all and as asc between by case cast cross current desc distinct else end escape except exists false fetch filter first following from full group having in inner intersect is join last left like limit natural not null nulls offset on or order outer over partition preceding range recursive right row rows select then true unbounded union unnest using values when where window with within";
  /** The text in pieces that white space must neither join nor split; two that touch say so. */
  const lexed = (sql: string) =>
    [
      ...sql.matchAll(
        /--[^\n]*|\/\*[\s\S]*?\*\/|(?:(?<![\p{L}\p{N}_$])(?:[xnbe]|u&))?'(?:[^']|'')*'|(?:(?<![\p{L}\p{N}_$])u&)?"(?:[^"]|"")*"|\{\{[^}\n]*\}\}|[\p{L}\p{N}_$.]+|(?:(?!--|\/\*)[-+*/%<>=!|&^~@#?:])+|\S/giu,
      ),
    ].flatMap(([text]) => {
      if (/^(--|\/\*)/.test(text)) return [text.trimEnd()];
      // A sign may step away from an operator, which keeps its own letters.
      return /^[^\p{L}\p{N}\s]+[-+]$/u.test(text) ? [text.slice(0, -1), text.slice(-1)] : [text];
    });
  const keywords = new Set(RESERVED.split(" "));
  const sameButCase = (sql: string) => {
    const [before, after] = [lexed(sql), lexed(tidy(sql))];
    expect(after.map((one) => one.toLowerCase())).toEqual(before.map((one) => one.toLowerCase()));
    const changed = before.filter((one, index) => one !== after[index]);
    expect(changed.filter((one) => !keywords.has(one.toLowerCase()))).toEqual([]);
  };
  test.each(samples)("changes white space and case of reserved words only: %s", (sql) => {
    sameButCase(sql);
  });
  test.each(samples)("changes nothing the second time: %s", (sql) => {
    expect(tidy(tidy(sql))).toBe(tidy(sql));
  });
  test("does so with whatever is put together", () => {
    const parts =
      "select|from|where|and|or|between|case|when|then|end|order by|group by|limit|desc|as|time|over|(|)|[|]|,|.|;|*|-|+|=|<=|<>|,|->|||x'0f'|u&'a'|'it''s  x'|'|\"a  B\"|\"|{{ p }}|1|.5|1e5|0xAb|a|T|é|x|-- c  d\n|/* e\n f */|/*|left join|in|not|union all|row|rows|with".split(
        /(?<!\|)\|(?!\|$)/,
      );
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 2_000; round += 1) {
      const sql = Array.from(
        { length: 1 + random(14) },
        () => `${parts[random(parts.length)]}${["", " ", " ", "\n", "  "][random(5)]}`,
      ).join("");
      const told = tidy(sql);
      sameButCase(sql);
      expect(told.replace(/\s+/g, "").toLowerCase(), sql).toBe(sql.replace(/\s+/g, "").toLowerCase());
      expect(tidy(told), sql).toBe(told);
    }
  });
  test("sets clauses and items on lines", () => {
    expect(tidy(samples[0] as string)).toBe(
      "SELECT a,\n  b,\n  count(*)\nFROM t\nWHERE x = 1\n  AND y <> 'A and B'\nGROUP BY 1, 2\nORDER BY 3 DESC\nLIMIT 5\n",
    );
  });
  test("keeps literals whole, names as they are written, and BETWEEN on one line", () => {
    expect(tidy("select x'00ff'")).toBe("SELECT x'00ff'\n");
    expect(tidy("select time from t")).toBe("SELECT time\nFROM t\n");
    expect(tidy("select a as end, limit from t order by desc")).toBe(
      "SELECT a AS end,\n  limit\nFROM t\nORDER BY desc\n",
    );
    expect(tidy("select a from t where b between 1 and 2 and c")).toBe(
      "SELECT a\nFROM t\nWHERE b BETWEEN 1 AND 2\n  AND c\n",
    );
  });
  test("leaves comments where they belong", () => {
    expect(tidy(samples[8] as string)).toBe(
      "-- first\nSELECT a, -- of a\n  -- of b\n  b /* b */\nFROM t\n  -- end\n",
    );
  });
});
