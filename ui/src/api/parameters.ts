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

/** A value of a multi-select parameter goes as a list. */
export const valuesToWire = (values: Record<string, string>, parameters: readonly Parameter[]) =>
  Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      parameters.find((one) => one.key === key)?.isMultiselect ? value.split(",").filter(Boolean) : value,
    ]),
  );
