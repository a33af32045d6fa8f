import { expect, test } from "vitest";
import { chordOf, shownKeys } from "./keys";

const press = (
  key: string,
  held: Partial<Record<"ctrlKey" | "metaKey" | "shiftKey" | "altKey", boolean>> = {},
) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
});

test("a press is written as the key map writes it", () => {
  expect(chordOf(press("k", { ctrlKey: true }), false)).toBe("Mod+K");
  expect(chordOf(press("Enter", { ctrlKey: true, shiftKey: true }), false)).toBe("Mod+Shift+Enter");
  expect(chordOf(press("R", { shiftKey: true }), false)).toBe("Shift+R");
  expect(chordOf(press("j"), false)).toBe("j");
});

test("a sign that needs Shift on some keyboards is the sign alone", () => {
  expect(chordOf(press("?", { shiftKey: true }), false)).toBe("?");
  expect(chordOf(press("/"), false)).toBe("/");
});

test("on a Mac the command key takes the place of Ctrl", () => {
  expect(chordOf(press("k", { metaKey: true }), true)).toBe("Mod+K");
  expect(chordOf(press("k", { ctrlKey: true }), true)).toBe("k");
  expect([shownKeys("Mod+Enter", true), shownKeys("Mod+Enter", false)]).toEqual(["⌘ Enter", "Ctrl Enter"]);
});
