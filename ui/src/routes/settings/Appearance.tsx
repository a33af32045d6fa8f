/** How the application looks in this browser. */

import { Choices } from "../../components/Field";
import { setAppearance, useAppearance } from "../../shell/theme";
import style from "../Page.module.css";

const Setting = <T extends string>({
  name,
  value,
  options,
  onChange,
}: {
  name: string;
  value: T;
  options: readonly T[];
  onChange: (value: T) => void;
}) => (
  <>
    <h2>{name}</h2>
    <div>
      <Choices
        label={name}
        value={value}
        options={options.map((one) => ({ value: one, label: one === "system" ? "as the system" : one }))}
        onChange={onChange}
      />
    </div>
  </>
);

export const Appearance = () => {
  const { theme, density, motion } = useAppearance();
  return (
    <div className={style.pad}>
      <div className={style.form}>
        <Setting
          name="Theme"
          value={theme}
          options={["system", "light", "dark"]}
          onChange={(to) => setAppearance({ theme: to })}
        />
        <Setting
          name="Density"
          value={density}
          options={["dense", "roomy"]}
          onChange={(to) => setAppearance({ density: to })}
        />
        <Setting
          name="Motion"
          value={motion}
          options={["system", "reduced"]}
          onChange={(to) => setAppearance({ motion: to })}
        />
        <p className="muted">
          Kept in this browser. Press <kbd>?</kbd> on any page for its keys.
        </p>
      </div>
    </div>
  );
};
