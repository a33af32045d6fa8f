/**
 * Actions and their keys. A page says what can be done on it; the palette lists that, the key map shows
 * it, and one listener runs it. Single letters are off inside inputs and editors; a combination with
 * Ctrl (on a Mac Cmd) works everywhere.
 */

import { useEffect, useRef, useSyncExternalStore } from "react";

export type Action = {
  /** Stable: the palette remembers what was used by it. */
  id: string;
  label: string;
  /** `Mod+Enter`, `Shift+R`, `g h`, `.`; none: in the palette only. */
  keys?: string;
  group?: string;
  disabled?: boolean;
  run: () => void;
};

export const isMac = typeof navigator !== "undefined" && /Mac|iPhone|iPad/.test(navigator.platform);

type Pressed = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">;

/** A press as the key map writes it. */
export const chordOf = (event: Pressed, mac = isMac): string => {
  const isMod = mac ? event.metaKey : event.ctrlKey;
  const isLetter = /^[a-z]$/i.test(event.key);
  const name = isLetter && (event.shiftKey || isMod) ? event.key.toUpperCase() : event.key;
  const shift = event.shiftKey && (isLetter || event.key.length > 1);
  return [isMod && "Mod", event.altKey && "Alt", shift && "Shift", name].filter(Boolean).join("+");
};

/** How a chord is shown: `Ctrl Enter`, on a Mac `⌘ Enter`. */
export const shownKeys = (keys: string, mac = isMac): string =>
  keys.replace("Mod", mac ? "⌘" : "Ctrl").replaceAll("+", " ");

const layers: Action[][] = [];
const listeners = new Set<() => void>();
let all: readonly Action[] = [];

const changed = () => {
  // The page's own actions come before the shell's.
  all = [...layers].reverse().flat();
  for (const tell of listeners) tell();
};

const subscribe = (tell: () => void) => {
  listeners.add(tell);
  return () => listeners.delete(tell);
};

/** Every action that can be taken now, those of the innermost part first. */
export const useAllActions = (): readonly Action[] => useSyncExternalStore(subscribe, () => all);

/** Offer actions while the calling part is on the page. */
export const useActions = (actions: readonly Action[]): void => {
  const current = useRef(actions);
  current.current = actions;
  const shape = actions
    .map((one) => `${one.id}|${one.label}|${one.keys ?? ""}|${one.disabled ? 1 : 0}`)
    .join("\n");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the shape stands for the actions; `run` is read late
  useEffect(() => {
    const layer = current.current.map((one) => ({
      ...one,
      run: () => current.current.find((latest) => latest.id === one.id)?.run(),
    }));
    layers.push(layer);
    changed();
    return () => {
      layers.splice(layers.indexOf(layer), 1);
      changed();
    };
  }, [shape]);
};

const SEQUENCE_MS = 1_200;

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(target.type));

/** Toasts have the role of a dialog too, but nobody is in them. */
const isOverlayOpen = () =>
  document.querySelector(
    "[role=dialog]:not([data-toast]), [role=alertdialog]:not([data-toast]), [role=menu]",
  ) !== null;

/** Listen for keys until the returned function is called. */
export const startKeys = (): (() => void) => {
  let prefix = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing) return;
    const chord = chordOf(event);
    const isCombination = chord.startsWith("Mod+");
    if (!isCombination && (isTyping(event.target) || isOverlayOpen())) return;
    if (isCombination && isOverlayOpen() && chord !== "Mod+K") return;
    if (!isCombination && (event.altKey || event.ctrlKey || event.metaKey)) return;
    const wanted = prefix ? `${prefix} ${chord}` : chord;
    const found = all.find((action) => action.keys === wanted && !action.disabled);
    clearTimeout(timer);
    prefix = "";
    if (found) {
      event.preventDefault();
      event.stopPropagation();
      found.run();
    } else if (all.some((action) => action.keys?.startsWith(`${chord} `))) {
      prefix = chord;
      timer = setTimeout(() => {
        prefix = "";
      }, SEQUENCE_MS);
    }
  };
  // Before an editor sees it: Ctrl Enter is ours also there.
  window.addEventListener("keydown", listen, { capture: true });
  return () => window.removeEventListener("keydown", listen, { capture: true });
};

/** Put the cursor into the page's own filter. */
export const focusFilter = (): void => {
  document.querySelector<HTMLInputElement>("[data-page-filter]")?.focus();
};

/** Press what of the line that has the focus is marked `data-<mark>`. */
export const pressInLine = (mark: "star" | "rename"): void => {
  document.activeElement?.closest("tr")?.querySelector<HTMLElement>(`[data-${mark}]`)?.click();
};

/** Into the page's first list, or to the next of it. */
export const moveInList = (step: 1 | -1): void => {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-list] tr, [data-list] [data-item]")];
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
};
