import { Toast } from "@base-ui/react/toast";
import type { ReactNode } from "react";
import style from "./Overlay.module.css";

const manager = Toast.createToastManager();

const SHOWN_MS = 5_000;
const UNDO_MS = 10_000;

/** Say that something was done. Toasts only confirm: an error stands where it happened. */
export const confirmDone = (text: string): void => {
  manager.add({ description: text, timeout: SHOWN_MS });
};

/** The same for what can be taken back for ten seconds, or until what it returns is called. */
export const confirmWithUndo = (text: string, undo: () => void): (() => void) => {
  const id = manager.add({
    description: text,
    timeout: UNDO_MS,
    actionProps: {
      children: "Undo",
      onClick: () => {
        manager.close(id);
        undo();
      },
    },
  });
  return () => manager.close(id);
};

export const Toasts = ({ children }: { children: ReactNode }) => (
  <Toast.Provider toastManager={manager}>
    {children}
    <Toast.Portal>
      <Toast.Viewport className={style.toasts}>
        <List />
      </Toast.Viewport>
    </Toast.Portal>
  </Toast.Provider>
);

const List = () => {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={style.toast} data-toast="" aria-label="Message">
      <Toast.Description />
      {toast.actionProps && <Toast.Action />}
      <Toast.Close aria-label="Dismiss">×</Toast.Close>
    </Toast.Root>
  ));
};
