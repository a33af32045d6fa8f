import { AlertDialog } from "@base-ui/react/alert-dialog";
import { Dialog as Base } from "@base-ui/react/dialog";
import { type FormEvent, type ReactNode, useRef, useState } from "react";
import { Button } from "./Button";
import { TextField } from "./Field";
import style from "./Overlay.module.css";
import { ProblemLine } from "./Problem";

/** A dialog that its owner opens and closes. */
export const Dialog = ({
  open,
  onClose,
  title,
  children,
  wide = false,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  wide?: boolean;
}) => (
  <Base.Root open={open} onOpenChange={(next) => next || onClose()}>
    <Base.Portal>
      <Base.Backdrop className={style.backdrop} />
      <Base.Popup className={style.dialog} data-wide={wide ? "" : undefined}>
        <Base.Title className={style.title}>{title}</Base.Title>
        {children}
      </Base.Popup>
    </Base.Portal>
  </Base.Root>
);

/** The same without a visible title, for the palette. */
export const BareDialog = ({
  open,
  onClose,
  title,
  children,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
}) => (
  <Base.Root open={open} onOpenChange={(next) => next || onClose()}>
    <Base.Portal>
      <Base.Backdrop className={style.backdrop} />
      <Base.Popup className={style.dialog} data-palette="">
        <Base.Title className="unseen">{title}</Base.Title>
        {children}
      </Base.Popup>
    </Base.Portal>
  </Base.Root>
);

export const DialogActions = ({ children }: { children: ReactNode }) => (
  <div className={style.actions}>{children}</div>
);

/**
 * Asks before something that cannot be undone. It says exactly what changes; focus is on *Keep*;
 * deleting data also asks for the name.
 */
export const Confirm = ({
  open,
  onClose,
  title,
  consequence,
  verb,
  keep = "Keep",
  name,
  onConfirm,
}: {
  open: boolean;
  onClose: () => void;
  title: string;
  consequence: ReactNode;
  verb: string;
  keep?: string;
  /** To be typed before the verb can be pressed. */
  name?: string;
  onConfirm: () => Promise<unknown>;
}) => {
  const keepButton = useRef<HTMLButtonElement>(null);
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>();
  const close = () => {
    setTyped("");
    setError(undefined);
    onClose();
  };
  const confirm = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(undefined);
    try {
      await onConfirm();
      close();
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <AlertDialog.Root open={open} onOpenChange={(next) => next || close()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={style.backdrop} />
        <AlertDialog.Popup
          className={style.dialog}
          initialFocus={keepButton}
          render={<form onSubmit={confirm} />}
        >
          <AlertDialog.Title className={style.title}>{title}</AlertDialog.Title>
          <AlertDialog.Description className={style.description} render={<div />}>
            {consequence}
          </AlertDialog.Description>
          {name && <TextField label={`Type ${name} to confirm`} value={typed} onChange={setTyped} mono />}
          {error !== undefined && <ProblemLine error={error} />}
          <div className={style.actions}>
            <Button ref={keepButton} onClick={close}>
              {keep}
            </Button>
            <Button look="danger" type="submit" busy={busy} disabled={name !== undefined && typed !== name}>
              {verb}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
};
