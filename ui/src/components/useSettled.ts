import { useEffect, useState } from "react";

/**
 * The value as it was until the frame that answers the key or click is painted, and `ms` longer.
 *
 * For what takes long to draw: a thousand boxes are drawn after the letter that was typed, and once for a
 * word. Not `useDeferredValue`: the clock of a live page would interrupt and restart the drawing for ever.
 */
export const useSettled = <T>(value: T, ms = 0): T => {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    if (Object.is(settled, value)) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const frame = requestAnimationFrame(() => {
      timer = setTimeout(() => setSettled(() => value), ms);
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [value, settled, ms]);
  return settled;
};
