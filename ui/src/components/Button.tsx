import { LoaderCircle } from "lucide-react";
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";
import style from "./Button.module.css";

type Look = "primary" | "danger" | "plain";

export type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  look?: Look;
  small?: boolean;
  /** Asked, not answered yet: the button says so and takes no second press. */
  busy?: boolean;
  icon?: ReactNode;
  keys?: string;
  ref?: Ref<HTMLButtonElement>;
};

export const Button = ({ look, small, busy, icon, keys, children, disabled, ...rest }: ButtonProps) => (
  <button
    type="button"
    {...rest}
    className={style.button}
    data-look={look}
    data-small={small ? "" : undefined}
    disabled={disabled || busy}
    aria-busy={busy || undefined}
  >
    {busy ? <LoaderCircle className={style.spin} aria-hidden /> : icon}
    {children}
    {keys && (
      <span className={style.key} aria-hidden>
        {keys}
      </span>
    )}
  </button>
);

/** A button that is only a picture; `label` is its name for screen readers and its tip. */
export const IconButton = ({
  label,
  children,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { label: string; ref?: Ref<HTMLButtonElement> }) => (
  <button
    type="button"
    {...rest}
    className={style.button}
    data-look="plain"
    data-icon=""
    aria-label={label}
    title={label}
  >
    {children}
  </button>
);

/** The class of a link that looks like a button. */
export const buttonClass = style.button ?? "";
