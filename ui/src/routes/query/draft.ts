/** What is written and not saved yet: kept in this browser every second, offered again after a crash. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Parameter } from "../../api/parameters";
import { faultOf, NO_VALUE } from "../../components/ParamForm";
import { placeOf } from "../../editor/markers";
import { tokensOf } from "../../editor/tokens";

export type Text = {
  name: string;
  sql: string;
  description: string;
  isPrivate: boolean;
  parameters: Parameter[];
};
type Kept = { at: number; version: number; text: Text };

const SAVE_MS = 1_000;
const keyOf = (id: number | "new") => `draft.query.${id}`;

const PARAMETER = /\{\{\s*([^{}\s](?:[^{}\n]*?[^{}\s])?)\s*\}\}/g;

/** Names between double braces, in the order of the text, each once. */
export const namesIn = (sql: string): string[] => [
  ...new Set([...sql.matchAll(PARAMETER)].map((match) => match[1] as string)),
];

/** Declared parameters, and those that the text uses without declaring: text, empty. Unused ones go last. */
export const parametersFor = (sql: string, declared: readonly Parameter[]): Parameter[] => {
  const used = namesIn(sql);
  const known = new Map(declared.map((one) => [one.key, one]));
  return [
    ...used.map(
      (key): Parameter =>
        known.get(key) ?? {
          key,
          type: "text",
          value: "",
          options: [],
          isMultiselect: false,
          isFreeform: false,
          description: "",
        },
    ),
    ...declared.filter((one) => !used.includes(one.key)),
  ];
};

/** Where a parameter stands for the first time, and whether it stands anywhere outside a text in quotes. */
const useOf = (sql: string, key: string) => {
  let at = 0;
  let first: { offset: number; length: number } | undefined;
  let isBare = false;
  for (const { kind, text } of tokensOf(sql)) {
    for (const match of text.matchAll(PARAMETER)) {
      if (match[1] !== key || kind === "comment") continue;
      first ??= { offset: at + match.index, length: match[0].length };
      isBare ||= kind !== "string";
    }
    at += text.length;
  }
  return { first, isBare };
};

export type ValueFault = {
  key: string;
  /** As it stands at the field. */
  fault: string;
  message: string;
  line?: number;
  column?: number;
  length?: number;
};

/**
 * Values that cannot be sent. An empty text is a value inside quotes; anywhere else it would leave a hole in
 * the statement, and what comes after it would be called wrong.
 */
export const valueFaults = (
  sql: string,
  parameters: readonly Parameter[],
  values: Readonly<Record<string, string>>,
): ValueFault[] =>
  parameters.flatMap((parameter): ValueFault[] => {
    const { key } = parameter;
    const value = values[key] ?? "";
    const { first, isBare } = useOf(sql, key);
    const fault = faultOf(parameter, value) ?? (value === "" && isBare ? NO_VALUE : undefined);
    if (fault === undefined) return [];
    const message =
      fault === NO_VALUE
        ? `The parameter ${key} has no value: give it one above the editor.`
        : `The value of the parameter ${key} does not fit: ${fault} is expected.`;
    return [
      { key, fault, message, ...(first ? { ...placeOf(sql, first.offset), length: first.length } : {}) },
    ];
  });

const readKept = (id: number | "new"): Kept | undefined => {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(id)) ?? "null") as Kept | null;
    return kept && typeof kept.at === "number" && typeof kept.text?.sql === "string" ? kept : undefined;
  } catch {
    return undefined;
  }
};

export const isSame = (a: Text, b: Text): boolean =>
  a.name === b.name &&
  a.sql === b.sql &&
  a.description === b.description &&
  a.isPrivate === b.isPrivate &&
  JSON.stringify(a.parameters) === JSON.stringify(b.parameters);

/** `start`: what the editor opens with, if it is not what is saved: an older version, a copy. */
export const useDraft = (id: number | "new", base: Text, version: number, start: Text = base) => {
  const [text, setText] = useState(start);
  const [found, setFound] = useState(() => {
    const kept = readKept(id);
    return kept && !isSame(kept.text, base) ? kept : undefined;
  });
  const isDirty = useMemo(() => !isSame(text, base), [text, base]);
  const latest = useRef(text);
  latest.current = text;

  useEffect(() => {
    if (!isDirty) return;
    const timer = setInterval(() => {
      const kept: Kept = { at: Date.now(), version, text: latest.current };
      localStorage.setItem(keyOf(id), JSON.stringify(kept));
    }, SAVE_MS);
    return () => clearInterval(timer);
  }, [id, version, isDirty]);
  useEffect(() => {
    if (!isDirty) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [isDirty]);

  const change = useCallback((part: Partial<Text>) => setText((before) => ({ ...before, ...part })), []);
  const forget = useCallback(() => {
    localStorage.removeItem(keyOf(id));
    setFound(undefined);
  }, [id]);
  return { text, change, replace: setText, isDirty, found, forget };
};
