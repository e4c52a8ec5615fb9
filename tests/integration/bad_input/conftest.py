"""The callers of the interface's tests, and a count of every row there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.apps import apps

from tests.integration.api.conftest import (  # noqa: F401 - fixtures, used by name
    Caller,
    anybody,
    caller_of,
    editor,
    stranger,
    workflow,
    workspace,
)

Counts = dict[str, int]


@pytest.fixture
def counted(db: None) -> Callable[[], Counts]:
    """Rows of every table of ours, by table."""

    def count() -> Counts:
        models = [model for model in apps.get_models() if model.__module__.startswith("fermata.")]
        return {model._meta.db_table: model._default_manager.count() for model in models}

    return count
