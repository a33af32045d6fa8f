import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { sessionQuery } from "../api/session";
import { Empty, Tabs } from "../components/Panel";
import { usePage } from "../shell/page";
import style from "./Page.module.css";
import { SETTINGS } from "./search";
import { Appearance } from "./settings/Appearance";
import { Keys } from "./settings/Keys";
import { Namespaces } from "./settings/Namespaces";
import { Usage } from "./settings/Usage";

type Section = (typeof SETTINGS)[number];

const LABELS: Record<Section, string> = {
  keys: "Keys",
  usage: "Usage",
  namespaces: "Namespaces",
  webhooks: "Webhooks",
  appearance: "Appearance",
};

export const SettingsPage = () => {
  const params = useParams({ strict: false }) as { section?: string };
  const navigate = useNavigate();
  const { data: session } = useQuery(sessionQuery);
  const shown = SETTINGS.filter((one) => one !== "webhooks" || session?.features.has("webhooks"));
  const section = shown.find((one) => one === params.section) ?? "keys";
  usePage(`${LABELS[section]} · Settings`, [
    { label: "Settings", to: "/settings" },
    { label: LABELS[section] },
  ]);
  return (
    <div className={style.page}>
      <header className={style.head}>
        <h1>Settings</h1>
        <span className={style.grow} />
        {session && (
          <span className="muted">
            {session.handle} · {session.scope === "write" ? "read/write" : "read"} · Qanat {session.version}
          </span>
        )}
      </header>
      <Tabs
        id="settings"
        label="Settings"
        value={section}
        tabs={shown.map((value) => ({ value, label: LABELS[value] }))}
        onChange={(next) => void navigate({ to: "/settings/$section", params: { section: next } })}
      />
      <div className={style.body} id="settings-panel" role="tabpanel" aria-labelledby={`settings-${section}`}>
        {section === "keys" ? (
          <Keys canWrite={session?.scope === "write"} />
        ) : section === "usage" ? (
          <Usage />
        ) : section === "namespaces" ? (
          <Namespaces />
        ) : section === "appearance" ? (
          <Appearance />
        ) : (
          <Empty title="Webhooks">Deliveries to other systems are not configured.</Empty>
        )}
      </div>
    </div>
  );
};
