/**
 * SQL set out in lines: clauses begin lines, items of a select list stand one to a line, what is in brackets
 * after them is further in. Only white space and the case of keywords change; texts and comments never do.
 *
 * The case of a word changes only where it cannot be a name: `time` may be a column, whose name the result
 * would then have in capitals. So a word that is reserved nowhere needs a place in which only a keyword can
 * stand, such as `limit` before a number; elsewhere it stays as it was written.
 */

type Kind = "word" | "number" | "string" | "name" | "param" | "comment" | "operator" | "mark" | "other";
/** `gap`: white space stands before it. `line`: a line begins with it. `glued`: nothing stands before it. */
type Piece = { kind: Kind; text: string; word: string; gap: boolean; line: boolean; glued: boolean };

const KINDS: readonly Kind[] = [
  "comment",
  "string",
  "name",
  "param",
  "number",
  "word",
  "operator",
  "mark",
  "other",
];
// A prefix such as x'00' or U&"a" is a part of what it stands before.
const PIECES =
  /(\s+)|(--[^\n]*|\/\*[\s\S]*?\*\/)|((?:(?<![\p{L}\p{N}_$])(?:x|u&))?'(?:[^']|'')*')|((?:(?<![\p{L}\p{N}_$])u&)?"(?:[^"]|"")*")|(\{\{[^}\n]*\}\})|(0x[0-9a-f]*|(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)|([\p{L}_][\p{L}\p{N}_$]*)|((?:(?!--|\/\*)[-+*/%<>=!|&^~@#?:])+)|([()[\],;.])|([\s\S])/giu;

/** Reserved in Trino, so no name unless quoted. */
const RESERVED = new Set(
  "and as between case cast distinct else except exists from having in inner intersect is join like not null on or outer select then true false union unnest using values when where with".split(
    " ",
  ),
);
const BEFORE_BRACKET = new Set(["cast", "exists", "unnest"]);
const JOINING = new Set(["left", "right", "full", "inner", "cross", "natural", "asof", "outer"]);
const SETS = new Set(["union", "intersect", "except"]);
/** Words that are values, not the beginning of one. */
const VALUES = new Set(["null", "true", "false", "end"]);
const FRAME = new Set(["between", "unbounded", "preceding", "following", "current", "row", "and"]);
const CLAUSES = new Set(
  "select from where group having order limit offset union intersect except with join window fetch".split(
    " ",
  ),
);
/** Between values, with a space on either side. */
const SPACED = new Set(["=", "<", ">", "<=", ">=", "<>", "!=", "||", "+", "-", "*", "/", "%", "->", "=>"]);
/** Words before a bracket that is not theirs, as that of a function would be. */
const APART = new Set(
  "and as between by distinct else from having in join not on or over filter select then using values when where with like all".split(
    " ",
  ),
);

const piecesOf = (sql: string): Piece[] => {
  const pieces: Piece[] = [];
  let space = "";
  for (const [text, blank, ...groups] of sql.matchAll(PIECES)) {
    if (blank !== undefined) {
      space += blank;
      continue;
    }
    const kind = KINDS[groups.findIndex((group) => group !== undefined)] ?? "other";
    // `=-` is an operator and a sign.
    const sign = kind === "operator" && text.length > 1 && /[-+]$/.test(text) ? text.slice(-1) : "";
    for (const part of sign ? [text.slice(0, -1), sign] : [text]) {
      pieces.push({
        kind,
        text: part,
        word: kind === "word" ? part.toLowerCase() : "",
        gap: space !== "",
        line: space.includes("\n"),
        glued: space === "" && pieces.at(-1)?.kind !== "comment",
      });
      space = "";
    }
  }
  return pieces;
};

/** What an open bracket or CASE holds: a query of its own, a window, or the arguments of something. */
type Level = { kind: "query" | "over" | "plain" | "case"; clause: string; between: number; frame: boolean };

