/** Places in a text: line and column, as the server counts them from 1, and offsets, as the editor does. Pure. */

export type Place = { line: number; column: number };
export type Span = { from: number; to: number };

/** The offset of a place; beyond an end, the end. */
export const offsetOf = (text: string, { line, column }: Place): number => {
  let start = 0;
  for (let at = 1; at < line; at += 1) {
    const next = text.indexOf("\n", start);
    if (next < 0) return text.length;
    start = next + 1;
  }
  const end = text.indexOf("\n", start);
  return Math.min(start + Math.max(0, column - 1), end < 0 ? text.length : end);
};

export const placeOf = (text: string, offset: number): Place => {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { line, column: offset - (before.lastIndexOf("\n") + 1) + 1 };
};

/** What to underline: so many characters, or to the end of the token there; never nothing. */
export const spanOf = (text: string, place: Place & { length?: number | undefined }): Span => {
  const from = offsetOf(text, place);
  const token = /^("[^"]*"?|'[^']*'?|\{\{[^}]*\}\}|[\w.$]+|\S)/.exec(text.slice(from))?.[0].length ?? 0;
  const to = Math.min(text.length, from + (place.length ?? token));
  if (to > from) return { from, to };
  // At the very end there is nothing after the place; mark what is before it.
  return { from: Math.max(0, from - 1), to: Math.max(from, Math.min(text.length, 1)) };
};
