/** Parameters that a query declares, and the values that are sent for them. */

import type { Wire } from "./wire";

const TYPES = ["text", "number", "datetime", "enum"] as const;

export type Parameter = {
  key: string;
  type: (typeof TYPES)[number];
  value: string;
  options: string[];
  isMultiselect: boolean;
  isFreeform: boolean;
  description: string;
};

export const parameterOf = (wire: Wire<"ParameterShape">): Parameter => {
  const value = wire.value ?? wire.values ?? "";
  return {
    key: wire.key,
    type: wire.type === "date" ? "datetime" : (TYPES.find((one) => one === wire.type) ?? "text"),
    value: Array.isArray(value) ? value.join(",") : String(value),
    options: wire.enumOptions ?? [],
    isMultiselect: wire.isMultiselect ?? false,
    isFreeform: wire.isFreeformAllowed ?? false,
    description: wire.description ?? "",
  };
};

export const parameterToWire = (parameter: Parameter): Wire<"ParameterShape"> => {
  // A number or a moment is one: what was ticked while it was an enum does not count.
  const isMultiselect = parameter.isMultiselect && (parameter.type === "enum" || parameter.type === "text");
  return {
    key: parameter.key,
    type: parameter.type,
    value: isMultiselect ? parameter.value.split(",").filter(Boolean) : parameter.value,
    ...(parameter.type === "enum" ? { enumOptions: parameter.options } : {}),
    ...(isMultiselect ? { isMultiselect: true } : {}),
    ...(parameter.isFreeform ? { isFreeformAllowed: true } : {}),
    ...(parameter.description ? { description: parameter.description } : {}),
  };
};

/** A moment with every digit, as text that can be compared; what is none stays as it is. */
const momentText = (value: string): string => {
  const found = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?)?$/.exec(value.trim());
  if (!found) return value;
  const [, day, minute = "00:00", second = "00", part = ""] = found;
  return `${day} ${minute}:${second}.${part.padEnd(6, "0")}`;
};

/** Whether two texts are the same value: the server keeps `2026-11-01` as `2026-11-01 00:00:00`. */
export const isSameValue = (type: Parameter["type"] | undefined, a: string, b: string): boolean => {
  if (a === b) return true;
  if (type === "number") return a.trim() !== "" && b.trim() !== "" && Number(a) === Number(b);
  return type === "datetime" && momentText(a) === momentText(b);
};

/** A value of a multi-select parameter goes as a list. */
export const valuesToWire = (values: Record<string, string>, parameters: readonly Parameter[]) =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      parameters.find((one) => one.key === key)?.isMultiselect ? value.split(",").filter(Boolean) : value,
    ]),
  );
