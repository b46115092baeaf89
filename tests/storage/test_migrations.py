"""A store of every earlier version opens with all that is in it; a newer one is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import tracker.storage.migrations
from tracker.records import PigmentKind, SessionKind
from tracker.storage import migrate as migrating
from tracker.storage.engine import open_engine
from tracker.storage.errors import StoreError
from tracker.storage.location import StorePlace, store_place
from tracker.storage.migrate import HEAD, REVISIONS, migrate
from tracker.storage.overview import list_clients
from tracker.storage.store import Store
from tracker.storage.tables import metadata

EARLIER = REVISIONS[:-1]


def put_at(database: str, revision: str, data: Path) -> StorePlace:
    """Make a store as the program of that revision left it."""
    place = store_place(database)
    if place.folder is not None:
        place.folder.mkdir()
    engine = open_engine(place)
    migrate(engine, place, to=revision)
    then = sa.MetaData()
    rows: dict[str, list[dict[str, Any]]] = json.loads(data.read_text(encoding="utf-8"))
    with engine.connect() as connection, connection.begin():
        then.reflect(connection)
        assert set(rows) == set(then.tables) - {"alembic_version"}
        for table in then.sorted_tables:
            for number, row in enumerate(rows.get(table.name, []), 1):
                assert set(row) == set(table.columns.keys())
                assert row.pop("id") == number  # the database counts, as it did then
                connection.execute(table.insert().values(**typed(table, row)))
    engine.dispose()
    return place


def typed(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    readers = {sa.Date: date.fromisoformat, sa.DateTime: datetime.fromisoformat}
    values = dict(row)
    for name, value in row.items():
        for kind, read in readers.items():
            if isinstance(table.c[name].type, kind) and value is not None:
                values[name] = read(value)
    return values


@pytest.mark.parametrize("revision", EARLIER)
def test_a_store_of_an_earlier_version_opens_with_all_that_is_in_it(
    revision: str, database: str, open_again: Callable[[], Store], root: Path
) -> None:
    put_at(database, revision, root / "tests" / "data" / f"records-{revision}.json")
    store = open_again()
    client = store.client("C-0001")
    assert (client.id, client.version) == (1, 3)
    assert (client.record.name, client.record.pigment) == ("Zoë", PigmentKind.CARBON)
    plan = store.plan("C-0001")
    assert plan is not None
    assert (plan.record.price, plan.record.mm_per_px) == (1600.0, 0.08)
    assert [s.record.kind for s in store.sessions("C-0001")] == [
        SessionKind.PATCH_TEST,
        SessionKind.TREATMENT,
    ]
    first, second = store.photos("C-0001")
    assert (first.record.device, first.record.orientation) == ("Phone 9", 1)
    assert second.record.needs_date
    assert store.zones("C-0001")[0].record.vertices_px == ((1.0, 2.0), (30.0, 2.0), (30.0, 40.0))
    assert len(store.consents("C-0001")) == len(store.notes("C-0001")) == 1
    assert [entry.actor for entry in store.audit()] == ["M."]
    assert [line.n_photos for line in list_clients(store)] == [2, 0]
    # It can be worked on: nothing is left of the earlier form.
    store.change_photo(replace(second, record=replace(second.record, orientation=6)))
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert migrating.current_revision(connection) == HEAD


def test_a_fresh_store_has_the_tables_of_the_code(store: Store) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_revision_is_listed_in_order(root: Path) -> None:
    config = Config()
    config.set_main_option("path_separator", "os")
    config.set_main_option("script_location", tracker.storage.migrations.__path__[0])
    scripts = ScriptDirectory.from_config(config)
    found = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(found)) == REVISIONS
    for revision in EARLIER:
        assert (root / "tests" / "data" / f"records-{revision}.json").is_file()


def test_a_newer_database_is_refused_and_left_alone(
    database: str, open_again: Callable[[], Store]
) -> None:
    store = open_again()
    with store.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0417'"))
    with pytest.raises(StoreError, match=r"made by a newer version .*0417.*nothing was changed"):
        open_again()
    with store.reading() as connection:
        assert migrating.current_revision(connection) == "0417"


def test_tables_of_another_program_are_left_alone(
    database: str, open_again: Callable[[], Store]
) -> None:
    place = store_place(database)
    if place.folder is not None:
        place.folder.mkdir()
    engine = open_engine(place)
    with engine.connect() as connection, connection.begin():
        connection.execute(sa.text("CREATE TABLE recipes (id INTEGER)"))
    with pytest.raises(StoreError, match="holds tables of another program"):
        open_again()
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["recipes"]
    engine.dispose()


def test_a_migration_that_fails_has_not_been(
    database: str,
    open_again: Callable[[], Store],
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place = put_at(database, "0001", root / "tests" / "data" / "records-0001.json")
    upgrade = migrating._upgrade

    def half_way(connection: sa.Connection, to: str) -> None:
        upgrade(connection, to)
        raise ZeroDivisionError("power cut")

    with monkeypatch.context() as patched:
        patched.setattr(migrating, "_upgrade", half_way)
        with pytest.raises(ZeroDivisionError):
            open_again()
    engine = open_engine(place)
    with engine.connect() as connection, connection.begin():
        assert migrating.current_revision(connection) == "0001"
        assert not sa.inspect(connection).has_table("result")
        count = connection.execute(sa.text("SELECT COUNT(*) FROM photo")).scalar()
    engine.dispose()
    assert count == 2
    assert len(open_again().photos("C-0001")) == 2
