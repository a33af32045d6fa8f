import { expect, test } from "vitest";
import { parameterOf, parameterToWire } from "./parameters";
import { latestOf, type PastExecution, queryOf } from "./queries";

const past = (id: string, part: Partial<PastExecution>): PastExecution => ({
  id,
  runId: id,
  kind: "query",
  trigger: "api",
  state: "completed",
  version: 2,
  tier: "medium",
  parameters: { day: "a" },
  submittedAt: 0,
  credits: 0,
  isPublished: true,
  ...part,
});

test("a page opens with the newest published rows of its version and values", () => {
  const history = [
    past("running", { state: "executing", isPublished: false }),
    past("failed-run", { isPublished: false }),
    past("other-values", { parameters: { day: "b" } }),
    past("right", {}),
    past("old-version", { version: 1 }),
  ];
  expect(latestOf(history, 2, { day: "a" })?.id).toBe("right");
  expect(latestOf(history, 2, {})?.id).toBe("other-values");
  expect(latestOf(history.slice(0, 2), 2, {})?.id).toBe("running");
  expect(latestOf(history, 3, {})).toBeUndefined();
});

test("the values of rows are compared as what they are, not as how they are written", () => {
  const parameters = [
    parameterOf({ key: "day", type: "datetime", value: "2026-11-01" }),
    parameterOf({ key: "n", type: "number", value: "5" }),
    parameterOf({ key: "t", type: "text", value: "5" }),
  ];
  const history = [past("right", { parameters: { day: "2026-11-01 00:00:00", n: "5.0", t: "5" } })];
  const found = (part: Record<string, string>) =>
    latestOf(history, 2, { day: "2026-11-01", n: "5", t: "5", ...part }, parameters)?.id;
  expect(found({})).toBe("right");
  expect(found({ day: "2026-11-01T00:00" })).toBe("right");
  expect(found({ day: "2026-11-02" })).toBeUndefined();
  expect(found({ n: "6" })).toBeUndefined();
  expect(found({ n: "" })).toBeUndefined();
  expect(found({ t: "5.0" })).toBeUndefined();
  expect(found({ another: "x" })).toBeUndefined();
});

test("parameters are read in every spelling and written back in one", () => {
  const wire = {
    key: "t",
    type: "enum" as const,
    value: ["a", "b"],
    enumOptions: ["a", "b", "c"],
    isMultiselect: true,
  };
  const parameter = parameterOf(wire);
  expect(parameter).toMatchObject({ value: "a,b", options: ["a", "b", "c"], isMultiselect: true });
  expect(parameterToWire(parameter)).toEqual(wire);
  expect(parameterOf({ key: "d", type: "date", value: "2026-11-01" }).type).toBe("datetime");
  expect(parameterOf({ key: "n", type: "number" }).value).toBe("");
});

test("several values are for text and enum, also when the type is changed afterwards", () => {
  const parameter = parameterOf({
    key: "p",
    type: "enum",
    value: ["5"],
    enumOptions: ["5"],
    isMultiselect: true,
  });
  for (const type of ["number", "datetime"] as const)
    expect(parameterToWire({ ...parameter, type })).toEqual({ key: "p", type, value: "5" });
  expect(parameterToWire({ ...parameter, type: "text" })).toMatchObject({
    value: ["5"],
    isMultiselect: true,
  });
});

test("a saved query is read with its view and schedule", () => {
  expect(
    queryOf({
      query_id: 1,
      name: "n",
      description: "",
      tags: [],
      version: 3,
      parameters: [],
      query_sql: "SELECT 1",
      is_private: false,
      is_archived: false,
      is_unsaved: false,
      is_temp: false,
      query_engine: "v2 Dune SQL",
      owner: "me",
      created_at: "2026-11-24T10:00:00.000000Z",
      updated_at: "2026-11-24T10:00:00.000000Z",
      view: { name: "dune.me.result_n", schedule: { cron_expression: "0 * * * *", performance: "small" } },
    }),
  ).toMatchObject({
    version: 3,
    view: { name: "dune.me.result_n", schedule: { cron: "0 * * * *", tier: "small" } },
  });
});
