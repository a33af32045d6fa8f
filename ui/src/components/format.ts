/** Numbers and times as people read them. Pure; times in UTC. */

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** `2,411,003` */
export const whole = (value: number): string => grouped.format(value);

/** `12.4M`, `88k`, `812` */
export const short = (value: number): string => {
  const size = Math.abs(value);
  if (size >= 999_500_000) return `${trimmed(value / 1e9)}B`;
  if (size >= 999_500) return `${trimmed(value / 1e6)}M`;
  if (size >= 10_000) return `${trimmed(value / 1e3)}k`;
  return whole(value);
};

/** Any number for a chart: short when large, with the digits that matter when small. */
export const figure = (value: number): string => {
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return short(value);
  return String(Number(value.toPrecision(3)));
};

const trimmed = (value: number): string =>
  value.toFixed(Math.abs(value) >= 99.95 ? 0 : 1).replace(/\.0$/, "");

/** `39.1 kB`; decimal units, as disks are sold. */
export const bytes = (value: number): string => {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let size = value;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : trimmed(size)} ${units[unit]}`;
};

/** `0.31`, `0.0004`, `1,204`: enough digits to tell it from nothing. */
export const credits = (value: number): string => {
  if (value === 0) return "0";
  if (value >= 1000) return whole(value);
  if (value >= 10) return value.toFixed(1);
  if (value >= 0.01) return value.toFixed(2);
  return value >= 0.0001 ? value.toFixed(4) : "<0.0001";
};

/** `120 ms`, `1.9 s`, `1:06`, `2:14:09`, `3 d` */
export const duration = (seconds: number): string => {
  if (seconds < 0.9995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${seconds.toFixed(seconds < 9.95 ? 1 : 0)} s`;
  const total = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(total / 3600), Math.floor((total % 3600) / 60), total % 60];
  if (hours >= 48) return `${Math.round(hours / 24)} d`;
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
};

/** `0:41`: for something that ticks, so that its width does not jump. */
export const elapsed = (seconds: number): string => {
  const total = Math.max(0, Math.floor(seconds));
  return total < 60 ? `0:${String(total).padStart(2, "0")}` : duration(total);
};

/** `just now`, `4 min`, `3 h`, `12 d` */
export const age = (seconds: number): string => {
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
};

/** `10:41:07` */
export const clock = (at: number): string => new Date(at).toISOString().slice(11, 19);

/** `2026-11-24 10:41:07 UTC` */
export const moment = (at: number): string =>
  `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** `30-45 s`, `0.4-0.7`; one figure when both ends read the same. */
export const range = (ends: readonly [number, number], as: (value: number) => string): string => {
  const [low, high] = [as(ends[0]), as(ends[1])];
  if (low === high) return low;
  const unit = /\s\S+$/.exec(high)?.[0];
  return unit && low.endsWith(unit) ? `${low.slice(0, -unit.length)}–${high}` : `${low}–${high}`;
};

/** A message whose place is shown beside it. */
export const withoutPlace = (message: string): string => message.replace(/^line \d+:\d+: /, "");

/** `dune.me.result_blocks` → `blocks` */
export const lastPart = (name: string): string => (name.split(".").at(-1) ?? name).replace(/^result_/, "");

/** `1 row`, `2 rows` */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${short(count)} ${count === 1 ? one : many}`;

/** `1 row`, `2,411,003 rows`: every digit */
export const rowsOf = (count: number): string => `${whole(count)} ${count === 1 ? "row" : "rows"}`;

/** The last characters of a ULID: enough to tell runs apart by eye. */
export const shortId = (id: string): string => (id.length > 10 ? `${id.slice(0, 4)}…${id.slice(-4)}` : id);
