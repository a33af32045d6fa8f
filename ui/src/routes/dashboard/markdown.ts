/**
 * The words of a text widget: a small part of Markdown. Pure, and never HTML: what is not understood is text.
 *
 * Titles (`#` to `###`), lists (`-`, `*`, `1.`), blocks between lines of three backticks, and paragraphs, which
 * keep their line breaks. Within a line: `**bold**`, `*italic*`, `` `code` `` and `[words](address)`.
 */

export type Inline =
  | { kind: "text"; text: string }
  | { kind: "code"; text: string }
  | { kind: "bold" | "italic"; parts: Inline[] }
  | { kind: "link"; to: string; parts: Inline[] };
export type Block =
  | { kind: "title"; level: 1 | 2 | 3; line: Inline[] }
  | { kind: "paragraph"; lines: Inline[][] }
  | { kind: "list"; isNumbered: boolean; first: number; items: Inline[][][] }
  | { kind: "code"; text: string };

const TITLE = /^(#{1,3})\s+(.*?)\s*#*$/;
const ITEM = /^\s*(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const FENCE = /^\s*```/;

export const blocksOf = (text: string): Block[] => {
  const blocks: Block[] = [];
  const lines = text.replace(/\r\n?/g, "\n").split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] as string;
    if (line.trim() === "") continue;
    if (FENCE.test(line)) {
      const end = lines.findIndex((one, index) => index > at && FENCE.test(one));
      const last = end === -1 ? lines.length : end;
      blocks.push({ kind: "code", text: lines.slice(at + 1, last).join("\n") });
      at = last;
      continue;
    }
    const title = TITLE.exec(line);
    if (title) {
      const level = (title[1] as string).length as 1 | 2 | 3;
      blocks.push({ kind: "title", level, line: inlineOf(title[2] as string) });
      continue;
    }
    const item = ITEM.exec(line);
    const before = at > 0 && lines[at - 1]?.trim() !== "" ? blocks.at(-1) : undefined;
    if (item) {
      const isNumbered = item[1] !== undefined;
      const own = [inlineOf(item[2] as string)];
      if (before?.kind === "list" && before.isNumbered === isNumbered) before.items.push(own);
      else blocks.push({ kind: "list", isNumbered, first: Number(item[1] ?? 1), items: [own] });
    } else if (before?.kind === "list" && /^\s/.test(line)) before.items.at(-1)?.push(inlineOf(line.trim()));
    else if (before?.kind === "paragraph") before.lines.push(inlineOf(line.trim()));
    else blocks.push({ kind: "paragraph", lines: [inlineOf(line.trim())] });
  }
  return blocks;
};

/** An address that a link may lead to: elsewhere on the web, by mail, or within this application. */
const isSafe = (to: string): boolean => /^(https?:\/\/|mailto:|\/(?![/\\]))/i.test(to);

/** The first of what can begin, by what it is written with. Bounded: a text of marks alone is read as fast. */
const MARK =
  /(`{1,3})(.{1,2000}?)\1(?!`)|\[([^\]\n]{1,300})\]\(([^()\s]{1,2000}(?:\([^()\s]{0,300}\))?)\)|\*\*(?=\S)(.{1,2000}?\*?)(?<=\S)\*\*|__(?=\S)(.{1,2000}?)(?<=\S)__(?!\w)|\*(?=[^\s*])(.{1,2000}?)(?<=[^\s*])\*(?!\*)|(?<!\w)_(?=[^\s_])(.{1,2000}?)(?<=[^\s_])_(?!\w)/;

export const inlineOf = (text: string): Inline[] => {
  const found: Inline[] = [];
  const say = (words: string) => {
    if (words === "") return;
    const last = found.at(-1);
    if (last?.kind === "text") last.text += words;
    else found.push({ kind: "text", text: words });
  };
  let rest = text;
  for (let mark = MARK.exec(rest); mark; mark = MARK.exec(rest)) {
    const [whole, , code, words, to, bold, bold2, italic, italic2] = mark;
    say(rest.slice(0, mark.index));
    rest = rest.slice(mark.index + whole.length);
    if (code !== undefined) found.push({ kind: "code", text: code });
    else if (words !== undefined && to !== undefined) {
      if (isSafe(to)) found.push({ kind: "link", to, parts: inlineOf(words) });
      else say(whole);
    } else if (bold !== undefined || bold2 !== undefined)
      found.push({ kind: "bold", parts: inlineOf((bold ?? bold2) as string) });
    else found.push({ kind: "italic", parts: inlineOf((italic ?? italic2) as string) });
  }
  say(rest);
  return found;
};
