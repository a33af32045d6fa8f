/** A value of a result as a cell shows it, and as a copy carries it. Pure. */

import { isNumber } from "./filter";

export type Shown = { text: string; look?: "null" | "empty" | "number" | "hex" | "json"; full?: string };

const HEX_LONG = 18;

export const cellOf = (value: unknown, type: string): Shown => {
  if (value === null || value === undefined) return { text: "null", look: "null" };
  if (value === "") return { text: '""', look: "empty" };
  if (typeof value === "number" || typeof value === "bigint") return { text: String(value), look: "number" };
  if (typeof value === "boolean") return { text: String(value) };
  if (typeof value === "object") {
    const text = jsonOf(value);
    return { text, look: "json", full: jsonOf(value, 2) };
  }
  const text = String(value);
  if (/^(decimal|uint256|int256|double|real)/.test(type)) return { text, look: "number" };
  if (text.startsWith("0x") && text.length > HEX_LONG)
    return { text: `${text.slice(0, 10)}…${text.slice(-6)}`, look: "hex", full: text };
  return {
    text: text.length > 300 ? `${text.slice(0, 300)}…` : text,
    ...(text.length > 60 ? { full: text } : {}),
  };
};

/** JSON that also writes whole numbers above 2^53 as they are. */
export const jsonOf = (value: unknown, indent = 0): string =>
  JSON.stringify(
    value,
    (_key, one: unknown) => (typeof one === "bigint" ? `\u0000${one}` : one),
    indent,
  ).replace(/"\\u0000(-?\d+)"/g, "$1");

/** As a copy carries it: nothing shortened, nulls empty, no tab or line end inside a cell. */
export const copied = (value: unknown): string => {
  if (value === null || value === undefined) return "";
  const text = typeof value === "object" ? jsonOf(value) : String(value);
  return text.replace(/[\t\r\n]+/g, " ");
};

export const tsvOf = (rows: readonly (readonly unknown[])[]): string =>
  rows.map((row) => row.map(copied).join("\t")).join("\n");

const LEAST_DIGITS = 10; // of a column of numbers: later rows have more of them than the first

/** A width that fits the title and most of the first rows' values, in pixels. */
export const widthOf = (title: string, type: string, values: readonly unknown[]): number => {
  const lengths = values.slice(0, 100).map((value) => Math.min(48, cellOf(value, type).text.length));
  lengths.sort((a, b) => a - b);
  const usual = Math.max(lengths[Math.floor(lengths.length * 0.9)] ?? 0, isNumber(type) ? LEAST_DIGITS : 0);
  return Math.round(Math.min(360, Math.max(72, Math.max(title.length + 3, usual) * 7.4 + 24)));
};
