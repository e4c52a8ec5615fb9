"""What holds for every case of the contract."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _quiet_performer() -> Iterator[None]:
    """A performer logs an error only where it went on without something: no case gives it cause."""
    told: list[logging.LogRecord] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = told.append  # type: ignore[method-assign]
    logger = logging.getLogger("fermata.engine.perform")
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)
    assert not told, [record.getMessage() for record in told]
