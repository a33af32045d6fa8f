"""From a node's definition to a statement with its slots filled.

A template is made once for a query version, its values and the columns of what it reads; a run
only fills slots. The fingerprint says which rows a statement gives: the same fingerprint, the
same rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from qanat.coordinator.definitions import Definitions, NodeDefinition
from qanat.coordinator.texts import Kept, Texts
from qanat.engines import Bound, Engine, Relation
from qanat.errors import NotFoundError, Position, SqlRejectedError
from qanat.model.pipeline import NodeKind
from qanat.model.snapshot import Snapshot, SourceVersion
from qanat.model.types import Columns
from qanat.names import Label, SnapshotId
from qanat.sql.compile import compile_statement
from qanat.sql.interface import Reference, Template, ViewedQuery
from qanat.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A statement that can be given to an engine."""

    statement: Bound
    template: Template
    sql: str  #: the user's text, for errors
    fingerprint: str | None
    inputs: Mapping[Label, SnapshotId | str]  #: label → snapshot, or version of a source
    sources: tuple[Label, ...]  #: mounted tables it reads


class Templates:
    """Makes templates, keeps them, and binds them."""

    def __init__(
        self, database: Database, texts: Texts, engine: Engine, most: int = 10_000
    ) -> None:
        self._database = database
        self._texts = texts
        self._engine = engine
        #: The template that a text last had, and the columns it was made for.
        self._kept: Kept[Hashable, tuple[Mapping[Label, Columns], Template]] = Kept(most)
        self._relations: Kept[SnapshotId, Relation] = Kept(most)

    def bind(
        self,
        node: NodeDefinition,
        definitions: Definitions,
        rows: Mapping[Label, Snapshot | SourceVersion | None],
    ) -> Ready:
        """Return the node's statement on these rows; None stands for a name without rows.

        Raises:
            SqlRejectedError: The text is at fault, with line and column.
        """
        columns = {label: found.columns for label, found in rows.items() if found is not None}
        sql = self._sql(node)
        template = self._template(node, definitions, sql, columns)
        slots, inputs, sources = [], {}, []
        for label in template.slots:
            found = rows[label]
            if isinstance(found, SourceVersion):
                inputs[label] = version_of(found)
                sources.append(label)
                slots.append(
                    Relation(
                        columns=found.columns,
                        files=tuple(file.path for file in found.files),
                        format=found.format,
                        ours=False,
                    )
                )
            else:
                assert found is not None
                inputs[label] = found.id
                slots.append(self._relation(found))
        return Ready(
            statement=Bound(
                text=template.text,
                slots=tuple(slots),
                columns=template.names,
                types=template.types,
                for_people=node.kind is NodeKind.QUERY,
            ),
            template=template,
            sql=sql,
            fingerprint=None if template.volatile else self._fingerprint(template, inputs),
            inputs=inputs,
            sources=tuple(sources),
        )

    def _relation(self, rows: Snapshot) -> Relation:
        return self._relations.of(
            rows.id,
            lambda: Relation(
                columns=rows.columns,
                files=tuple(str(self._engine.path(file)) for file in rows.files),
            ),
        )

    def _sql(self, node: NodeDefinition) -> str:
        known = node.sql
        if known is None:
            known = self._texts.known(node.query, node.version)
        if known is not None:
            return known
        return self._database.read(lambda tx: self._texts.of(tx, node.query, node.version))[0]

    def _template(
        self,
        node: NodeDefinition,
        definitions: Definitions,
        sql: str,
        columns: Mapping[Label, Columns],
    ) -> Template:
        key = (
            node.query,
            node.version,
            node.sql,
            node.params_hash,
            tuple(definitions.viewed.items()),
        )
        # What a text reads has the same columns from run to run, mostly the same objects, and
        # comparing those is cheaper than hashing them.
        known = self._kept.get(key)
        if known is not None and known[0] == columns:
            return known[1]

        def viewed(reference: Reference) -> ViewedQuery:
            version = definitions.viewed.get(str(reference.query))
            if reference.query is None or version is None:
                raise _unread(node, reference)
            try:
                text, parameters = self._database.read(
                    lambda tx: self._texts.of(tx, reference.query or 0, version)
                )
            except NotFoundError as error:
                raise SqlRejectedError(str(error), reference.position) from error
            return ViewedQuery(
                query=reference.query, version=version, sql=text, parameters=parameters
            )

        made = compile_statement(sql, node.parameters, columns.get, viewed)
        return self._kept.put(key, (columns, made))[1]

    def _fingerprint(self, template: Template, inputs: Mapping[Label, SnapshotId | str]) -> str:
        digest = hashlib.sha256(self._engine.semantics.encode())
        for part in (template.text, *template.names, *(inputs[one] for one in template.slots)):
            digest.update(b"\0")
            digest.update(part.encode())
        return digest.hexdigest()


def _unread(node: NodeDefinition, reference: Reference) -> SqlRejectedError:
    """Return why a query view was not found when the run was planned."""
    fault = node.fault
    if fault is None:
        return SqlRejectedError(f"Query '{reference.query}' does not exist", reference.position)
    at = Position(fault.line, fault.column) if fault.line else None
    return SqlRejectedError(fault.message, at)


def version_of(source: SourceVersion) -> str:
    """Return the hash of a mounted table's file list: another list is another version."""
    digest = hashlib.sha256(source.format.encode())
    for file in source.files:
        digest.update(
            f"\0{file.path}\0{file.size_bytes}\0{file.mtime_ns}\0{file.ctime_ns}\0{file.inode}".encode()
        )
    return digest.hexdigest()
