/**
 * SQL set out in lines: clauses begin lines, items of a select list stand one to a line, what is in brackets
 * after them is further in. Only white space and the case of keywords change; texts and comments never do.
 */

import { KEYWORD_SET, tokensOf } from "./tokens";

const CLAUSES = new Set([
  "select",
  "from",
  "where",
  "group",
  "having",
  "order",
  "limit",
  "offset",
  "union",
  "intersect",
  "except",
  "with",
  "join",
  "left",
  "right",
  "inner",
  "full",
  "cross",
  "window",
  "fetch",
]); // prettier-ignore
const JOINING = new Set(["left", "right", "inner", "full", "cross", "outer"]);

type Piece = { text: string; word?: string; gap: boolean };

const piecesOf = (sql: string): Piece[] => {
  const pieces: Piece[] = [];
  let gap = false;
  for (const token of tokensOf(sql)) {
    const parts =
      token.kind === "plain"
        ? (token.text.match(/\s+|[\w$]+|"(?:[^"]|"")*"?|<=|>=|<>|!=|\|\||->|=>|::|[^\s\w$"]/g) ?? [])
        : [token.text];
    for (const text of parts) {
      if (/^\s+$/.test(text)) {
        gap = true;
        continue;
      }
      const lower = text.toLowerCase();
      pieces.push({
        text: token.kind === "keyword" ? text.toUpperCase() : text,
        gap,
        ...(token.kind === "keyword" && KEYWORD_SET.has(lower) ? { word: lower } : {}),
      });
      gap = false;
    }
  }
  return pieces;
};

export const tidy = (sql: string): string => {
  const pieces = piecesOf(sql);
  // What each open bracket holds: a query of its own, or the arguments of something.
  const open: ("query" | "plain")[] = [];
  let clause = "";
  const clauses: string[] = [];
  let out = "";
  const depth = () => open.filter((one) => one === "query").length;
  const isLaidOut = () => open.length === 0 || open.at(-1) === "query";
  const newLine = (further = 0) => {
    out = `${out.trimEnd()}\n${"  ".repeat(depth() + further)}`;
  };
  pieces.forEach((piece, index) => {
    const previous = pieces[index - 1];
    // What follows a comment to the end of its line must not become part of it.
    const isAfterComment = previous?.text.startsWith("--") ?? false;
    if (isAfterComment) newLine(1);
    const starts = piece.word && CLAUSES.has(piece.word) && isLaidOut();
    const follows =
      (previous?.word && JOINING.has(previous.word)) ||
      (piece.word === "from" && previous?.word === "distinct");
    if (piece.text === ")") {
      const closed = open.pop();
      clause = clauses.pop() ?? "";
      if (closed === "query" && !isAfterComment) newLine();
      out += piece.text;
      return;
    }
    if (starts && !follows && out !== "") newLine();
    else if (piece.word && /^(and|or)$/.test(piece.word) && isLaidOut() && clause === "where") newLine(1);
    else if (previous?.text === "," && isLaidOut() && clause === "select") newLine(1);
    else if (previous?.word === "select" && isLaidOut() && !isAfterComment) out += " ";
    else if (out !== "" && !isAfterComment && needsGap(previous, piece)) out += " ";
    if (starts && !follows) clause = piece.word ?? "";
    out += piece.text;
    if (piece.text === "(") {
      const next = pieces[index + 1]?.word;
      const isQuery = next === "select" || next === "with";
      open.push(isQuery ? "query" : "plain");
      clauses.push(clause);
      if (isQuery) {
        clause = "";
        newLine();
      }
    }
  });
  return `${out.trim()}\n`;
};

const needsGap = (previous: Piece | undefined, piece: Piece): boolean => {
  if (!previous) return false;
  if (/^[,;.]$|^\]$|^::$/.test(piece.text) || /^[.([]$|^::$/.test(previous.text)) return false;
  if (piece.text === "(" || piece.text === "[")
    return piece.gap || (previous.word !== undefined && previous.word !== "row");
  if (/^[-+]$/.test(previous.text)) return piece.gap;
  return (
    piece.gap ||
    /^[\w$"']/.test(piece.text) === /^[\w$"')]/.test(previous.text.slice(-1)) ||
    previous.text === "," ||
    /^[=<>!|*/%+-]/.test(piece.text) ||
    /[=<>|*/%]$/.test(previous.text)
  );
};
