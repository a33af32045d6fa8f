/** SQL cut into coloured pieces, for text that is shown and not edited. Pure; joined, the pieces are the text. */

export type TokenKind = "keyword" | "string" | "number" | "comment" | "type" | "param" | "plain";
export type Token = { kind: TokenKind; text: string };

const KEYWORDS =
  "all and as asc asof at between by case cast cross cube current date_add desc descriptor distinct else end escape except exists extract false fetch filter first following for from full group grouping having if in inner intersect interval into is join last lateral left like limit natural not null nulls offset on or order outer over partition preceding range recursive right rollup row rows select sets skip some table tablesample then time timestamp to true try try_cast unbounded union unnest using values when where window with within without zone";
const TYPES =
  "array bigint boolean char date decimal double int int256 integer json map real row smallint timestamp tinyint uint256 uuid varbinary varchar";

export const KEYWORD_SET: ReadonlySet<string> = new Set(KEYWORDS.split(" "));
export const TYPE_SET: ReadonlySet<string> = new Set(TYPES.split(" "));

const PIECES =
  /(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|('(?:[^']|'')*'?)|(\{\{[^}\n]*\}\})|("(?:[^"]|"")*"?)|(\b0x[0-9a-fA-F]*\b|\b\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?\b)|([A-Za-z_][\w$]*)/gi;

export const tokensOf = (sql: string): Token[] => {
  const tokens: Token[] = [];
  let at = 0;
  const push = (kind: TokenKind, text: string) => {
    const last = tokens.at(-1);
    if (last?.kind === kind && kind === "plain") last.text += text;
    else if (text) tokens.push({ kind, text });
  };
  for (const match of sql.matchAll(PIECES)) {
    push("plain", sql.slice(at, match.index));
    const [text, comment, string, param, , number, word] = match;
    const lower = word?.toLowerCase();
    if (comment !== undefined) push("comment", text);
    else if (string !== undefined) push("string", text);
    else if (param !== undefined) push("param", text);
    else if (number !== undefined) push("number", text);
    else if (lower && TYPE_SET.has(lower)) push("type", text);
    else if (lower && KEYWORD_SET.has(lower)) push("keyword", text);
    else push("plain", text);
    at = match.index + text.length;
  }
  push("plain", sql.slice(at));
  return tokens;
};

/** Tokens by line: a token that spans lines is cut at their ends. */
export const linesOf = (sql: string): Token[][] => {
  const lines: Token[][] = [[]];
  for (const token of tokensOf(sql))
    for (const [index, text] of token.text.split("\n").entries()) {
      if (index > 0) lines.push([]);
      if (text) lines.at(-1)?.push({ kind: token.kind, text });
    }
  return lines;
};
