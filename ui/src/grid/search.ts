/**
 * What is typed above a grid, as the server's filter (its grammar: contract section 6.7).
 *
 * An expression begins with a column and an operator. Anything else is looked for in every column, as far as
 * the grammar goes: it compares, and finds text by LIKE, which tells capitals from small letters.
 */

import { type Column, isNumber, isText, isTime, isWhole, quotedName, quotedText } from "./filter";

const TEXTS = /'(?:[^']|'')*'?|"(?:[^"]|"")*"/g;
const BETWEEN =
  /("(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_]*)\s+between\s+('(?:[^']|'')*'|[-+.\w]+)\s+and\s+('(?:[^']|'')*'|[-+.\w]+)/giu;
const BEGINNING =
  /^[\s(]*(?:not\s+)?(?:"((?:[^"]|"")*)"|([\p{L}_][\p{L}\p{N}_]*))\s*(<=|>=|<>|!=|=|<|>|\b(?:not\s+)?(?:like|in|between)\b|\bis\b)\s*(.*)$/isu;

/** The same without BETWEEN, which the server's grammar does not have. */
const withoutBetween = (text: string): string => {
  // A text that holds the word is none of it.
  const isOutside = (at: number) =>
    ![...text.matchAll(TEXTS)].some(
      (one) => one[0].startsWith("'") && one.index < at && at < one.index + one[0].length,
    );
  return text.replace(BETWEEN, (whole, column: string, least: string, most: string, at: number) =>
    isOutside(at) ? `(${column} >= ${least} AND ${column} <= ${most})` : whole,
  );
};

const isExpression = (text: string, columns: readonly Column[]): boolean => {
  const found = BEGINNING.exec(text);
  if (!found) return false;
  const [, quoted, bare = "", operator = "", rest = ""] = found;
  if (quoted !== undefined) return true;
  const isColumn = columns.some((column) => column.name.toLowerCase() === bare.toLowerCase());
  // A sentence may begin with the name of a column, or hold such a word: then a value is missing.
  const value = /is$/i.test(operator)
    ? /^(not\s+)?null\b/i
    : /in$/i.test(operator)
      ? /^\(/
      : /^(['+\-.\d]|true\b|false\b)/i;
  return value.test(rest) || (isColumn && (rest === "" || !/^\w/.test(operator)));
};

/** The ways to write a text in capitals and small letters: all, if they are few, else the usual ones. */
const casings = (text: string, most: number): { texts: string[]; isAll: boolean } => {
  let texts = [""];
  for (const letter of text) {
    const both = [...new Set([letter.toLowerCase(), letter.toUpperCase()])];
    texts = texts.flatMap((start) => both.map((one) => start + one));
    if (texts.length > most) break;
  }
  if (texts.length <= most) return { texts, isAll: true };
  const lower = text.toLowerCase();
  const words = lower.replace(/(^|[^\p{L}\p{N}])(\p{L})/gu, (_, before: string, letter: string) => {
    return before + letter.toUpperCase();
  });
  const usual = [text, lower, text.toUpperCase(), words, lower.slice(0, 1).toUpperCase() + lower.slice(1)];
  return { texts: [...new Set(usual)].slice(0, Math.max(1, most)), isAll: false };
};

const WILDCARDS = /[%_]/g;
const MOST_TESTS = 60; // of text: more make addresses longer than proxies like

/** The numbers that are written like this and then on: 12.3 also finds 12.34. */
const numbersLike = (name: string, type: string, text: string): string[] => {
  if (isWhole(type)) return /^-?\d{1,78}(\.\d{1,30})?$/.test(text) ? [`${name} = ${text}`] : [];
  if (/^-?\d(\.\d{1,30})?e[+-]?\d{1,2}$/i.test(text)) return [`${name} = ${text}`];
  const found = /^(-?)(\d{1,30})(?:\.(\d{0,30}))?$/.exec(text);
  if (!found) return [];
  const [, minus = "", whole = "", part = ""] = found;
  const next = String(BigInt(whole + part) + 1n).padStart(part.length + 1, "0");
  const point = next.length - part.length;
  const beyond = `${minus}${next.slice(0, point)}${part ? `.${next.slice(point)}` : ""}`;
  const given = `${minus}${whole}${part ? `.${part}` : ""}`;
  return [
    minus ? `(${name} <= ${given} AND ${name} > ${beyond})` : `(${name} >= ${given} AND ${name} < ${beyond})`,
  ];
};

const MOMENT =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:[ T](\d{2})(?::(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)?)?)?)?(?: ?(?:UTC|Z))?$/i;

/** The moments that are written like this and then on: a year has all its days. */
const momentsLike = (name: string, type: string, text: string): string[] => {
  const found = MOMENT.exec(text);
  if (!found) return [];
  const [, year = "", month, day, hour, minute, second, part] = found;
  if (hour !== undefined && type === "date") return [];
  const lastMonth = month ?? "12";
  const lastDay = String(new Date(Date.UTC(Number(year), Number(lastMonth), 0)).getUTCDate());
  const isMoment =
    Number(year) > 99 &&
    Number(lastMonth) >= 1 &&
    Number(lastMonth) <= 12 &&
    Number(day ?? 1) >= 1 &&
    Number(day ?? 1) <= Number(lastDay) &&
    Number(hour ?? 0) < 24 &&
    Number(minute ?? 0) < 60 &&
    Number(second ?? 0) < 60;
  if (!isMoment) return [];
  const first = `${year}-${month ?? "01"}-${day ?? "01"} ${hour ?? "00"}:${minute ?? "00"}:${second ?? "00"}.${(part ?? "").padEnd(6, "0")}`;
  const last = `${year}-${lastMonth}-${day ?? lastDay} ${hour ?? "23"}:${minute ?? "59"}:${second ?? "59"}.${(part ?? "").padEnd(6, "9")}`;
  return [`(${name} >= ${quotedText(first)} AND ${name} <= ${quotedText(last)})`];
};

/** The binaries that begin like this; also as a cell shortens them, `0x048d13ec…21003990`. */
const binariesLike = (name: string, text: string): string[] => {
  const found = /^(0x)?([0-9a-f]*)(?:…[0-9a-f]*)?$/i.exec(text);
  if (!found) return [];
  const digits = (found[2] ?? "").toLowerCase();
  if (digits === "") return found[1] ? [`${name} IS NOT NULL`] : [];
  if (!found[1] && digits.length < 4) return [];
  const even = (hex: string) => `0x${hex}${hex.length % 2 ? "0" : ""}`;
  const beyond = (BigInt(`0x${digits}`) + 1n).toString(16).padStart(digits.length, "0");
  return beyond.length > digits.length
    ? [`${name} >= ${even(digits)}`]
    : [`(${name} >= ${even(digits)} AND ${name} < ${even(beyond)})`];
};

const UUID = "00000000-0000-0000-0000-000000000000";
const uuidsLike = (name: string, text: string): string[] => {
  const isBeginning =
    text.length >= 4 &&
    text.length <= UUID.length &&
    [...text].every((letter, at) => (UUID[at] === "-" ? letter === "-" : /[0-9a-f]/i.test(letter)));
  const rest = UUID.slice(text.length);
  return isBeginning
    ? [`(${name} >= '${text}${rest}' AND ${name} <= '${text}${rest.replaceAll("0", "f")}')`]
    : [];
};

const testsOf = (text: string, column: Column, texts: readonly string[]): string[] => {
  const name = quotedName(column.name);
  const { type } = column;
  const tests = text.toLowerCase() === "null" ? [`${name} IS NULL`] : [];
  if (isText(type)) {
    if (text === '""') return [`${name} = ''`];
    if (text.replace(WILDCARDS, "") !== "")
      return [
        ...tests,
        // The grammar has no way to mean the sign itself: any character in its place.
        ...texts.map((one) => `${name} LIKE ${quotedText(`%${one.replaceAll("%", "_")}%`)}`),
      ];
    const beyond = text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) + 1);
    return [`(${name} >= ${quotedText(text)} AND ${name} < ${quotedText(beyond)})`];
  }
  if (isNumber(type)) return [...tests, ...numbersLike(name, type, text)];
  if (isTime(type)) return [...tests, ...momentsLike(name, type, text)];
  if (type === "varbinary") return [...tests, ...binariesLike(name, text)];
  if (type === "uuid") return [...tests, ...uuidsLike(name, text)];
  if (type === "boolean" && /^(true|false)$/i.test(text)) return [`${name} = ${text.toLowerCase()}`];
  return tests;
};

