/** Looks that a person chooses, kept in this browser. The default follows the system. */

import { useSyncExternalStore } from "react";

export type Appearance = {
  theme: "system" | "light" | "dark";
  density: "dense" | "roomy";
  motion: "system" | "reduced";
};

const KEY = "appearance";
const DEFAULT: Appearance = { theme: "system", density: "dense", motion: "system" };

const read = (): Appearance => {
  try {
    return { ...DEFAULT, ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Appearance>) };
  } catch {
    return DEFAULT;
  }
};

let appearance = DEFAULT;
const listeners = new Set<() => void>();
const isSystemDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

const apply = () => {
  const root = document.documentElement;
  root.dataset.theme = isDark() ? "dark" : "light";
  root.dataset.density = appearance.density;
  root.dataset.motion = appearance.motion;
  for (const tell of listeners) tell();
};

export const isDark = (): boolean =>
  appearance.theme === "system" ? isSystemDark() : appearance.theme === "dark";

/** Before the first drawing, so that nothing flashes. */
export const startAppearance = (): void => {
  appearance = read();
  apply();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
};

export const setAppearance = (change: Partial<Appearance>): void => {
  appearance = { ...appearance, ...change };
  localStorage.setItem(KEY, JSON.stringify(appearance));
  apply();
};

export const toggleTheme = (): void => setAppearance({ theme: isDark() ? "light" : "dark" });

const subscribe = (tell: () => void) => {
  listeners.add(tell);
  return () => listeners.delete(tell);
};
export const useAppearance = (): Appearance => useSyncExternalStore(subscribe, () => appearance);
export const useIsDark = (): boolean => useSyncExternalStore(subscribe, isDark);
