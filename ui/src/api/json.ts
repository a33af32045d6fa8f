/**
 * JSON whose whole numbers survive: `bigint` columns carry bare numbers above 2^53, which a plain
 * parse would round.
 */

const WHOLE = /^-?\d{16,}$/;

export const parseLossless = (text: string): unknown =>
  JSON.parse(text, (_key, value: unknown, context?: { source: string }) =>
    typeof value === "number" && context && WHOLE.test(context.source) && !Number.isSafeInteger(value)
      ? BigInt(context.source)
      : value,
  );

/** Whether a column of this type can hold such numbers; the lossless parse costs thirty times more. */
export const needsLossless = (types: readonly string[]): boolean =>
  types.some((type) => /\b(bigint|json|row|map)\b/.test(type));
