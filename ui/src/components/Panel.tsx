import { type KeyboardEvent, type ReactNode, useRef } from "react";
import style from "./Panel.module.css";

export const Panel = ({
  title,
  actions,
  children,
  label,
}: {
  title?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  label?: string;
}) => (
  <section className={style.panel} aria-label={label ?? (typeof title === "string" ? title : undefined)}>
    {(title || actions) && (
      <header className={style.head}>
        <h2>{title}</h2>
        {actions}
      </header>
    )}
    {children}
  </section>
);

/** One sentence that teaches, one action, and where it helps the line for a terminal. */
export const Empty = ({
  title,
  children,
  actions,
  command,
}: {
  title: string;
  children: ReactNode;
  actions?: ReactNode;
  command?: string;
}) => (
  <div className={style.empty}>
    <h2>{title}</h2>
    <p>{children}</p>
    {command && <pre>{command}</pre>}
    {actions && <div className={style.buttons}>{actions}</div>}
  </div>
);

/** Tabs over one region; arrows move between them. The region has `id={`${id}-panel`}`. */
export const Tabs = <T extends string>({
  id,
  label,
  value,
  tabs,
  onChange,
  after,
}: {
  id: string;
  label: string;
  value: T;
  tabs: readonly { value: T; label: ReactNode }[];
  onChange: (value: T) => void;
  after?: ReactNode;
}) => {
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const at = tabs.findIndex((tab) => tab.value === value);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (!next) return;
    onChange(next.value);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[tabs.indexOf(next)]?.focus();
  };
  return (
    <div className={style.tabs}>
      <div role="tablist" aria-label={label} ref={list} onKeyDown={move} style={{ display: "contents" }}>
        {tabs.map((tab) => (
          <button
            key={tab.value}
            type="button"
            role="tab"
            id={`${id}-${tab.value}`}
            aria-selected={tab.value === value}
            aria-controls={`${id}-panel`}
            tabIndex={tab.value === value ? 0 : -1}
            onClick={() => onChange(tab.value)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      {after}
    </div>
  );
};

/** Names and values in two columns; absent values are left out. */
export const Facts = ({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) => (
  <dl className={style.facts}>
    {facts
      .filter(([, value]) => value !== undefined && value !== null && value !== false)
      .map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt>{name}</dt>
          <dd className="figures">{value}</dd>
        </div>
      ))}
  </dl>
);

/** Grey lines where text will stand; keeps the page from jumping. */
export const Skeleton = ({ lines = 4 }: { lines?: number }) => (
  <div className={style.skeleton} role="status" aria-label="Loading">
    {Array.from({ length: lines }, (_, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: lines are alike
      <span key={index} style={{ width: `${90 - ((index * 37) % 50)}%` }} />
    ))}
  </div>
);
