import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Play, Save, Square, Workflow } from "lucide-react";
import { archiveQuery, queryKey, type SavedQuery } from "../../api/queries";
import { Button } from "../../components/Button";
import { SelectField } from "../../components/Field";
import { Menu } from "../../components/Menu";
import { confirmWithUndo } from "../../components/Toasts";
import { TIERS, type Tier } from "../../graph/model";
import { shownKeys } from "../../shell/keys";
import { HeadStar } from "../HeadStar";
import style from "./Query.module.css";
import type { Search } from "./Workbench";

export const Head = ({
  saved,
  name,
  isPrivate,
  isDirty,
  version,
  isOlder,
  tier,
  onTier,
  onName,
  onPrivate,
  isRunning,
  canRun,
  onRun,
  onCancel,
  isSaving,
  onSave,
  onFormat,
  onParameters,
  onFork,
  onTab,
  onBringBack,
  onError,
}: {
  saved: SavedQuery | undefined;
  name: string;
  isPrivate: boolean;
  isDirty: boolean;
  version: number;
  isOlder: boolean;
  tier: Tier;
  onTier: (tier: Tier) => void;
  onName: (name: string) => void;
  onPrivate: (isPrivate: boolean) => void;
  isRunning: boolean;
  canRun: boolean;
  onRun: () => void;
  onCancel: () => void;
  isSaving: boolean;
  onSave: () => void;
  onFormat: () => void;
  onParameters: () => void;
  onFork: () => void;
  onTab: (tab: Search["tab"]) => void;
  onBringBack: () => void;
  onError: (error: unknown) => void;
}) => {
  const navigate = useNavigate();
  const client = useQueryClient();
  const mark = async (id: number, isArchived: boolean) => {
    await archiveQuery(id, isArchived);
    await Promise.all([queryKey(id), ["queries"]].map((key) => client.invalidateQueries({ queryKey: key })));
  };
  const archive = async (id: number) => {
    try {
      await mark(id, true);
    } catch (caught) {
      onError(caught);
      return;
    }
    confirmWithUndo("Query archived.", () => void mark(id, false));
    void navigate({ to: "/queries" });
  };
  return (
    <header className={style.head}>
      <h1 className="unseen">{name || "New query"}</h1>
      {saved && <HeadStar thing={{ kind: "query", id: saved.id }} onError={onError} />}
      <input
        className={style.name}
        aria-label="Name of the query"
        placeholder="Untitled query"
        value={name}
        maxLength={600}
        onChange={(event) => onName(event.target.value)}
      />
      <span className={style.note}>
        {isOlder ? `v${version}, an older version` : isDirty ? "unsaved" : saved ? `v${version}` : ""}
        {isDirty && saved && !isOlder && ` · v${version}`}
        {saved?.view && " · a view"}
        {isPrivate && " · private"}
        {saved?.isArchived && " · archived"}
      </span>
      <SelectField label="Tier" hideLabel value={tier} options={TIERS} onChange={onTier} small />
      {isRunning ? (
        <Button onClick={onCancel} icon={<Square aria-hidden />} keys=".">
          Cancel
        </Button>
      ) : (
        <Button
          look="primary"
          onClick={onRun}
          disabled={!canRun}
          icon={<Play aria-hidden />}
          keys={shownKeys("Mod+Enter")}
        >
          Run
        </Button>
      )}
      <Button
        onClick={onSave}
        busy={isSaving}
        disabled={saved !== undefined && (!isDirty || saved.isArchived)}
        icon={<Save aria-hidden />}
      >
        Save
      </Button>
      {saved && (
        <Button
          icon={<Workflow aria-hidden />}
          onClick={() => void navigate({ to: "/pipelines/$queryId", params: { queryId: String(saved.id) } })}
        >
          Pipeline
        </Button>
      )}
      <Menu
        actions={[
          { label: "Format the SQL", keys: shownKeys("Mod+Shift+F"), onSelect: onFormat },
          { label: "Parameters…", onSelect: onParameters },
          { label: "Copy into a new query", onSelect: onFork },
          ...(saved
            ? [
                { label: saved.view ? "View settings" : "Make it a view", onSelect: () => onTab("view") },
                { label: "Versions and history", onSelect: () => onTab("history") },
                {
                  label: isPrivate ? "Make it public" : "Make it private",
                  onSelect: () => onPrivate(!isPrivate),
                },
                "separator" as const,
                saved.isArchived
                  ? { label: "Bring back", onSelect: onBringBack }
                  : { label: "Archive", onSelect: () => void archive(saved.id) },
              ]
            : []),
        ]}
      />
    </header>
  );
};
