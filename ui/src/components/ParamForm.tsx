import type { Parameter } from "../api/parameters";
import { SelectField, TextField } from "./Field";
import style from "./ParamForm.module.css";

export const NO_VALUE = "no value";

/** Why a value cannot be sent; undefined if it can. */
export const faultOf = (parameter: Parameter, value: string): string | undefined => {
  const isOne = parameter.type === "number" || parameter.type === "datetime";
  if (isOne && value.trim() === "") return NO_VALUE;
  if (parameter.type === "number" && Number.isNaN(Number(value))) return "a number";
  if (
    parameter.type === "datetime" &&
    !/^\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$/.test(value.trim())
  )
    return "YYYY-MM-DD hh:mm:ss";
  if (
    parameter.type === "enum" &&
    !parameter.isFreeform &&
    !parameter.isMultiselect &&
    !parameter.options.includes(value)
  )
    return value === "" ? NO_VALUE : "one of the options";
  return undefined;
};

/** Every value there is: what was chosen, else the default. */
export const valuesOf = (
  parameters: readonly Parameter[],
  chosen: Record<string, string>,
): Record<string, string> =>
  Object.fromEntries(parameters.map((one) => [one.key, chosen[one.key] ?? one.value]));

/** One field a parameter, by its type. */
export const ParamForm = ({
  parameters,
  values,
  faults = {},
  onChange,
}: {
  parameters: readonly Parameter[];
  values: Record<string, string>;
  /** What is wrong with a value by what it is for, beside what its type says. */
  faults?: Readonly<Record<string, string>>;
  onChange: (key: string, value: string) => void;
}) => (
  <fieldset className={style.form}>
    <legend className="unseen">Parameters</legend>
    {parameters.map((parameter) => {
      const value = values[parameter.key] ?? parameter.value;
      const shared = {
        label: parameter.key,
        value,
        error: faultOf(parameter, value) ?? faults[parameter.key],
        onChange: (next: string) => onChange(parameter.key, next),
        small: true,
        ...(parameter.description ? { hint: parameter.description } : {}),
      };
      if (parameter.type === "enum" && parameter.isMultiselect)
        return (
          <TextField
            key={parameter.key}
            {...shared}
            hint="several, with commas between"
            list={parameter.options}
          />
        );
      if (parameter.type === "enum" && !parameter.isFreeform)
        return <SelectField key={parameter.key} {...shared} options={withValue(parameter.options, value)} />;
      return (
        <TextField
          key={parameter.key}
          {...shared}
          type={parameter.type === "number" ? "number" : "text"}
          {...(parameter.type === "datetime" ? { placeholder: "YYYY-MM-DD hh:mm:ss" } : {})}
          {...(parameter.type === "enum" ? { list: parameter.options } : {})}
        />
      );
    })}
  </fieldset>
);

/** The options, and the value if it is none of them: a select must be able to show what is set. */
const withValue = (options: readonly string[], value: string): string[] =>
  options.includes(value) ? [...options] : [value, ...options];
