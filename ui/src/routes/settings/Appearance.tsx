/** How the application looks in this browser. */

import { Choices } from "../../components/Field";
import { setAppearance, useAppearance } from "../../shell/theme";
import style from "../Page.module.css";

export const Appearance = () => {
  const appearance = useAppearance();
  return (
    <div className={style.pad}>
      <div className={style.form}>
        <h2>Theme</h2>
        <div>
          <Choices
            label="Theme"
            value={appearance.theme}
            options={[
              { value: "system", label: "as the system" },
              { value: "light", label: "light" },
              { value: "dark", label: "dark" },
            ]}
            onChange={(theme) => setAppearance({ theme })}
          />
        </div>
        <h2>Density</h2>
        <div>
          <Choices
            label="Density"
            value={appearance.density}
            options={[
              { value: "dense", label: "dense" },
              { value: "roomy", label: "roomy" },
            ]}
            onChange={(density) => setAppearance({ density })}
          />
        </div>
        <h2>Motion</h2>
        <div>
          <Choices
            label="Motion"
            value={appearance.motion}
            options={[
              { value: "system", label: "as the system" },
              { value: "reduced", label: "reduced" },
            ]}
            onChange={(motion) => setAppearance({ motion })}
          />
        </div>
        <p className="muted">
          Kept in this browser. Press <kbd>?</kbd> on any page for its keys.
        </p>
      </div>
    </div>
  );
};
