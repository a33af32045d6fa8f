import { OctagonX } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../api/http";
import { Button } from "./Button";
import style from "./Panel.module.css";

/** What went wrong, in one sentence, and what to do: by the status of the answer. */
export const explain = (error: unknown): { text: string; advice?: string } => {
  if (!(error instanceof ApiError)) return { text: error instanceof Error ? error.message : String(error) };
  const wait = error.retryAfterS ? ` Try again in ${error.retryAfterS} s.` : "";
  switch (error.status) {
    case 0:
      return { text: error.message, advice: "What is on the page stays; it may be old." };
    case 402:
      return {
        text: error.message,
        advice: "A limit of this server's plan. Settings → Usage shows what is left.",
      };
    case 403:
      return {
        text: error.message,
        advice: "This key may not do that. An owner's key with write scope can.",
      };
    case 409:
      return { text: error.message, advice: "Somebody changed it first. Nothing was overwritten." };
    case 413:
      return { text: error.message, advice: "It is longer than this server accepts." };
    case 429:
      return { text: error.message, advice: `Too many requests.${wait}` };
    default:
      return { text: error.message };
  }
};

/** An error where the data would be, with the request's id and a way out. */
export const Problem = ({
  error,
  title,
  onRetry,
  children,
}: {
  error: unknown;
  title?: string;
  onRetry?: () => void;
  children?: ReactNode;
}) => {
  const { text, advice } = explain(error);
  return (
    <div className={style.problem} role="alert">
      {title && <h3>{title}</h3>}
      <p>{text}</p>
      {advice && <p className="muted">{advice}</p>}
      {error instanceof ApiError && (error.status > 0 || error.requestId) && (
        <small>
          {error.status > 0 && `status ${error.status}`}
          {error.requestId && ` · request ${error.requestId}`}
        </small>
      )}
      {(onRetry || children) && (
        <div className={style.buttons}>
          {onRetry && (
            <Button small onClick={onRetry}>
              Try again
            </Button>
          )}
          {children}
        </div>
      )}
    </div>
  );
};

/** What a part of a page says in place of data that could not be loaded. */
export const NotLoaded = ({
  query,
  title,
}: {
  query: { error: unknown; refetch: () => unknown };
  title: string;
}) => (
  <div className={style.inset}>
    <Problem error={query.error} title={title} onRetry={() => void query.refetch()} />
  </div>
);

/** The same in one line, inside a form or beside a button. */
export const ProblemLine = ({ error }: { error: unknown }) => (
  <p className={style.line} role="alert">
    <OctagonX aria-hidden width={15} height={15} />
    {explain(error).text}
  </p>
);
