import { Star } from "lucide-react";
import style from "./Star.module.css";

/** Whether something has the owner's star; pressing it changes that. */
export const StarButton = ({
  label,
  isStarred,
  onToggle,
  keys,
}: {
  label: string;
  /** Undefined while it is not known; then it cannot be pressed. */
  isStarred: boolean | undefined;
  onToggle: () => void;
  keys?: string;
}) => (
  <button
    type="button"
    className={style.star}
    aria-label={label}
    aria-pressed={isStarred ?? false}
    aria-keyshortcuts={keys}
    title={keys ? `${label} (${keys})` : label}
    disabled={isStarred === undefined}
    data-star=""
    onClick={onToggle}
  >
    <Star aria-hidden />
  </button>
);
