/** What may be written at a place in SQL: tables, columns, functions, words, parameters. Pure. */

import { KEYWORD_SET, TYPE_SET } from "./tokens";

export type Known = {
  tables: readonly { name: string; kind: string; columns: readonly { name: string; type: string }[] }[];
  functions: readonly { name: string; signature: string; description: string }[];
  parameters: readonly string[];
};
export type Offer = {
  label: string;
  kind: "table" | "column" | "function" | "keyword" | "type" | "parameter";
  detail?: string;
  info?: string;
  /** What is put in, if it is not the label. */
  text?: string;
  /** More is nearer the top. */
  boost: number;
};
export type Offers = { from: number; offers: Offer[] };

/** Comments and texts blanked out, so that what is inside them is not read as SQL; offsets stay. */
export const withoutTexts = (sql: string): string =>
  sql.replace(/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'?/g, (found) => found.replace(/[^\n]/g, " "));

const NAME = String.raw`(?:"[^"]+"|[A-Za-z_]\w*)(?:\.(?:"[^"]+"|[A-Za-z_]\w*))*`;

/** Relations that the statement reads: alias or own last part → full name, lower case. */
export const relationsIn = (sql: string): Map<string, string> => {
  const found = new Map<string, string>();
  const pattern = new RegExp(String.raw`\b(?:from|join)\s+(${NAME})(?:\s+(?:as\s+)?([A-Za-z_]\w*))?`, "gi");
  for (const [, name, alias] of withoutTexts(sql).matchAll(pattern)) {
    const full = (name ?? "").replaceAll('"', "").toLowerCase();
    found.set(full.split(".").at(-1) ?? full, full);
    if (alias && !KEYWORD_SET.has(alias.toLowerCase())) found.set(alias.toLowerCase(), full);
  }
  return found;
};

const word = (name: string): string => (/^[a-z_]\w*$/.test(name) ? name : `"${name}"`);

export const completionsAt = (sql: string, at: number, known: Known): Offers | undefined => {
  const before = sql.slice(0, at);
  const parameter = /\{\{\s*([\w ]*)$/.exec(before);
  if (parameter)
    return {
      from: at - (parameter[1]?.length ?? 0),
      offers: known.parameters.map((name) => ({
        label: name,
        kind: "parameter",
        text: `${name}}}`,
        boost: 1,
      })),
    };
  const clean = withoutTexts(before);
  if (clean.at(-1) === " " && before.at(-1) !== " ") return undefined; // inside a text or a comment
  const typed = /[\w.$"]*$/.exec(clean)?.[0] ?? "";
  const from = at - typed.length;
  const relations = relationsIn(sql);
  const byName = new Map(known.tables.map((table) => [table.name.toLowerCase(), table]));

  const dot = typed.lastIndexOf(".");
  const isTablePlace =
    /\b(from|join)\s+$/i.test(clean.slice(0, from)) ||
    /\bfrom\b[^()]*,\s*$/i.test(lastClause(clean.slice(0, from)));
  if (dot >= 0) {
    const owner = typed.slice(0, dot).replaceAll('"', "").toLowerCase();
    const table = byName.get(relations.get(owner) ?? owner);
    if (table && !isTablePlace)
      return {
        from: from + dot + 1,
        offers: table.columns.map((column) => ({
          label: column.name,
          kind: "column",
          detail: column.type,
          text: word(column.name),
          boost: 5,
        })),
      };
  }
  const tables = known.tables.map(
    (table): Offer => ({ label: table.name, kind: "table", detail: table.kind, boost: isTablePlace ? 5 : 0 }),
  );
  if (isTablePlace || dot >= 0) return { from, offers: tables };
  const seen = new Set<string>();
  const columns = [...new Set(relations.values())].flatMap((name) =>
    (byName.get(name)?.columns ?? [])
      .filter((column) => !seen.has(column.name) && seen.add(column.name))
      .map(
        (column): Offer => ({
          label: column.name,
          kind: "column",
          detail: column.type,
          text: word(column.name),
          boost: 4,
        }),
      ),
  );
  const functions = known.functions.map(
    (one): Offer => ({
      label: one.name,
      kind: "function",
      detail: one.signature.slice(one.name.length),
      info: one.description,
      text: `${one.name}(`,
      boost: 1,
    }),
  );
  const words = [...KEYWORD_SET].map(
    (one): Offer => ({ label: one.toUpperCase(), kind: "keyword", boost: 2 }),
  );
  const types = [...TYPE_SET].map((one): Offer => ({ label: one, kind: "type", boost: 0 }));
  return { from, offers: [...columns, ...functions, ...words, ...types, ...tables] };
};

/** The text since the last word that opens a clause. */
const lastClause = (clean: string): string => {
  const at = [...clean.matchAll(/\b(select|from|where|group|order|having|on|with)\b/gi)].at(-1)?.index ?? 0;
  return clean.slice(at);
};
