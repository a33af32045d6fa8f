import { expect, test } from "vitest";
import { ApiError } from "./http";
import { pollAfter } from "./results";

const asked = { data: undefined, error: null, dataUpdateCount: 0 };

test("a status is asked for fast at first, then once a second, until the execution is over", () => {
  expect(pollAfter(asked)).toBe(100);
  expect(pollAfter({ ...asked, data: { state: "executing" }, dataUpdateCount: 2 })).toBeCloseTo(169);
  expect(pollAfter({ ...asked, data: { state: "executing" }, dataUpdateCount: 50 })).toBe(1_000);
  expect(pollAfter({ ...asked, data: { state: "failed" }, dataUpdateCount: 3 })).toBe(false);
});

test("an execution that the server does not know is not asked for again; a server that is away is", () => {
  for (const status of [400, 403, 404]) {
    const error = new ApiError(status, "no");
    expect(pollAfter({ ...asked, error })).toBe(false);
    expect(pollAfter({ data: { state: "executing" }, error, dataUpdateCount: 9 })).toBe(false);
  }
  for (const status of [0, 429, 503])
    expect(pollAfter({ ...asked, error: new ApiError(status, "later") })).toBe(1_000);
});
