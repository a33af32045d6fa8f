// Calls the SDK for a test: a JSON line in, {"call": "exec.getExecutionStatus", "args": [...]},
// a JSON line out, {"value": ...} or {"error": "..."}. `qanat.mjs` is the shim of docs/clients.md.
import readline from "node:readline";
import { Paginator, QueryParameter } from "@duneanalytics/client-sdk";
import { qanatClient } from "./qanat.mjs";

const client = qanatClient(process.env.QANAT_KEY, process.env.QANAT_URL);

const revive = (_, value) => {
  if (value?.$bytes !== undefined) return Buffer.from(value.$bytes);
  if (value?.$parameter) return QueryParameter[value.$parameter[0]](...value.$parameter.slice(1));
  return value;
};

async function pages(executionId, size) {
  const status = await client.exec.getExecutionStatus(executionId);
  const paginator = await Paginator.new(client.exec, status, size);
  const seen = [paginator.getCurrentPageValues()];
  while (seen.length < paginator.maxPage()) seen.push(await paginator.nextPage());
  return seen;
}

async function carryOut({ call, args }) {
  if (call === "paginate") return pages(...args);
  const names = call.split(".");
  const name = names.pop();
  return names.reduce((on, part) => on[part], client)[name](...args);
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = { value: await carryOut(JSON.parse(line, revive)) };
  } catch (error) {
    answer = { error: String(error?.message ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
