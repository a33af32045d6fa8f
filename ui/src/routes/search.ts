/**
 * What of a page's state is in its address. A value that is not understood counts as absent, never as an
 * error; a value that is the default is not written. One function a page; all values are text on the way.
 */

export type Raw = Record<string, unknown>;

const REPEATED = /^p\./; // values of parameters, under their own names

export const parseSearch = (text: string): Raw => Object.fromEntries(new URLSearchParams(text));

export const stringifySearch = (search: Raw): string => {
  const out = new URLSearchParams();
  for (const [key, value] of Object.entries(search))
    if (value !== undefined && value !== null && (value !== "" || REPEATED.test(key)))
      out.set(key, String(value));
  const text = out.toString();
  return text ? `?${text}` : "";
};

const text = (value: unknown, most = 2000): string | undefined =>
  typeof value === "string" && value !== "" && value.length <= most ? value : undefined;

const oneOf = <T extends string>(value: unknown, words: readonly T[]): T | undefined =>
  words.find((word) => word === value);

const natural = (value: unknown): number | undefined => {
  const number = typeof value === "number" ? value : Number(text(value, 12) ?? Number.NaN);
  return Number.isSafeInteger(number) && number >= 0 ? number : undefined;
};

const ulid = (value: unknown): string | undefined => {
  const found = text(value, 26);
  return found && /^[0-9A-HJKMNP-TV-Z]{26}$/.test(found) ? found : undefined;
};

const day = (value: unknown): string | undefined => {
  const found = text(value, 10);
  return found && /^\d{4}-\d{2}-\d{2}$/.test(found) && !Number.isNaN(Date.parse(found)) ? found : undefined;
};

/** Without what is absent, so that equal states are equal addresses. */
const only = <T extends Raw>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;

export type Values = Record<string, string>;
export const parametersOf = (search: Raw): Values =>
  Object.fromEntries(
    Object.entries(search)
      .filter(([key, value]) => REPEATED.test(key) && key.length > 2 && typeof value === "string")
      .map(([key, value]) => [key.slice(2), value as string]),
  );
export const withParameters = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`p.${key}`, value]));
const parameters = (raw: Raw): Values => withParameters(parametersOf(raw));

export const SINCE = ["1d", "7d", "30d"] as const;
export const homeSearch = (raw: Raw) => only({ since: oneOf(raw.since, SINCE) });

export const listSearch = (raw: Raw) => only({ q: text(raw.q, 200), sort: text(raw.sort, 40) });

/** A list of things that can have a star. */
export const starredSearch = (raw: Raw) => ({
  ...listSearch(raw),
  ...only({ starred: oneOf(raw.starred, ["1"] as const) }),
});

export const runsSearch = (raw: Raw) =>
  only({ state: text(raw.state, 80), q: text(raw.q, 200), before: ulid(raw.before) });

export const RUN_VIEWS = ["graph", "timeline", "nodes"] as const;
export const NODE_TABS = ["error", "sql", "rows", "receipt", "inputs", "attempts"] as const;
export type NodeTab = (typeof NODE_TABS)[number];
export const runSearch = (raw: Raw) =>
  only({
    view: oneOf(raw.view, RUN_VIEWS),
    node: natural(raw.node),
    tab: oneOf(raw.tab, NODE_TABS),
    with: ulid(raw.with),
    filter: text(raw.filter, 200),
    focus: natural(raw.focus),
    sort: text(raw.sort, 40),
  });

export const QUERY_TABS = ["results", "chart", "lineage", "history", "view"] as const;
export const querySearch = (raw: Raw) => ({
  ...only({
    tab: oneOf(raw.tab, QUERY_TABS),
    viz: natural(raw.viz),
    v: natural(raw.v),
    diff: natural(raw.diff),
    exec: ulid(raw.exec),
    sort: text(raw.sort, 400),
    filter: text(raw.filter, 2000),
    row: natural(raw.row),
  }),
  ...parameters(raw),
});

export const PIPELINE_MODES = ["build", "plan"] as const;
export const pipelineSearch = (raw: Raw) =>
  only({
    mode: oneOf(raw.mode, PIPELINE_MODES),
    node: natural(raw.node),
    focus: /^\d+:\d$/.test(text(raw.focus, 12) ?? "") ? text(raw.focus) : undefined,
  });

export const dashboardSearch = (raw: Raw) => ({
  ...only({ edit: oneOf(raw.edit, ["1"] as const), full: natural(raw.full) }),
  ...parameters(raw),
});

export const KINDS = ["source", "upload", "view"] as const;
export const TABLE_TABS = ["columns", "sample", "lineage", "history"] as const;
export const catalogSearch = (raw: Raw) =>
  only({ q: text(raw.q, 200), kind: oneOf(raw.kind, KINDS), tab: oneOf(raw.tab, TABLE_TABS) });

export const SETTINGS = ["keys", "usage", "namespaces", "webhooks", "appearance"] as const;
export const settingsSearch = (raw: Raw) => only({ from: day(raw.from), to: day(raw.to), day: day(raw.day) });

/** `next` is a path on this host; anything else would send people elsewhere. */
export const signInSearch = (raw: Raw) => {
  const next = text(raw.next);
  return only({
    next: next && /^\/(?![/\\])/.test(next) ? next : undefined,
    /** The session ended while somebody was inside. */
    ended: oneOf(raw.ended, ["1"] as const),
  });
};

/** `day:desc` ↔ a sort of a table. */
export const sortOf = (value: string | undefined): { key: string; isDown: boolean } | undefined => {
  const [key, direction] = value?.split(":") ?? [];
  return key ? { key, isDown: direction === "desc" } : undefined;
};
export const sortText = (sort: { key: string; isDown: boolean }): string =>
  `${sort.key}${sort.isDown ? ":desc" : ""}`;
