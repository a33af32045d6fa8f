/** What the frame around a page shows of it: title, crumbs and the state in title and favicon. */

import { useEffect, useSyncExternalStore } from "react";
import { asNodeState } from "../components/State";

export type Crumb = { label: string; to?: string };

let crumbs: readonly Crumb[] = [];
const listeners = new Set<() => void>();
const subscribe = (tell: () => void) => {
  listeners.add(tell);
  return () => listeners.delete(tell);
};
export const useCrumbs = (): readonly Crumb[] => useSyncExternalStore(subscribe, () => crumbs);

const HOME_ICON = "/favicon.svg";

/** A filled shape in the state's colour: round, square for failed, so that tabs differ without colour too. */
const iconOf = (state: string): string => {
  const style = getComputedStyle(document.documentElement);
  const colour = style.getPropertyValue(`--${asNodeState(state)}`).trim() || "#5d6770";
  const shape =
    state === "failed"
      ? `<path d="M10 3h12l7 7v12l-7 7H10l-7-7V10z" fill="${colour}"/><path d="M11 11l10 10M21 11L11 21" stroke="#fff" stroke-width="3"/>`
      : state === "executing" || state === "pending"
        ? `<circle cx="16" cy="16" r="11" fill="none" stroke="${colour}" stroke-width="5" stroke-dasharray="48 22"/>`
        : `<circle cx="16" cy="16" r="13" fill="${colour}"/><path d="M10 16l4 5 8-10" fill="none" stroke="#fff" stroke-width="3"/>`;
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">${shape}</svg>`)}`;
};

/** Tell the frame about this page. A state comes first in the title: tabs are read from the left. */
export const usePage = (title: string, trail: readonly Crumb[], state?: string): void => {
  const key = JSON.stringify([title, trail, state]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for all three
  useEffect(() => {
    crumbs = trail;
    const word = state && state[0]?.toUpperCase() + state.slice(1);
    document.title = word ? `${word} · ${title}` : `${title} · Qanat`;
    const link = document.querySelector<HTMLLinkElement>("link[rel=icon]");
    if (link) link.href = state ? iconOf(state) : HOME_ICON;
    for (const tell of listeners) tell();
  }, [key]);
};
