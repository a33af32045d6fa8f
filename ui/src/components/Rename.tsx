import { Pencil } from "lucide-react";
import { type FocusEvent, type KeyboardEvent, type ReactNode, useRef } from "react";
import style from "./Rename.module.css";

/** A name that can be changed where it stands: `Enter` or leaving it keeps what was typed, `Escape` does not. */
export const Renameable = ({
  label,
  name,
  isOpen,
  onOpen,
  onClose,
  children,
}: {
  /** What the pencil does, for screen readers and as its tip. */
  label: string;
  name: string;
  isOpen: boolean;
  onOpen: () => void;
  /** Told the new name, and undefined when it stays. */
  onClose: (name: string | undefined) => void;
  /** The name while nobody changes it. */
  children: ReactNode;
}) => {
  const isOver = useRef(false);
  if (!isOpen)
    return (
      <span className={style.name}>
        {children}
        <button
          type="button"
          className={style.pencil}
          tabIndex={-1}
          aria-label={label}
          title={`${label} (F2)`}
          data-rename=""
          onClick={() => {
            isOver.current = false;
            onOpen();
          }}
        >
          <Pencil aria-hidden />
        </button>
      </span>
    );
  const close = (input: HTMLInputElement, isKept: boolean) => {
    if (isOver.current) return;
    isOver.current = true;
    const typed = input.value.trim();
    onClose(isKept && typed && typed !== name ? typed : undefined);
  };
  return (
    <input
      className={style.input}
      aria-label={label}
      defaultValue={name}
      maxLength={600}
      spellCheck={false}
      autoComplete="off"
      ref={(input) => {
        if (!input || document.activeElement === input) return;
        input.focus();
        input.select();
      }}
      onBlur={(event: FocusEvent<HTMLInputElement>) => {
        // Another window took the focus; the field has it again when somebody comes back.
        if (document.activeElement !== event.currentTarget) close(event.currentTarget, true);
      }}
      onKeyDown={(event: KeyboardEvent<HTMLInputElement>) => {
        event.stopPropagation(); // the line's keys are letters here
        if ((event.key !== "Enter" && event.key !== "Escape") || event.nativeEvent.isComposing) return;
        event.preventDefault();
        const line = event.currentTarget.closest("tr");
        close(event.currentTarget, event.key === "Enter");
        line?.focus();
      }}
    />
  );
};
