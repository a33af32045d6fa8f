import { useQuery } from "@tanstack/react-query";
import { Check, Database, Plus, SquareTerminal } from "lucide-react";
import { useState } from "react";
import { queriesQuery } from "../../api/queries";
import { freshnessQuery } from "../../api/views";
import { SearchField } from "../../components/Field";
import { lastPart } from "../../components/format";
import { Skeleton } from "../../components/Panel";
import style from "./Pipeline.module.css";
import { type Draft, holds, type Piece } from "./plan";

const MOST = 60; // of a kind

/** What can be added: views and queries, by name. */
export const Pieces = ({ draft, onAdd }: { draft: Draft; onAdd: (piece: Piece) => void }) => {
  const [filter, setFilter] = useState("");
  const views = useQuery(freshnessQuery);
  const queries = useQuery(queriesQuery({ limit: 500 }));
  const word = filter.toLowerCase();
  const foundViews = (views.data ?? [])
    .map(
      (view): Piece => ({ kind: "view", title: lastPart(view.name), name: view.name, queryId: view.queryId }),
    )
    .filter((piece) => (piece.name ?? "").toLowerCase().includes(word));
  const foundQueries = (queries.data?.queries ?? [])
    .map((query): Piece => ({ kind: "query", title: query.name || `query ${query.id}`, queryId: query.id }))
    .filter((piece) => `${piece.title} ${piece.queryId}`.toLowerCase().includes(word));
  return (
    <aside className={style.pieces} aria-label="Pieces to add">
      <div className={style.piecesHead}>
        <h2>Add a node</h2>
        <SearchField label="Search names" value={filter} onChange={setFilter} isPageFilter />
      </div>
      <div className={style.list}>
        {(views.isPending || queries.isPending) && <Skeleton lines={6} />}
        <List title="Views" pieces={foundViews} draft={draft} onAdd={onAdd} />
        <List title="Queries" pieces={foundQueries} draft={draft} onAdd={onAdd} />
      </div>
    </aside>
  );
};

const List = ({
  title,
  pieces,
  draft,
  onAdd,
}: {
  title: string;
  pieces: readonly Piece[];
  draft: Draft;
  onAdd: (piece: Piece) => void;
}) => {
  if (pieces.length === 0) return null;
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      {pieces.slice(0, MOST).map((piece) => {
        const isIn = holds(draft, piece);
        return (
          <button
            key={piece.name ?? piece.queryId}
            type="button"
            disabled={isIn}
            title={
              isIn ? `${piece.name ?? piece.title} is in the graph` : (piece.name ?? `query ${piece.queryId}`)
            }
            onClick={() => onAdd(piece)}
          >
            {piece.kind === "view" ? <Database aria-hidden /> : <SquareTerminal aria-hidden />}
            <span className="ellipsis" style={{ flex: 1 }}>
              {piece.title}
            </span>
            {isIn ? <Check aria-label="in the graph" /> : <Plus aria-hidden />}
          </button>
        );
      })}
      {pieces.length > MOST && (
        <p className="muted">&nbsp; {pieces.length - MOST} more; search to see them.</p>
      )}
    </section>
  );
};
