"""Dashboards: what they show to whom, how they change, and which refresh they show."""

from __future__ import annotations

import pytest

from qanat.errors import ConflictError, ForbiddenError, InvalidRequestError, NotFoundError
from qanat.model.access import Caller
from qanat.model.dashboard import ParameterWidget, Placed, Position, Widgets, lay_out
from qanat.model.state import RunState
from qanat.names import QueryId, RunId
from qanat.store import dashboards, refreshes, visualizations
from qanat.store.dashboards import Change, Dashboard
from qanat.store.database import Database
from qanat.store.visualizations import Chart
from tests.conformance import seeds
from tests.conformance.seeds import AT

BAR = Chart(name="Volume", type="chart", description="", options={})


@pytest.fixture
def me(database: Database) -> Caller:
    return seeds.caller(database, "me")


@pytest.fixture
def other(database: Database) -> Caller:
    return seeds.caller(database, "other")


def chart(database: Database, who: Caller, query: QueryId) -> int:
    return database.write(lambda tx: visualizations.create(tx, who, query, BAR, at_us=AT))


def make(
    database: Database,
    who: Caller,
    *charts: int,
    name: str = "DEX overview",
    is_private: bool = False,
) -> Dashboard:
    widgets = lay_out([Placed(visualization=id_) for id_ in charts], [Placed(text="# Title")])
    return database.write(
        lambda tx: dashboards.create(tx, who, name, widgets, is_private=is_private, at_us=AT)
    )


def change(
    database: Database,
    who: Caller,
    id_: int,
    what: Change,
    *,
    revision: int | None = None,
    archive: bool = False,
) -> Dashboard:
    return database.write(
        lambda tx: dashboards.change(
            tx, who, id_, lambda _: what, revision=revision, at_us=AT + 1, archive=archive
        )
    )


def test_a_dashboard_is_read_back_as_it_was_made_by_id_and_by_slug(
    database: Database, me: Caller
) -> None:
    query = seeds.query(database, me)
    id_ = chart(database, me, query)

    made = make(database, me, id_)

    assert made.slug == "dex-overview"
    assert [widget.visualization for widget in made.widgets.charts] == [id_]
    assert [widget.text for widget in made.widgets.texts] == ["# Title"]
    assert made.queries == {id_: query}
    assert made.revision == 1
    assert database.read(lambda tx: dashboards.get(tx, me, made.id)) == made
    assert database.read(lambda tx: dashboards.by_slug(tx, me, "me", "dex-overview")) == made


def test_two_of_one_name_have_two_slugs(database: Database, me: Caller, other: Caller) -> None:
    assert [make(database, me).slug for _ in range(3)] == [
        "dex-overview",
        "dex-overview-2",
        "dex-overview-3",
    ]
    assert make(database, other).slug == "dex-overview"
    assert make(database, me, name="«€»").slug == "dashboard"


def test_a_change_raises_the_revision_and_leaves_what_was_not_named(
    database: Database, me: Caller
) -> None:
    made = make(database, me, chart(database, me, seeds.query(database, me)))

    changed = change(database, me, made.id, Change(name="New", tags=("a", "b")), revision=1)

    assert (changed.name, changed.tags, changed.slug) == ("New", ("a", "b"), "dex-overview")
    assert changed.widgets == made.widgets
    assert changed.revision == 2
    assert changed.updated_at > made.updated_at


def test_a_change_of_an_older_revision_is_refused_and_changes_nothing(
    database: Database, me: Caller
) -> None:
    made = make(database, me)
    change(database, me, made.id, Change(name="First"))

    with pytest.raises(ConflictError, match="at revision 2, not 1"):
        change(database, me, made.id, Change(name="Second"), revision=1)

    assert database.read(lambda tx: dashboards.get(tx, me, made.id)).name == "First"


def test_a_slug_that_is_taken_is_refused(database: Database, me: Caller) -> None:
    make(database, me)
    second = make(database, me)

    with pytest.raises(ConflictError, match="dex-overview"):
        change(database, me, second.id, Change(slug="dex-overview"))

    assert change(database, me, second.id, Change(slug=second.slug)).slug == second.slug


def test_a_private_dashboard_does_not_exist_for_others(
    database: Database, me: Caller, other: Caller
) -> None:
    secret = make(database, me, name="Secret", is_private=True)
    shared = make(database, me, name="Shared")

    with pytest.raises(NotFoundError):
        database.read(lambda tx: dashboards.get(tx, other, secret.id))
    with pytest.raises(NotFoundError):
        database.read(lambda tx: dashboards.by_slug(tx, other, "me", "secret"))
    with pytest.raises(NotFoundError):
        change(database, other, secret.id, Change(name="Mine"))
    with pytest.raises(ForbiddenError):
        change(database, other, shared.id, Change(name="Mine"))
    page = database.read(lambda tx: dashboards.visible(tx, other, "", limit=10, offset=0))
    assert ([one.name for one in page.found], page.total) == (["Shared"], 1)


def test_a_chart_of_anothers_private_query_cannot_be_put_on_a_dashboard(
    database: Database, me: Caller, other: Caller
) -> None:
    hidden = chart(database, me, seeds.query(database, me, is_private=True))
    shown = chart(database, me, seeds.query(database, me))

    with pytest.raises(InvalidRequestError, match=f"visualization {hidden} not found"):
        make(database, other, shown, hidden)
    with pytest.raises(InvalidRequestError, match="visualization 999 not found"):
        make(database, other, 999)

    assert database.read(lambda tx: dashboards.visible(tx, other, "", limit=9, offset=0)).total == 0


