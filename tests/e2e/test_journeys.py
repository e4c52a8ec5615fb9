"""A person's ways through the screen, in a real browser, against the real platform."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import JOURNEYS, Site


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", sorted(path.stem for path in JOURNEYS.glob("*.mjs")))
def test_a_person_gets_through(name: str, site: Site) -> None:
    done = site.journey(name, seconds=240)
    assert done.returncode == 0, done.stdout
