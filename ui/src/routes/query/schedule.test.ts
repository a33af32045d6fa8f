import { expect, test } from "vitest";
import { CUSTOM, chosenSchedule, cronFault, SCHEDULES, scheduleFrom } from "./schedule";

test("a schedule that is loaded is named if it can be", () => {
  for (const { value } of SCHEDULES) expect(scheduleFrom(value).isCustom).toBe(false);
  expect(scheduleFrom("7 7 * * *").isCustom).toBe(true);
});

test("cron stays cron until something else is chosen, whatever it says", () => {
  const custom = chosenSchedule(scheduleFrom("0 * * * *"), CUSTOM);
  expect(custom).toEqual({ isCustom: true, cron: "0 * * * *" });
  expect(chosenSchedule({ ...custom, cron: "" }, CUSTOM)).toEqual({ isCustom: true, cron: "" });
  expect(chosenSchedule(scheduleFrom(""), CUSTOM).cron).not.toBe("");
  expect(chosenSchedule(custom, "")).toEqual({ isCustom: false, cron: "" });
});

test("an empty cron is no schedule of none", () => {
  expect(cronFault({ isCustom: true, cron: " " })).toContain("five fields");
  expect(cronFault({ isCustom: true, cron: "0 * * *" })).toBe("five fields");
  expect(cronFault({ isCustom: true, cron: " 0 * * * * " })).toBeUndefined();
  expect(cronFault({ isCustom: false, cron: "" })).toBeUndefined();
});
