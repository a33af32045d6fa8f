/** The palette's memory: the last twenty things chosen, newest first, in this browser. */

const KEY = "palette.recent";
const MOST = 20;

export const recentIds = (): string[] => {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(read) ? read.filter((one): one is string => typeof one === "string") : [];
  } catch {
    return [];
  }
};

export const remember = (id: string): void => {
  const next = [id, ...recentIds().filter((one) => one !== id)].slice(0, MOST);
  localStorage.setItem(KEY, JSON.stringify(next));
};

/**
 * How well `text` fits what was typed: letters in order, better at the start of words and in a row.
 * Undefined if it does not fit; nothing typed fits everything equally.
 */
export const scoreOf = (text: string, typed: string): number | undefined => {
  const hay = text.toLowerCase();
  let score = 0;
  let at = -1;
  for (const letter of typed.toLowerCase().replaceAll(" ", "")) {
    const next = hay.indexOf(letter, at + 1);
    if (next < 0) return undefined;
    score += next === at + 1 ? 3 : /[\s._/-]/.test(hay[next - 1] ?? " ") ? 2 : 0;
    at = next;
  }
  return score - text.length / 100;
};
