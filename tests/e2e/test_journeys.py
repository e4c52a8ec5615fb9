"""A person's ways through the screen, in a real browser, against the real platform."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import JOURNEYS, Site


def journeys(pattern: str) -> list[str]:
    """Names of the files that fit, below the folder of the journeys."""
    return sorted(path.relative_to(JOURNEYS).with_suffix("").as_posix() for path in JOURNEYS.glob(pattern))


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "name",
    [*journeys("*.mjs"), *(pytest.param(name, marks=pytest.mark.full) for name in journeys("long/*.mjs"))],
)
def test_a_person_gets_through(name: str, site: Site) -> None:
    done = site.journey(name, seconds=240)
    assert done.returncode == 0, done.stdout
