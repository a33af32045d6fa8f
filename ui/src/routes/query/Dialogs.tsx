import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Parameter } from "../../api/parameters";
import { type SavedQuery, versionQuery } from "../../api/queries";
import { Button } from "../../components/Button";
import { Dialog, DialogActions } from "../../components/Dialog";
import { CheckField, Choices, SelectField, TextField } from "../../components/Field";
import { late } from "../../components/late";
import { Skeleton } from "../../components/Panel";
import { ProblemLine } from "../../components/Problem";
import { nonce } from "../../shell/nonce";
import style from "./Query.module.css";

const Diff = late(() => import("../../editor/Diff").then((module) => module.Diff));

/** Somebody saved the query first: nothing is overwritten until one of three is chosen. */
export const ConflictDialog = ({
  open,
  base,
  mine,
  theirs,
  onClose,
  onKeepMine,
  onTakeTheirs,
}: {
  open: boolean;
  /** What both began with. */
  base: { sql: string; version: number };
  mine: string;
  theirs: SavedQuery;
  onClose: () => void;
  onKeepMine: () => void;
  onTakeTheirs: () => void;
}) => {
  const [side, setSide] = useState<"both" | "theirs" | "mine">("both");
  const [before, after] = {
    both: [theirs.sql, mine],
    theirs: [base.sql, theirs.sql],
    mine: [base.sql, mine],
  }[side] as [string, string];
  return (
    <Dialog open={open} onClose={onClose} title={`Version ${theirs.version} was saved in the meantime`} wide>
      <p>
        You began with version {base.version}. Nothing was overwritten. Look at the differences and choose.
      </p>
      <Choices
        label="Differences"
        value={side}
        options={[
          { value: "both", label: `v${theirs.version} → yours` },
          { value: "theirs", label: `v${base.version} → v${theirs.version}` },
          { value: "mine", label: `v${base.version} → yours` },
        ]}
        onChange={setSide}
      />
      <Diff key={side} before={before} after={after} labels={["before", "after"]} nonce={nonce} />
      <DialogActions>
        <Button onClick={onClose}>Keep editing</Button>
        <Button onClick={onTakeTheirs}>Take v{theirs.version}, drop mine</Button>
        <Button look="primary" onClick={onKeepMine}>
          Save mine as v{theirs.version + 1}
        </Button>
      </DialogActions>
    </Dialog>
  );
};

/** An older version beside what is in the editor. */
export const VersionDiff = ({
  id,
  version,
  current,
  onClose,
  onTake,
}: {
  id: number;
  version: number;
  current: string;
  onClose: () => void;
  onTake: (sql: string) => void;
}) => {
  const older = useQuery(versionQuery(id, version));
  return (
    <Dialog open onClose={onClose} title={`Version ${version} beside the editor`} wide>
      {older.isPending ? (
        <Skeleton lines={6} />
      ) : older.error ? (
        <ProblemLine error={older.error} />
      ) : (
        <>
          <Diff
            before={older.data.sql}
            after={current}
            labels={[`version ${version}`, "editor"]}
            nonce={nonce}
          />
          <DialogActions>
            <Button onClick={onClose}>Close</Button>
            <Button onClick={() => onTake(older.data.sql)}>Put version {version} into the editor</Button>
          </DialogActions>
        </>
      )}
    </Dialog>
  );
};

/** Type, default and options of each parameter. */
export const ParametersDialog = ({
  parameters,
  onChange,
  onClose,
}: {
  parameters: readonly Parameter[];
  onChange: (parameters: Parameter[]) => void;
  onClose: () => void;
}) => {
  const [own, setOwn] = useState([...parameters]);
  const change = (key: string, part: Partial<Parameter>) =>
    setOwn((before) => before.map((one) => (one.key === key ? { ...one, ...part } : one)));
  return (
    <Dialog open onClose={onClose} title="Parameters" wide>
      <p className="muted">
        {"A parameter is put into the SQL as text: write '{{name}}' for text, {{name}} for numbers."}
      </p>
      {own.length === 0 && <p>{"None. Write {{name}} in the SQL."}</p>}
      {own.map((one) => (
        <fieldset
          key={one.key}
          className={style.status}
          style={{ margin: 0, border: 0, alignItems: "flex-end" }}
        >
          <legend>
            <b>{one.key}</b>
          </legend>
          <SelectField
            label="Type"
            value={one.type}
            options={["text", "number", "datetime", "enum"] as const}
            onChange={(type) => change(one.key, { type })}
            small
          />
          <TextField
            label="Default"
            value={one.value}
            onChange={(value) => change(one.key, { value })}
            small
          />
          {one.type === "enum" && (
            <>
              <TextField
                label="Options, with commas between"
                value={one.options.join(",")}
                onChange={(text) =>
                  change(one.key, {
                    options: text.split(",").map((option) => option.trim()),
                  })
                }
                small
              />
              <CheckField
                label="several"
                checked={one.isMultiselect}
                onChange={(isMultiselect) => change(one.key, { isMultiselect })}
              />
            </>
          )}
          <TextField
            label="Description"
            value={one.description}
            onChange={(description) => change(one.key, { description })}
            small
          />
        </fieldset>
      ))}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          look="primary"
          onClick={() => {
            onChange(own.map((one) => ({ ...one, options: one.options.filter(Boolean) })));
            onClose();
          }}
        >
          Set
        </Button>
      </DialogActions>
    </Dialog>
  );
};
