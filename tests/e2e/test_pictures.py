"""Every scene of the screen as a picture, for a person to look at: `make screenshots`."""

from __future__ import annotations

import os

import pytest

from fermata.config import env
from tests.e2e.conftest import Site

FOLDER = env.ROOT / "webui" / "pictures"


@pytest.mark.pictures
@pytest.mark.timeout(900)
def test_every_scene_is_taken_in_both_themes_and_at_both_widths(site: Site) -> None:
    asked = {name: os.environ.get(name, "") for name in ("ONLY", "THEMES")}
    done = site.journey("pictures/take", seconds=800, PICTURES=str(FOLDER), **asked)
    assert done.returncode == 0, done.stdout
    assert all(one.stat().st_size > 0 for one in FOLDER.glob("*.png"))
