/** Errors of the text, from the server, asked for when typing rests and every parameter has a value. */

import { useEffect, useState } from "react";
import type { Parameter } from "../../api/parameters";
import { type Checked, checkSql } from "../../api/statements";

const REST_MS = 350;

export const useCheck = (
  sql: string,
  parameters: readonly Parameter[],
  values: Record<string, string>,
  isReady: boolean,
) => {
  const [checked, setChecked] = useState<{ text: string; result: Checked }>();
  const key = JSON.stringify([sql, parameters.map((one) => [one.key, one.type]), values, isReady]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for what is checked
  useEffect(() => {
    if (sql.trim() === "" || !isReady) {
      setChecked(undefined);
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      checkSql(sql, parameters, values, abort.signal).then(
        (result) => setChecked({ text: sql, result }),
        () => {}, // a check that cannot be had changes nothing; running says what is wrong
      );
    }, REST_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key]);
  return checked;
};
