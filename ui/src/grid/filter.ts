/** Kinds of columns, and the parts of the server's filter and sort that are written without a person typing. */

export type Column = { name: string; type: string };

export const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const quotedText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const isText = (type: string): boolean => /^(varchar|char)\b/.test(type);
export const isWhole = (type: string): boolean =>
  /^(tinyint|smallint|integer|bigint|uint256|int256)/.test(type);
export const isNumber = (type: string): boolean => isWhole(type) || /^(double|real|decimal)/.test(type);
export const isTime = (type: string): boolean => /^(date|timestamp)/.test(type);

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
  const match = /^"((?:[^"]|"")*)"( desc)?$/.exec(clause ?? "");
  return match
    ? { column: (match[1] ?? "").replaceAll('""', '"'), isDown: match[2] !== undefined }
    : undefined;
};
