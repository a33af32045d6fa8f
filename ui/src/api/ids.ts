/** A key that nobody else makes. `crypto.randomUUID` is missing on plain http, where Qanat often runs. */
export const newKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
