import { Menu as Base } from "@base-ui/react/menu";
import { Ellipsis } from "lucide-react";
import { type ReactElement, type ReactNode, useMemo } from "react";
import { IconButton } from "./Button";
import style from "./Overlay.module.css";

export type MenuAction =
  | {
      label: string;
      icon?: ReactNode;
      keys?: string;
      danger?: boolean;
      disabled?: boolean;
      onSelect: () => void;
    }
  | { label: string; icon?: ReactNode; href: string; download?: boolean }
  | "separator";

/** Actions behind a button; the button is *More* unless another is given. */
export const Menu = ({
  actions,
  label = "More actions",
  trigger,
}: {
  actions: readonly MenuAction[];
  label?: string;
  trigger?: ReactElement;
}) => {
  const button = useMemo(
    () =>
      trigger ?? (
        <IconButton label={label}>
          <Ellipsis aria-hidden />
        </IconButton>
      ),
    [trigger, label],
  );
  return (
    <Base.Root modal={false}>
      <Base.Trigger render={button} />
      <Base.Portal>
        <Base.Positioner className={style.positioner} sideOffset={4} align="end">
          <Base.Popup className={style.menu}>
            {actions.map((action, index) =>
              action === "separator" ? (
                // biome-ignore lint/suspicious/noArrayIndexKey: separators are alike
                <Base.Separator key={index} className={style.separator} />
              ) : "href" in action ? (
                <Base.LinkItem
                  key={action.label}
                  className={style.item}
                  href={action.href}
                  {...(action.download ? { download: "" } : {})}
                >
                  {action.icon}
                  {action.label}
                </Base.LinkItem>
              ) : (
                <Base.Item
                  key={action.label}
                  className={style.item}
                  disabled={action.disabled ?? false}
                  data-danger={action.danger ? "" : undefined}
                  onClick={action.onSelect}
                >
                  {action.icon}
                  {action.label}
                  {action.keys && <kbd>{action.keys}</kbd>}
                </Base.Item>
              ),
            )}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
};
