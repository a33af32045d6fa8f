/** What is typed above a grid, as the server's filter. Words alone look for text in every text column. */

type Column = { name: string; type: string };

const OPERATOR = /(<=|>=|<>|!=|=|<|>|\blike\b|\bin\s*\(|\bis\s+(not\s+)?null\b)/i;

const quotedName = (name: string): string => `"${name.replaceAll('"', '\\"')}"`;
const quotedText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const isText = (type: string): boolean => /^(varchar|char|json|uuid)/.test(type);
export const isNumber = (type: string): boolean =>
  /^(tinyint|smallint|integer|bigint|double|real|decimal|uint256|int256)/.test(type);
export const isTime = (type: string): boolean => /^(date|timestamp)/.test(type);

/** The filter for the server; undefined for none. */
export const filterOf = (typed: string, columns: readonly Column[]): string | undefined => {
  const text = typed.trim();
  if (text === "") return undefined;
  if (OPERATOR.test(text)) return text;
  const parts = columns.flatMap((column) => {
    if (isText(column.type)) return [`${quotedName(column.name)} LIKE ${quotedText(`%${text}%`)}`];
    if (isNumber(column.type) && /^-?\d+(\.\d+)?$/.test(text))
      return [`${quotedName(column.name)} = ${text}`];
    if (column.type === "varbinary" && /^0x([0-9a-f]{2})+$/i.test(text))
      return [`${quotedName(column.name)} = ${text}`];
    return [];
  });
  // Nothing could hold it: a filter that the server refuses by name is clearer than all rows.
  return parts.length > 0 ? parts.join(" OR ") : text;
};

/** The filter that keeps the rows with this value. */
export const filterByValue = (column: Column, value: unknown): string => {
  const name = quotedName(column.name);
  if (value === null || value === undefined) return `${name} IS NULL`;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return `${name} = ${value}`;
  if (typeof value === "string" && (isNumber(column.type) || column.type === "varbinary"))
    return `${name} = ${value}`;
  return `${name} = ${quotedText(String(value))}`;
};

/** `day desc` ↔ a sorted column, as the server writes it. */
export const sortClause = (column: string, isDown: boolean): string =>
  `${quotedName(column)}${isDown ? " desc" : ""}`;
export const readSort = (clause: string | undefined): { column: string; isDown: boolean } | undefined => {
  const match = /^"((?:[^"\\]|\\.)*)"( desc)?$/.exec(clause ?? "");
  return match
    ? { column: (match[1] ?? "").replaceAll('\\"', '"'), isDown: match[2] !== undefined }
    : undefined;
};