export const tidy = (sql: string): string => {
  const pieces = piecesOf(sql);
  // A text or a comment without an end: what it holds cannot be told from what follows.
  if (pieces.some((piece) => piece.kind === "other" && /['"/]/.test(piece.text))) return sql;
  const level = (kind: Level["kind"]): Level => ({ kind, clause: "", between: 0, frame: false });
  const open: Level[] = [level("query")];
  const keywords = new Set<Piece>();
  let out = "";
  const top = () => open.at(-1) as Level;
  const newLine = (further = 0) => {
    const depth = open.filter((one) => one.kind === "query").length - 1;
    out = `${out.trimEnd()}\n${"  ".repeat(depth + further)}`;
  };
  const space = () => {
    if (out !== "" && !/\s$/.test(out)) out += " ";
  };
  // Comments are no neighbours.
  const spoken = pieces.filter((piece) => piece.kind !== "comment");
  let at = -1;
  pieces.forEach((piece, index) => {
    const written = pieces[index - 1];
    const isAfterComment = written?.text.startsWith("--") ?? false;
    if (piece.kind === "comment") {
      if (out !== "" && (piece.line || isAfterComment)) newLine(top().clause === "" ? 0 : 1);
      else if (piece.gap || piece.text.startsWith("--")) space();
      out += piece.text;
      return;
    }
    at += 1;
    const previous = spoken[at - 1];
    const next = spoken[at + 1];
    const here = top();
    const isKeyword = isKeywordAt(spoken, at, here, keywords);
    if (isKeyword) keywords.add(piece);
    const word = isKeyword ? piece.word : "";
    const before = previous && keywords.has(previous) ? previous.word : "";
    if (isAfterComment) newLine(1);

    if (piece.text === ")") {
      while (open.length > 1 && top().kind === "case") open.pop();
      const closed = open.length > 1 ? open.pop() : undefined;
      if (closed?.kind === "query" && !isAfterComment) newLine();
      out += piece.text;
      return;
    }
    const isLaidOut = here.kind === "query";
    const starts = isClause(word, next) && !JOINING.has(before) && before !== "distinct";
    const isOuterAnd = (word === "and" && here.between === 0) || word === "or";
    if (starts && isLaidOut && out !== "") newLine();
    else if (isOuterAnd && isLaidOut && here.clause === "where") newLine(1);
    else if (previous?.text === "," && isLaidOut && here.clause === "select") newLine(1);
    else if (!isAfterComment && needsGap(spoken, at, keywords, written)) space();
    out += isKeyword ? piece.text.toUpperCase() : piece.text;

    if (starts) here.clause = JOINING.has(word) ? "join" : word;
    if (piece.text === ";") here.clause = "";
    if (word === "between") here.between += 1;
    if (word === "and" && here.between > 0) here.between -= 1;
    if (word === "rows" || word === "range") here.frame = true;
    if (word === "case") open.push(level("case"));
    if (word === "end" && here.kind === "case") open.pop();
    if (piece.text === "(") {
      const isQuery = next?.word === "select" || next?.word === "with";
      open.push(level(isQuery ? "query" : before === "over" ? "over" : "plain"));
      if (isQuery) newLine();
    }
  });
  return out === "" ? sql : `${out.trimEnd()}\n`;
};

const isClause = (word: string, next: Piece | undefined): boolean =>
  (CLAUSES.has(word) && !(word === "with" && /^(time|ordinality|ties)$/.test(next?.word ?? ""))) ||
  (JOINING.has(word) && word !== "outer");

/** Whether something may be the left side of an operator, or the end of a value. */
const isOperand = (piece: Piece | undefined, keywords: ReadonlySet<Piece>): boolean =>
  piece !== undefined &&
  (piece.kind === "word"
    ? !keywords.has(piece) || VALUES.has(piece.word)
    : /^(number|string|name|param)$/.test(piece.kind) || piece.text === ")" || piece.text === "]");

const isKeywordAt = (
  pieces: readonly Piece[],
  at: number,
  level: Level,
  keywords: ReadonlySet<Piece>,
): boolean => {
  const piece = pieces[at] as Piece;
  const { word } = piece;
  const previous = pieces[at - 1];
  const next = pieces[at + 1];
  if (word === "") return false;
  // A part of a name: t.end, {{chain}}_or; or a name after AS, which the result would be called by.
  if (piece.glued && previous && /^(word|number|name|param|string)$/.test(previous.kind)) return false;
  if (next?.glued && /^(param|number|other)$/.test(next.kind)) return false;
  const before = previous && keywords.has(previous) ? previous.word : "";
  if (previous?.text === "." || next?.text === "." || before === "as") return false;
  const follows = (words: string) => next !== undefined && ` ${words} `.includes(` ${next.word || "\n"} `);
  const isBracket = next?.text === "(";
  const isSorting = level.clause === "order" && isOperand(previous, keywords);
  if (level.frame && FRAME.has(word)) return true;
  switch (word) {
    case "end":
      return level.kind === "case";
    case "group":
      return follows("by") || (before === "within" && isBracket);
    case "order":
    case "partition":
      return follows("by");
    case "by":
      return before === "group" || before === "order" || before === "partition";
    case "left":
    case "right":
    case "full":
      return follows("join outer");
    case "cross":
      return follows("join");
    case "natural":
    case "asof":
      return follows("join left right full inner");
    case "limit":
    case "offset":
      return (
        level.clause !== "" &&
        level.clause !== "select" &&
        (next?.kind === "number" || next?.kind === "param" || (word === "limit" && follows("all")))
      );
    case "all":
      return SETS.has(before) || before === "limit";
    case "fetch":
      return follows("first next") && level.clause !== "select";
    case "window":
      return level.clause !== "select" && pieces[at + 2]?.word === "as" && pieces[at + 3]?.text === "(";
    case "asc":
    case "desc":
      return isSorting;
    case "nulls":
      return level.clause === "order" && follows("first last");
    case "first":
    case "last":
      return before === "nulls";
    case "recursive":
      return before === "with" && !follows("as");
    case "within":
      return previous?.text === ")" && follows("group") && pieces[at + 2]?.text === "(";
    case "filter":
      return previous?.text === ")" && isBracket && pieces[at + 2]?.word === "where";
    case "over":
      return (
        previous?.text === ")" &&
        isBracket &&
        (pieces[at + 2]?.text === ")" ||
          (/^(partition|order)$/.test(pieces[at + 2]?.word ?? "") && pieces[at + 3]?.word === "by"))
      );
    case "rows":
    case "range":
      return level.kind === "over" && (follows("between unbounded current") || next?.kind === "number");
    case "escape":
      return next?.kind === "string";
    case "is":
      return follows("null not distinct");
    default:
      return RESERVED.has(word) && (isBracket || !BEFORE_BRACKET.has(word));
  }
};

/** Whether a space goes between a piece and the one before it on the same line. */
const needsGap = (
  pieces: readonly Piece[],
  at: number,
  keywords: ReadonlySet<Piece>,
  written: Piece | undefined,
): boolean => {
  const piece = pieces[at] as Piece;
  const previous = pieces[at - 1];
  if (!previous || written?.kind === "comment") return piece.gap || /^[\p{L}\p{N}]/u.test(piece.text);
  const [left, right] = [previous.text, piece.text];
  if (/^[,;)\]]$/.test(right) || /^[([]$/.test(left)) return false;
  if (left === "," || left === ";") return true;
  if (right === "(") return piece.gap || (keywords.has(previous) && APART.has(previous.word));
  if (right === "[" || right === "." || left === ".") return piece.gap;
  const isKeyword = keywords.has(piece) || keywords.has(previous);
  if (previous.kind === "operator") {
    const isBinary = isOperand(pieces[at - 2], keywords);
    if (!isBinary && /^[-+]$/.test(left)) return piece.gap; // a sign
    if (!isBinary && left === "*") return piece.gap || isKeyword || piece.kind === "word"; // all columns
    return piece.gap || SPACED.has(left);
  }
  if (piece.kind === "operator") return piece.gap || isKeyword || SPACED.has(right);
  return piece.gap || isKeyword || (/^[)\]]$/.test(left) && piece.kind === "word");
};
