import { OctagonX } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../../components/Button";
import { withoutPlace } from "../../components/format";
import style from "./Query.module.css";

export type Shown = {
  message: string;
  line?: number | undefined;
  column?: number | undefined;
  length?: number | undefined;
  suggestion?: string | undefined;
};

/** Between editor and result: where it is wrong, what is wrong, what can be done. */
export const ErrorStrip = ({
  error,
  more,
  onGoTo,
  onReplace,
  children,
}: {
  error: Shown;
  more: number;
  onGoTo: (place: { line: number; column: number }) => void;
  onReplace: (place: { line: number; column: number; length: number }, text: string) => void;
  children?: ReactNode;
}) => {
  const { line, column, length, suggestion } = error;
  const hasPlace = line !== undefined && column !== undefined;
  return (
    <div className={style.strip} role="alert">
      <OctagonX aria-hidden width={15} height={15} color="var(--failed)" />
      <p>
        {hasPlace && (
          <b>
            {line}:{column}
          </b>
        )}{" "}
        {hasPlace ? withoutPlace(error.message) : error.message}
        {suggestion && !error.message.includes("Did you mean") && (
          <>
            {/[.!?]$/.test(error.message) ? " " : ". "}
            Did you mean <code>{suggestion}</code>?
          </>
        )}
        {more > 0 && <span className="muted"> and {more} more</span>}
      </p>
      {suggestion && hasPlace && length !== undefined && (
        <Button small onClick={() => onReplace({ line, column, length }, suggestion)}>
          Replace
        </Button>
      )}
      {hasPlace && (
        <Button small onClick={() => onGoTo({ line, column })}>
          Go to {line}:{column}
        </Button>
      )}
      {children}
    </div>
  );
};
