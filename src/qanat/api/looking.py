"""Everything that a run's detail shows, gathered from the coordinator and the store. Blocks."""

from __future__ import annotations

from dataclasses import replace

from qanat.api.services import Services
from qanat.api.wire.nodes import Around
from qanat.coordinator.catalog import Kind
from qanat.errors import NotFoundError
from qanat.model.access import Caller
from qanat.names import RunId
from qanat.store import history, loading, lookup
from qanat.store.database import Transaction


def look_around(services: Services, caller: Caller, id_: RunId) -> Around:
    """Return a run with what people see around it.

    Raises:
        NotFoundError: The caller has no such run.
    """
    coordinator = services.coordinator
    detail = coordinator.detail(caller, id_)
    defined = {node.id: node for node in coordinator.definitions(caller, id_).nodes}

    def read(tx: Transaction) -> Around:
        line = history.run_line(tx, caller, id_)
        if line is None:
            raise NotFoundError("Object not found")
        kinds: dict[str, Kind] = {str(label): "source" for label in detail.sources}
        sizes: dict[str, int] = {}
        for pin in detail.pins:
            name = lookup.name(tx, pin.label)
            kinds[pin.label] = "view" if name is None else name["kind"]
            rows = loading.snapshot(tx, pin.snapshot)
            if rows is not None:
                sizes[pin.label] = rows.size_bytes
        for label, version in loading.pinned_sources(tx, id_).items():
            sizes[label] = sum(file.size_bytes for file in version.files)
        return Around(
            line=line,
            detail=detail,
            defined=defined,
            titles=history.titles(tx, id_),
            kinds=kinds,
            sizes=sizes,
            now=services.clock.now(),
        )

    return services.database.read(read)


def look_again(around: Around, services: Services, caller: Caller) -> Around:
    """Return the same run as it is now; what never changes of a run is kept."""
    detail = services.coordinator.detail(caller, around.detail.run.id)
    return replace(around, detail=detail, now=services.clock.now())
