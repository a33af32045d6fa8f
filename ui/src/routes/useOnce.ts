import { useCallback, useRef, useState } from "react";
import { newKey } from "../api/ids";

/**
 * Something that must happen once however often it is sent: the idempotency key is made when the button is
 * first pressed and kept for retries; a success makes room for the next press.
 */
export const useOnce = <T>(
  ask: (idempotencyKey: string) => Promise<T>,
  onDone: (answer: T) => void,
  onError: (error: unknown) => void,
) => {
  const [isBusy, setBusy] = useState(false);
  const key = useRef<string>(undefined);
  const isAsked = useRef(false);
  const latest = useRef({ ask, onDone, onError });
  latest.current = { ask, onDone, onError };
  const press = useCallback(async () => {
    if (isAsked.current) return;
    isAsked.current = true;
    key.current ??= newKey();
    setBusy(true);
    latest.current.onError(undefined);
    try {
      const answer = await latest.current.ask(key.current);
      key.current = undefined;
      latest.current.onDone(answer);
    } catch (error) {
      // A refusal was an answer: the next press asks anew. A lost answer must be asked for with the same key.
      if (
        error instanceof Error &&
        "status" in error &&
        Number(error.status) >= 400 &&
        Number(error.status) < 500
      )
        key.current = undefined;
      latest.current.onError(error);
    } finally {
      isAsked.current = false;
      setBusy(false);
    }
  }, []);
  return { press: () => void press(), isBusy };
};