def test_others_see_a_public_dashboard_without_its_private_charts(
    database: Database, me: Caller, other: Caller
) -> None:
    hidden = chart(database, me, seeds.query(database, me, is_private=True))
    shown = chart(database, me, seeds.query(database, me))
    made = make(database, me, hidden, shown)
    parameter = ParameterWidget(
        id="p", key="day", query=made.queries[hidden], chart=made.widgets.charts[0].id,
        position=Position(row=0, col=0, size_x=1, size_y=1),
    )  # fmt: skip
    change(
        database,
        me,
        made.id,
        Change(
            widgets=Widgets(
                charts=made.widgets.charts, texts=made.widgets.texts, parameters=(parameter,)
            )
        ),
    )

    seen = database.read(lambda tx: dashboards.get(tx, other, made.id))

    assert [widget.visualization for widget in seen.widgets.charts] == [shown]
    assert seen.widgets.parameters == ()
    assert set(seen.queries) == {shown}


def test_a_deleted_chart_leaves_the_dashboards_that_showed_it(
    database: Database, me: Caller
) -> None:
    query = seeds.query(database, me)
    gone, left = chart(database, me, query), chart(database, me, query)
    made = make(database, me, gone, left)

    database.write(lambda tx: visualizations.remove(tx, me, gone))

    seen = database.read(lambda tx: dashboards.get(tx, me, made.id))
    assert [widget.visualization for widget in seen.widgets.charts] == [left]


def test_an_archived_dashboard_is_read_but_not_listed_or_changed(
    database: Database, me: Caller
) -> None:
    made = make(database, me)
    for _ in range(2):
        assert change(database, me, made.id, Change(), archive=True).is_archived

    assert database.read(lambda tx: dashboards.get(tx, me, made.id)).is_archived
    assert database.read(lambda tx: dashboards.visible(tx, me, "", limit=9, offset=0)).total == 0
    with pytest.raises(ForbiddenError):
        change(database, me, made.id, Change(name="x"))


def test_the_list_is_searched_by_name_and_tag_and_wildcards_mean_themselves(
    database: Database, me: Caller
) -> None:
    first = make(database, me, name="100% Stable")
    second = make(database, me, name="Other")
    change(database, me, second.id, Change(tags=("Gas_Price",)))

    def named(text: str) -> list[int]:
        page = database.read(lambda tx: dashboards.visible(tx, me, text, limit=9, offset=0))
        assert page.total == len(page.found)
        return [one.id for one in page.found]

    assert named("stable") == [first.id]
    assert named("0% s") == [first.id]
    assert named("%") == [first.id]
    assert named("gas_") == [second.id]
    assert named("_") == [second.id]
    assert named("") == [second.id, first.id]


def refresh(
    database: Database,
    who: Caller,
    dashboard: int,
    query: QueryId,
    *,
    state: str,
    at_us: int,
    token: str = "ETH",
) -> RunId:
    run = seeds.run(database, who.handle, state=state, at_us=at_us)
    seeds.execution(
        database, run, who.handle, query, parameters={"token": token},
        state="completed" if state == "completed" else "skipped",
    )  # fmt: skip
    database.write(lambda tx: refreshes.note(tx, run, dashboard, {"token": token}))
    return run


def test_a_dashboard_shows_its_last_published_refresh_and_tells_of_a_newer_one(
    database: Database, me: Caller
) -> None:
    """A refresh that failed or goes on must not take away what is shown."""
    query = seeds.query(database, me)
    made = make(database, me, chart(database, me, query))
    refresh(database, me, made.id, query, state="completed", at_us=AT)
    second = refresh(database, me, made.id, query, state="completed", at_us=AT + 10)
    third = refresh(database, me, made.id, query, state="failed", at_us=AT + 20)

    shown = database.read(lambda tx: refreshes.shown(tx, me, made.id, {}))

    assert shown.published is not None
    assert shown.published.run == second
    assert shown.results[query].row_count == 5
    assert shown.latest is not None
    assert (shown.latest.run, shown.latest.state) == (third, RunState.FAILED)
    listed = database.read(lambda tx: dashboards.visible(tx, me, "", limit=1, offset=0))
    assert listed.found[0].published_at == shown.published.ended_at


def test_values_choose_among_refreshes(database: Database, me: Caller) -> None:
    query = seeds.query(database, me)
    made = make(database, me, chart(database, me, query))
    eth = refresh(database, me, made.id, query, state="completed", at_us=AT, token="ETH")
    refresh(database, me, made.id, query, state="completed", at_us=AT + 1, token="BTC")

    def chosen(values: dict[str, str]) -> RunId | None:
        shown = database.read(lambda tx: refreshes.shown(tx, me, made.id, values))
        return shown.published.run if shown.published else None

    assert chosen({"token": "ETH"}) == eth
    assert chosen({"token": "SOL"}) is None
    assert chosen({"other": "ETH"}) is None


def test_a_dashboard_never_refreshed_shows_nothing(database: Database, me: Caller) -> None:
    made = make(database, me)

    shown = database.read(lambda tx: refreshes.shown(tx, me, made.id, {}))

    assert shown == refreshes.Shown(published=None, results={}, latest=None)


def test_anothers_private_results_are_not_shown(
    database: Database, me: Caller, other: Caller
) -> None:
    query = seeds.query(database, me)
    made = make(database, me, chart(database, me, query))
    run = seeds.run(database, me.handle)
    seeds.execution(database, run, me.handle, query, is_private=True)
    database.write(lambda tx: refreshes.note(tx, run, made.id, {}))

    assert database.read(lambda tx: refreshes.shown(tx, other, made.id, {})).results == {}
    assert query in database.read(lambda tx: refreshes.shown(tx, me, made.id, {})).results
