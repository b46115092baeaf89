"""The dashboard, the records and the people of other tests, to be attacked here."""

from __future__ import annotations

from tests.dossier.conftest import new_store
from tests.dossier.conftest import store as clinic
from tests.ui.conftest import app, empty, engine, few_draws, fresh_server, store
from tests.ui.test_sign_in import users

__all__ = [
    "app",
    "clinic",
    "empty",
    "engine",
    "few_draws",
    "fresh_server",
    "new_store",
    "store",
    "users",
]
