/**
 * What the server sends and takes, by the names of its OpenAPI document. Nothing outside api/ sees it.
 *
 * `schema.d.ts` is generated (`npm run schema`); a test of the server fails when it is out of date.
 */

import type { components } from "./schema";

export type Wire<Name extends keyof components["schemas"]> = components["schemas"][Name];

/** The fields of `values` that are there: absent stays absent, as on the wire. */
export const present = <T extends Record<string, unknown>>(
  values: T,
): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
