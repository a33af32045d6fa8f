import { type RefObject, useEffect, useRef } from "react";

/**
 * For a panel about something that was opened: on a phone it stands below what opened it, out of sight, and
 * comes into it whenever `key` changes.
 */
export const useIntoSight = (key: number, block: "start" | "end"): RefObject<HTMLElement | null> => {
  const panel = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever something else is opened
  useEffect(() => {
    if (matchMedia("(max-width: 720px)").matches) panel.current?.scrollIntoView({ block });
  }, [key]);
  return panel;
};
