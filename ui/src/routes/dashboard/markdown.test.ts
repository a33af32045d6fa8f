import { expect, test } from "vitest";
import { blocksOf, type Inline, inlineOf } from "./markdown";

/** An inline in short: `b(…)`, `i(…)`, `c(…)`, `a(address: …)`. */
const short = (parts: Inline[]): string =>
  parts
    .map((one) =>
      one.kind === "text"
        ? one.text
        : one.kind === "code"
          ? `c(${one.text})`
          : one.kind === "link"
            ? `a(${one.to}: ${short(one.parts)})`
            : `${one.kind[0]}(${short(one.parts)})`,
    )
    .join("");

test("a title, a paragraph of several lines and a list are told apart line by line", () => {
  const blocks = blocksOf(
    "# Fees\nin **ETH**\nby day\n- one\n- two\n  and more\nlast\n\n3. c\n4. d\n## Next",
  );
  expect(
    blocks.map((one) =>
      one.kind === "title"
        ? `h${one.level} ${short(one.line)}`
        : one.kind === "paragraph"
          ? one.lines.map(short).join(" | ")
          : one.kind === "list"
            ? `${one.isNumbered ? one.first : "-"} ${one.items.map((item) => item.map(short).join(" | ")).join("; ")}`
            : one.text,
    ),
  ).toEqual(["h1 Fees", "in b(ETH) | by day", "- one; two | and more", "last", "3 c; d", "h2 Next"]);
});

test("a block of code is taken as it is, also one that nobody closed", () => {
  expect(blocksOf("a\n```sql\nSELECT *\n\n# 1\n```\nb")).toMatchObject([
    { kind: "paragraph" },
    { kind: "code", text: "SELECT *\n\n# 1" },
    { kind: "paragraph" },
  ]);
  expect(blocksOf("```\n- x")).toEqual([{ kind: "code", text: "- x" }]);
  expect(blocksOf("\r\n \n")).toEqual([]);
});

test("words are bold, italic, code and links, one in another", () => {
  const cases: [string, string][] = [
    ["**a** and *b* and _c_ and __d__", "b(a) and i(b) and i(c) and b(d)"],
    ["**a *b* c**", "b(a i(b) c)"],
    ["***a***", "b(i(a))"],
    ["`**a**` ``b`c``", "c(**a**) c(b`c)"],
    ["[a **b**](https://x.example/?q=1)", "a(https://x.example/?q=1: a b(b))"],
    ["[run](/runs/01J) [w](https://x.example/a_(b))", "a(/runs/01J: run) a(https://x.example/a_(b): w)"],
    ["2 * 3 * 4, snake_case_name, **open", "2 * 3 * 4, snake_case_name, **open"],
  ];
  for (const [text, told] of cases) expect(short(inlineOf(text))).toBe(told);
});

test("neither HTML nor an address that runs something becomes more than text", () => {
  for (const text of [
    "<b onclick=x>a</b>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert)",
    "[a](data:text/html,x)",
    "[a](//elsewhere.example)",
    "[a](/\\elsewhere.example)",
  ])
    expect(short(inlineOf(text))).toBe(text);
});

test("a text of many marks is read at once", () => {
  const began = performance.now();
  for (const mark of ["*", "**", "_", "`", "[", "[a](", "***a"]) inlineOf(mark.repeat(3_000));
  expect(performance.now() - began).toBeLessThan(2_000);
});
