/** Who is here: sign-in and out, keys, namespaces. */

import { queryOptions } from "@tanstack/react-query";
import { timeOf } from "./clock";
import { get, post, request } from "./http";
import { present, type Wire } from "./wire";

export type Scope = Wire<"Scope">;
/** `features`: what this server can do of plan, resume, rollback, reuse, checks, webhooks; nothing else is drawn. */
export type Session = { handle: string; scope: Scope; keyId: string; version: string; features: Set<string> };

export const sessionOf = (wire: Wire<"SessionShown">): Session => ({
  handle: wire.handle,
  scope: wire.scope,
  keyId: wire.api_key_id,
  version: wire.version,
  features: new Set(wire.features),
});

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }) =>
    sessionOf(await request<Wire<"SessionShown">>("/v1/session", { signal, isSignIn: true })),
  staleTime: 60_000,
  retry: false,
});

export const signIn = (apiKey: string) =>
  request<Wire<"SessionShown">>("/v1/session", {
    method: "POST",
    body: { api_key: apiKey },
    isSignIn: true,
  }).then(sessionOf);
export const signOut = () => request("/v1/session", { method: "DELETE", isSignIn: true });

export type Key = {
  id: string;
  name: string;
  scope: Scope;
  prefix: string;
  createdAt: number;
  lastUsedAt?: number;
  isCurrent: boolean;
};
const keyOf = (wire: Wire<"KeyShown">): Key => ({
  id: wire.id,
  name: wire.name,
  scope: wire.scope,
  prefix: wire.prefix,
  createdAt: Date.parse(wire.created_at),
  isCurrent: wire.current,
  ...present({ lastUsedAt: timeOf(wire.last_used_at) }),
});

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: async ({ signal }) => (await get<Wire<"Keys">>("/v1/keys", undefined, signal)).keys.map(keyOf),
  staleTime: 5_000,
});

type WireMade = Wire<"KeyShown"> & { key: string };

/** The key's own text is in this answer and never again. Invalidates: keys. */
export const createKey = (name: string, scope: Scope) =>
  post<WireMade>("/v1/keys", { name, scope }).then((wire) => ({
    ...keyOf(wire),
    text: wire.key,
  }));
export const revokeKey = (id: string) => request(`/v1/keys/${id}`, { method: "DELETE" });

export type Namespace = {
  handle: string;
  isOwn: boolean;
  queries: number;
  views: number;
  uploads: number;
  sizeBytes: number;
};

export const namespacesQuery = queryOptions({
  queryKey: ["namespaces"],
  queryFn: async ({ signal }) =>
    (await get<Wire<"Namespaces">>("/v1/namespaces", undefined, signal)).namespaces.map(
      ({ own, size_bytes, ...one }): Namespace => ({ ...one, isOwn: own, sizeBytes: size_bytes }),
    ),
  staleTime: 30_000,
});
