import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useState } from "react";
import { offerRightPanel } from "./rightPanel";
import style from "./Split.module.css";

/**
 * Two regions with a handle between them; the second one's size is kept per browser under `name`.
 * Arrows move the handle, a double press sets it back. A region on the right can be hidden as a whole.
 */
export const Split = ({
  name,
  side,
  initial,
  least = 160,
  label,
  children,
}: {
  name: string;
  /** Where the second region stands. */
  side: "right" | "below";
  initial: number;
  least?: number;
  label: string;
  children: [ReactNode, ReactNode];
}) => {
  const [size, setSize] = useState(() => Number(localStorage.getItem(`split.${name}`)) || initial);
  useEffect(() => localStorage.setItem(`split.${name}`, String(Math.round(size))), [name, size]);
  const [isHidden, setHidden] = useState(false);
  useEffect(
    () => (side === "right" ? offerRightPanel(() => setHidden((before) => !before)) : undefined),
    [side],
  );
  const bound = (wanted: number, frame: DOMRect) =>
    Math.max(least, Math.min(wanted, (side === "right" ? frame.width : frame.height) - least));
  const drag = (event: PointerEvent<HTMLDivElement>) => {
    event.preventDefault();
    const handle = event.currentTarget;
    const frame = handle.parentElement?.getBoundingClientRect();
    if (!frame) return;
    handle.setPointerCapture(event.pointerId);
    const move = (at: globalThis.PointerEvent) =>
      setSize(bound(side === "right" ? frame.right - at.clientX : frame.bottom - at.clientY, frame));
    const end = () => {
      handle.removeEventListener("pointermove", move);
      handle.removeEventListener("pointerup", end);
    };
    handle.addEventListener("pointermove", move);
    handle.addEventListener("pointerup", end);
  };
  const keys = (event: KeyboardEvent<HTMLDivElement>) => {
    const grows = side === "right" ? "ArrowLeft" : "ArrowUp";
    const shrinks = side === "right" ? "ArrowRight" : "ArrowDown";
    const frame = event.currentTarget.parentElement?.getBoundingClientRect();
    if (!frame || (event.key !== grows && event.key !== shrinks)) return;
    event.preventDefault();
    setSize((before) => bound(before + (event.key === grows ? 24 : -24), frame));
  };
  return (
    <div className={style.split} data-side={side} data-hidden={isHidden ? "" : undefined}>
      <div className={style.first}>{children[0]}</div>
      <div
        role="separator"
        aria-orientation={side === "right" ? "vertical" : "horizontal"}
        aria-label={label}
        aria-valuenow={Math.round(size)}
        aria-valuemin={least}
        tabIndex={0}
        className={style.handle}
        onPointerDown={drag}
        onKeyDown={keys}
        onDoubleClick={() => setSize(initial)}
      />
      <div className={style.second} style={{ flexBasis: size }}>
        {children[1]}
      </div>
    </div>
  );
};
