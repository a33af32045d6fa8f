import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { commitStaged, dropStaged, formatOf, type Staged, stageFile, UPLOAD_TYPES } from "../../api/catalog";
import { ApiError } from "../../api/http";
import type { Column } from "../../api/nodes";
import { Button } from "../../components/Button";
import { Dialog, DialogActions } from "../../components/Dialog";
import { CheckField, SelectField, TextField } from "../../components/Field";
import { bytes, rowsOf } from "../../components/format";
import { Problem, ProblemLine } from "../../components/Problem";
import { confirmDone } from "../../components/Toasts";
import { cellOf } from "../../grid/cell";
import style from "./Catalog.module.css";

/** A file on its way in: sent once, looked at, types corrected, and only then a table. */
export const Upload = ({ file, onClose }: { file: File; onClose: () => void }) => {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [share, setShare] = useState(0);
  const [staged, setStaged] = useState<Staged>();
  const [error, setError] = useState<unknown>();
  const [refusal, setRefusal] = useState<unknown>();
  const [name, setName] = useState("");
  const [columns, setColumns] = useState<Column[]>([]);
  const [isPrivate, setPrivate] = useState(false);
  const [replaces, setReplaces] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const abort = useRef<AbortController>(undefined);
  const format = formatOf(file.name);

  useEffect(() => {
    if (!format) {
      setError(
        new Error(
          `${file.name} is neither CSV, NDJSON nor Parquet: its name must end in .csv, .ndjson, .jsonl or .parquet.`,
        ),
      );
      return;
    }
    const controller = new AbortController();
    abort.current = controller;
    stageFile(file, format, { progress: setShare, signal: controller.signal }).then(
      (done) => {
        setStaged(done);
        setName(done.suggestedName);
        setColumns(done.columns);
      },
      (caught: unknown) => {
        if (!controller.signal.aborted) setError(caught);
      },
    );
    return () => controller.abort();
  }, [file, format]);

  const close = () => {
    abort.current?.abort();
    if (staged) void dropStaged(staged.id).catch(() => {}); // the server drops it by itself after an hour
    onClose();
  };
  const land = async () => {
    if (!staged) return;
    setBusy(true);
    setRefusal(undefined);
    try {
      const made = await commitStaged(staged.id, { name, columns, isPrivate, replaces });
      await client.invalidateQueries({ queryKey: ["catalog"] });
      confirmDone(`${made.name}: ${rowsOf(made.rowCount)}.`);
      onClose();
      void navigate({ to: "/catalog/$name", params: { name: made.name }, search: { tab: "sample" } });
    } catch (caught) {
      setRefusal(caught);
    } finally {
      setBusy(false);
    }
  };
  const isTaken = refusal instanceof ApiError && refusal.status === 409;
  const types = (type: string) =>
    UPLOAD_TYPES.some((one) => one === type) ? UPLOAD_TYPES : [type, ...UPLOAD_TYPES];
  return (
    <Dialog open onClose={close} title={`Upload ${file.name}`} wide>
      {error !== undefined ? (
        <>
          <Problem error={error} title="The file was not taken">
            <span>
              Nothing was stored.
              {format && ` Check that it really is ${format.toUpperCase()}, or choose another file.`}
            </span>
          </Problem>
          <DialogActions>
            <Button onClick={close}>Close</Button>
          </DialogActions>
        </>
      ) : !staged ? (
        <>
          <p className="figures">
            {share < 1 ? `Sending ${bytes(file.size * share)} of ${bytes(file.size)}` : "Reading the file…"}
          </p>
          <div
            className={style.progress}
            role="progressbar"
            aria-label="Upload"
            aria-valuenow={Math.round(share * 100)}
            aria-valuemin={0}
            aria-valuemax={100}
          >
            <i style={{ width: `${share * 100}%` }} />
          </div>
          <DialogActions>
            <Button onClick={close}>Stop</Button>
          </DialogActions>
        </>
      ) : (
        <>
          <p className="muted figures">
            {rowsOf(staged.rowCount)}, {bytes(staged.sizeBytes)}. Look at the types before it lands.
          </p>
          <TextField
            label="Table"
            value={name}
            onChange={setName}
            mono
            error={
              /^[a-z][a-z0-9_]*$/.test(name) ? undefined : "a letter, then lower-case letters, digits and _"
            }
          />
          <div className={style.columns}>
            <table>
              <thead>
                <tr>
                  <th scope="col">Column</th>
                  <th scope="col">Type</th>
                  <th scope="col">First values</th>
                </tr>
              </thead>
              <tbody>
                {staged.columns.map((original, index) => (
                  <tr key={original.name}>
                    <td>
                      <TextField
                        label={`Name of column ${index + 1}`}
                        hideLabel
                        value={columns[index]?.name ?? ""}
                        onChange={(next) =>
                          setColumns((before) =>
                            before.map((one, at) => (at === index ? { ...one, name: next } : one)),
                          )
                        }
                        small
                        mono
                      />
                    </td>
                    <td>
                      <SelectField
                        label={`Type of column ${index + 1}`}
                        hideLabel
                        value={columns[index]?.type ?? "varchar"}
                        options={types(original.type)}
                        onChange={(type) =>
                          setColumns((before) =>
                            before.map((one, at) => (at === index ? { ...one, type } : one)),
                          )
                        }
                        small
                      />
                    </td>
                    <td className={`${style.samples} ellipsis mono`}>
                      {staged.rows
                        .slice(0, 3)
                        .map((row) => cellOf(row[original.name], original.type).text)
                        .join(" · ")}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <CheckField label="Private: only this handle reads it" checked={isPrivate} onChange={setPrivate} />
          {isTaken && (
            <CheckField
              label={`Replace the table ${name} with this file`}
              checked={replaces}
              onChange={setReplaces}
            />
          )}
          {refusal !== undefined && <ProblemLine error={refusal} />}
          <DialogActions>
            <Button onClick={close}>Drop the file</Button>
            <Button
              look="primary"
              busy={isBusy}
              disabled={!/^[a-z][a-z0-9_]*$/.test(name) || (isTaken && !replaces)}
              onClick={() => void land()}
            >
              Make the table
            </Button>
          </DialogActions>
        </>
      )}
    </Dialog>
  );
};
