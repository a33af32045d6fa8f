import { Search } from "lucide-react";
import { type ReactNode, type Ref, useId } from "react";
import style from "./Field.module.css";

type Common = {
  label: string;
  hideLabel?: boolean;
  hint?: ReactNode;
  error?: string | undefined;
  small?: boolean;
  disabled?: boolean;
};

const Frame = ({
  id,
  label,
  hideLabel,
  hint,
  error,
  children,
}: Common & { id: string; children: ReactNode }) => (
  <div className={style.field}>
    <label htmlFor={id} className={hideLabel ? "unseen" : style.label}>
      {label}
    </label>
    {children}
    {error ? (
      <span id={`${id}-said`} className={style.error}>
        {error}
      </span>
    ) : (
      hint && (
        <span id={`${id}-said`} className={style.hint}>
          {hint}
        </span>
      )
    )}
  </div>
);

export const TextField = ({
  value,
  onChange,
  onBlur,
  mono,
  type = "text",
  placeholder,
  lines,
  autoFocus,
  list,
  inputRef,
  ...common
}: Common & {
  value: string;
  onChange: (value: string) => void;
  onBlur?: () => void;
  mono?: boolean;
  type?: "text" | "password" | "number" | "date" | "datetime-local";
  placeholder?: string;
  lines?: number;
  autoFocus?: boolean;
  list?: readonly string[];
  inputRef?: Ref<HTMLInputElement>;
}) => {
  const id = useId();
  const shared = {
    id,
    value,
    onBlur,
    placeholder,
    className: style.input,
    "data-mono": mono ? "" : undefined,
    "data-small": common.small ? "" : undefined,
    "aria-invalid": common.error ? true : undefined,
    "aria-describedby": common.error || common.hint ? `${id}-said` : undefined,
    disabled: common.disabled,
    spellCheck: false,
    autoComplete: "off",
  };
  return (
    <Frame id={id} {...common}>
      {lines ? (
        <textarea {...shared} rows={lines} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <input
          {...shared}
          ref={inputRef}
          type={type}
          step={type === "datetime-local" ? 1 : type === "number" ? "any" : undefined}
          list={list ? `${id}-list` : undefined}
          // biome-ignore lint/a11y/noAutofocus: only the first field of a dialog or of sign-in asks for it
          autoFocus={autoFocus}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      {list && (
        <datalist id={`${id}-list`}>
          {list.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      )}
    </Frame>
  );
};

export const SelectField = <T extends string>({
  value,
  onChange,
  options,
  ...common
}: Common & {
  value: T;
  onChange: (value: T) => void;
  options: readonly (T | { value: T; label: string })[];
}) => {
  const id = useId();
  return (
    <Frame id={id} {...common}>
      <select
        id={id}
        value={value}
        className={style.input}
        data-small={common.small ? "" : undefined}
        disabled={common.disabled}
        aria-describedby={common.error || common.hint ? `${id}-said` : undefined}
        onChange={(event) => onChange(event.target.value as T)}
      >
        {options.map((option) => {
          const { value: own, label } =
            typeof option === "string" ? { value: option, label: option } : option;
          return (
            <option key={own} value={own}>
              {label}
            </option>
          );
        })}
      </select>
    </Frame>
  );
};

export const CheckField = ({
  label,
  checked,
  onChange,
  disabled,
}: {
  label: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) => (
  <label className={style.check}>
    <input
      type="checkbox"
      checked={checked}
      disabled={disabled}
      onChange={(event) => onChange(event.target.checked)}
    />
    {label}
  </label>
);

/** The filter of a page; `/` goes to it. */
export const SearchField = ({
  label,
  value,
  onChange,
  placeholder,
  isPageFilter = false,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
  isPageFilter?: boolean;
}) => (
  <div className={style.search}>
    <Search aria-hidden />
    <input
      type="search"
      aria-label={label}
      className={style.input}
      data-small=""
      data-page-filter={isPageFilter ? "" : undefined}
      value={value}
      placeholder={placeholder ?? label}
      spellCheck={false}
      autoComplete="off"
      onChange={(event) => onChange(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        if (value) onChange("");
        else event.currentTarget.blur();
      }}
    />
  </div>
);

/** One of a few, as buttons side by side. */
export const Choices = <T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly { value: T; label: ReactNode; disabled?: boolean }[];
  onChange: (value: T) => void;
}) => (
  <div className={style.choices} role="group" aria-label={label}>
    {options.map((option) => (
      <button
        key={option.value}
        type="button"
        aria-pressed={option.value === value}
        disabled={option.disabled}
        onClick={() => onChange(option.value)}
      >
        {option.label}
      </button>
    ))}
  </div>
);
