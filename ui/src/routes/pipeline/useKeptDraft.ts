/** A graph under construction, kept in this browser until it is saved. */

import { useCallback, useEffect, useState } from "react";
import { type Draft, isSameDraft } from "./plan";

type Kept = { at: number; draft: Draft };

const read = (key: string): Kept | undefined => {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "null") as Kept | null;
    return kept && typeof kept.at === "number" && Array.isArray(kept.draft?.nodes) ? kept : undefined;
  } catch {
    return undefined;
  }
};

export const useKeptDraft = (queryId: number, saved: Draft) => {
  const key = `draft.pipeline.${queryId}`;
  const [draft, setDraft] = useState(saved);
  const [kept, setKept] = useState(() => {
    const found = read(key);
    return found && !isSameDraft(found.draft, saved) ? found : undefined;
  });
  useEffect(() => {
    if (isSameDraft(draft, saved)) return;
    localStorage.setItem(key, JSON.stringify({ at: Date.now(), draft } satisfies Kept));
  }, [key, draft, saved]);
  const forget = useCallback(() => {
    localStorage.removeItem(key);
    setKept(undefined);
  }, [key]);
  const restore = useCallback(() => {
    if (kept) setDraft(kept.draft);
    setKept(undefined);
  }, [kept]);
  return { draft, setDraft, found: kept?.at, restore, forget };
};
