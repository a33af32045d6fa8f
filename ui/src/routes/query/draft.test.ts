import { expect, test } from "vitest";
import { namesIn, parametersFor } from "./draft";

const declared = [
  {
    key: "day",
    type: "datetime" as const,
    value: "2026-11-01",
    options: [],
    isMultiselect: false,
    isFreeform: false,
    description: "",
  },
  {
    key: "gone",
    type: "number" as const,
    value: "1",
    options: [],
    isMultiselect: false,
    isFreeform: false,
    description: "",
  },
];

test("names between braces are parameters, each once, spaces around them aside", () => {
  expect(namesIn("{{day}} {{ token name }} {{day}} {{ }} {{a\nb}} {not} {{{x}}}")).toEqual([
    "day",
    "token name",
    "x",
  ]);
});

test("a used name is a parameter without being declared; a declared one is kept though unused", () => {
  const parameters = parametersFor("SELECT {{token}} WHERE d = '{{day}}'", declared);
  expect(parameters.map((one) => one.key)).toEqual(["token", "day", "gone"]);
  expect(parameters[0]).toMatchObject({ type: "text", value: "" });
  expect(parameters[1]).toBe(declared[0]);
});