/** What is not found by any part of it, for each kind of column. */
const LIMITS: readonly { is: (type: string) => boolean; says: string }[] = [
  { is: isWhole, says: "Whole numbers are found by all their digits." },
  {
    is: (type) => isNumber(type) && !isWhole(type),
    says: "Other numbers are found from their first digit on.",
  },
  { is: isTime, says: "Dates are found from the year on, as in 2026-11 or 2026-11-03 10." },
  { is: (type) => type === "varbinary", says: "Binaries are found from 0x on." },
  { is: (type) => type === "uuid", says: "Identifiers are found from their first digit on." },
  {
    is: (type) =>
      !isText(type) && !isNumber(type) && !isTime(type) && !/^(varbinary|uuid|boolean)$/.test(type),
    says: "Arrays, maps, rows, JSON and times of day are not searched.",
  },
];

export type Search = {
  /** For the server. */
  filter: string;
  /** What it says when no row is left. */
  none: { title: string; more: string };
  /** What the person should know though rows are left. */
  note?: string;
};

/** What to ask the server for; undefined for all rows. */
export const searchOf = (typed: string, columns: readonly Column[]): Search | undefined => {
  const text = typed.trim();
  const [first] = columns;
  if (text === "" || !first) return undefined;
  if (isExpression(text, columns))
    return {
      filter: withoutBetween(text),
      none: { title: "No row fits the filter", more: "An expression tells capitals from small letters." },
    };
  const inText = columns.filter((column) => isText(column.type)).length;
  const { texts, isAll } = casings(text, Math.min(32, Math.floor(MOST_TESTS / Math.max(1, inText))));
  const tests = columns.flatMap((column) => testsOf(text, column, texts));
  const name = quotedName(first.name);
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  const isOfSigns = text.replace(WILDCARDS, "") === "";
  const more = [
    ...(inText > 0 && isOfSigns ? ["The signs % and _ are found at the beginning of a text only."] : []),
    ...(inText > 0 && !isAll ? [`It was looked for as ${texts.join(", ")}.`] : []),
    ...LIMITS.filter(({ is }) => columns.some((column) => is(column.type))).map(({ says }) => says),
  ];
  return {
    // Where nothing can hold it, a condition that no row meets.
    filter: tests.length > 0 ? tests.join(" OR ") : `${name} IS NULL AND ${name} IS NOT NULL`,
    none: {
      title: `No row has “${shown}”${inText > 0 ? " in a text column" : ""}`,
      more: more.join(" "),
    },
    ...(inText > 0 && !isOfSigns && /[%_]/.test(text) ? { note: "% and _ stand for any character" } : {}),
  };
};
