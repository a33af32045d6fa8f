import { expect, test } from "vitest";
import { parameterOf } from "../../api/parameters";
import { offeredOf, toggled } from "./parameters";

const query = (id: number, ...keys: string[]) => ({
  id,
  parameters: keys.map((key) => parameterOf({ key })),
});
const chosen = [
  { id: "parameter-2", key: "token", queryId: 41 },
  { id: "w", key: "gone", queryId: 7 },
];

test("what the charts' queries declare is offered once, after what is asked for already", () => {
  expect(offeredOf(chosen, [query(41, "day", "token"), query(42, "day", "chain")])).toEqual([
    { key: "token", queryId: 41, isChosen: true },
    { key: "gone", queryId: 7, isChosen: true },
    { key: "day", queryId: 41, isChosen: false },
    { key: "chain", queryId: 42, isChosen: false },
  ]);
});

test("one is added under an id of its own and taken out again", () => {
  const day = { key: "day", queryId: 41, isChosen: false };
  const added = toggled(chosen, day);
  expect(added.at(-1)).toEqual({ id: "parameter-3", key: "day", queryId: 41 });
  expect(toggled([chosen[0] as never], day).at(-1)?.id).toBe("parameter-3");
  expect(toggled(added, { ...day, isChosen: true })).toEqual(chosen);
});
