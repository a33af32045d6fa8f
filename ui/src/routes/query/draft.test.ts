import { expect, test } from "vitest";
import { namesIn, parametersFor, valueFaults } from "./draft";

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

test("a parameter without a value is said where it stands; inside quotes an empty text is one", () => {
  const sql = "SELECT a -- {{n}}\nFROM t WHERE s = '{{s}}' LIMIT {{ n }}";
  const parameters = parametersFor(sql, []);
  expect(valueFaults(sql, parameters, { n: "", s: "" })).toEqual([
    {
      key: "n",
      fault: "no value",
      message: "The parameter n has no value: give it one above the editor.",
      line: 2,
      column: 32,
      length: 7,
    },
  ]);
  expect(valueFaults(sql, parameters, { n: "5", s: "" })).toEqual([]);
});

test("a value that does not fit its type is said, also of a parameter that the text does not use", () => {
  const said = (values: Record<string, string>) =>
    valueFaults("SELECT {{day}}", declared, values).map((one) => [one.key, one.fault, one.line]);
  expect(said({ day: "2026-11-01", gone: "1" })).toEqual([]);
  expect(said({ day: "now", gone: "" })).toEqual([
    ["day", "YYYY-MM-DD hh:mm:ss", 1],
    ["gone", "no value", undefined],
  ]);
});
