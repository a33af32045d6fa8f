/** Schedules of a view: those that people ask for by name, and any other as cron, in UTC. Pure. */

export const SCHEDULES = [
  { value: "", label: "none: only by hand or with a pipeline" },
  { value: "*/15 * * * *", label: "every 15 minutes" },
  { value: "0 * * * *", label: "hourly" },
  { value: "0 */6 * * *", label: "every 6 hours" },
  { value: "0 3 * * *", label: "daily at 03:00 UTC" },
  { value: "0 3 * * 1", label: "weekly, Monday 03:00 UTC" },
] as const;

/** `isCustom` is what the person chose: while it is typed, cron may equal a named schedule, or be empty. */
export type Schedule = { isCustom: boolean; cron: string };

export const CUSTOM = "custom";
const BEGINNING = "30 */2 * * *"; // of a cron of one's own

export const scheduleFrom = (cron: string): Schedule => ({
  isCustom: !SCHEDULES.some((one) => one.value === cron),
  cron,
});

export const chosenSchedule = (before: Schedule, value: string): Schedule => {
  if (value !== CUSTOM) return { isCustom: false, cron: value };
  return before.isCustom ? before : { isCustom: true, cron: before.cron || BEGINNING };
};

/** What is wrong with it; the server knows the rest. */
export const cronFault = ({ isCustom, cron }: Schedule): string | undefined => {
  if (!isCustom) return undefined;
  if (cron.trim() === "") return "a cron of five fields, or the schedule none";
  return cron.trim().split(/\s+/).length === 5 ? undefined : "five fields";
};
