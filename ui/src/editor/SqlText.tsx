import { useEffect, useMemo, useRef } from "react";
import style from "./SqlText.module.css";
import { linesOf } from "./tokens";

/** SQL to read, with a caret below the place that is wrong. Light: no editor behind it. */
export const SqlText = ({
  sql,
  at,
  label = "SQL",
}: {
  sql: string;
  at?: { line: number; column: number; length?: number } | undefined;
  label?: string;
}) => {
  const lines = useMemo(() => linesOf(sql), [sql]);
  const bad = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: scrolls when the place or the text is another
  useEffect(() => {
    bad.current?.scrollIntoView({ block: "center" });
  }, [at?.line, sql]);
  return (
    <pre className={style.text} role="region" aria-label={label} tabIndex={0}>
      {lines.map((tokens, index) => {
        const isBad = at?.line === index + 1;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its number
          <code key={index} style={{ display: "contents" }}>
            <span
              className={style.line}
              data-bad={isBad ? "" : undefined}
              ref={isBad ? (bad as never) : undefined}
            >
              {tokens.map((token, place) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: pieces have no name
                <span key={place} data-kind={token.kind}>
                  {token.text}
                </span>
              ))}
            </span>
            {isBad && (
              <span className={style.caret} aria-hidden>
                {" ".repeat(Math.max(0, at.column - 1))}
                {"^".repeat(Math.max(1, at.length ?? 1))}
              </span>
            )}
          </code>
        );
      })}
    </pre>
  );
};
