"""Stars as they are shown."""

from __future__ import annotations

from qanat.api.wire.common import Wire
from qanat.store.stars import Stars


class StarsShown(Wire):
    """What the key's owner starred: ids, last starred first."""

    queries: list[int]
    dashboards: list[int]


def shown(stars: Stars) -> StarsShown:
    """Return stars as they are shown."""
    return StarsShown(queries=list(stars.queries), dashboards=list(stars.dashboards))
