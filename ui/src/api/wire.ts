/**
 * What the server sends and takes, by the names of its OpenAPI document. Nothing outside api/ sees it.
 *
 * `schema.d.ts` is generated (`npm run schema`); a test of the server fails when it is out of date.
 */

import type { components } from "./schema";

export type Wire<Name extends keyof components["schemas"]> = components["schemas"][Name];
