import { expect, test } from "vitest";
import { resultsWith } from "./dashboards";
import type { Wire } from "./wire";

const nothing: Wire<"DashboardResults"> = { results: [], query_parameters: {} };
const published = (used: Record<string, unknown>): Wire<"DashboardResults"> => ({
  results: [
    {
      visualization_id: 5,
      query_id: 41,
      query_version: 1,
      execution_id: "01JD8K3N5Q8R7T2V4W6X8Y0Z1C",
      row_count: 2,
    },
  ],
  query_parameters: used,
  pipeline_execution_id: "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
  published_at: "2026-11-24T10:41:07.000000Z",
});
/** A server with one refresh: what it ran with, and what it was asked with. */
const server = (ran: Record<string, string>, used: Record<string, unknown>) => {
  const asked: Record<string, string>[] = [];
  return {
    asked,
    load: async (values: Record<string, string>) => {
      asked.push(values);
      return Object.entries(values).every(([key, value]) => ran[key] === value) ? published(used) : nothing;
    },
  };
};

test("a dashboard shows the rows of the values that were asked for", async () => {
  const { asked, load } = server({ token: "ETH" }, {});
  expect(await resultsWith({ token: "ETH" }, load)).toMatchObject({ isOfAsked: true, used: {} });
  expect(asked).toEqual([{ token: "ETH" }]);
});

test("without such rows it has the last ones, said to be of other values", async () => {
  const { load } = server({ token: "BTC" }, { token: "BTC", chains: ["a", "b"] });
  const found = await resultsWith({ token: "ETH" }, load);
  expect(found).toMatchObject({
    isOfAsked: false,
    asked: { token: "ETH" },
    used: { token: "BTC", chains: "a,b" },
    runId: "01JD8K3N5Q8R7T2V4W6X8Y0Z1A",
  });
  expect(found.executions.size).toBe(1);
});

test("a value that the server wrote otherwise before it ran counts as it was asked", async () => {
  const { load } = server({ day: "2026-11-01 00:00:00" }, { day: "2026-11-01" });
  expect((await resultsWith({ day: "2026-11-01" }, load)).isOfAsked).toBe(true);
  expect((await resultsWith({ day: "2026-11-02" }, load)).isOfAsked).toBe(false);
});

test("a dashboard that was never refreshed has no rows of any values", async () => {
  const found = await resultsWith({ token: "ETH" }, async () => nothing);
  expect(found).toMatchObject({ isOfAsked: false });
  expect(found.runId).toBeUndefined();
});
