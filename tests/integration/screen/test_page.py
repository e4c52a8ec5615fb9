"""The page around the application, its policy, and the files of a build."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from fermata.config.screen import build, files
from fermata.config.static_files import StaticFiles
from tests.factories import MembershipFactory

HTML = {"HTTP_ACCEPT": "text/html,application/xhtml+xml"}


@pytest.fixture
def dist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a build; there is none in it yet."""
    folder = tmp_path / "dist"
    monkeypatch.setattr(files, "DIST", folder)
    monkeypatch.setattr(files.current, "__defaults__", (folder,))
    monkeypatch.setattr(files.made_at, "__defaults__", (folder,))
    return folder


def built(folder: Path, name: str = "one") -> None:
    """A small build, as Vite lays it."""
    chunks = {
        "index.html": {
            "file": f"assets/{name}.js",
            "isEntry": True,
            "imports": ["_shared.js"],
            "css": ["assets/a.css"],
        },
        "_shared.js": {
            "file": "assets/shared.js",
            "imports": ["_below.js"],
            "css": ["assets/a.css", "assets/b.css"],
        },
        "_below.js": {"file": "assets/below.js", "imports": ["_shared.js"], "css": ["assets/c.css"]},
    }
    (folder / ".vite").mkdir(parents=True, exist_ok=True)
    (folder / "assets").mkdir(exist_ok=True)
    (folder / "assets" / f"{name}.js").write_text("export {}")
    (folder / ".vite" / "manifest.json").write_text(json.dumps(chunks))


@pytest.mark.django_db
class TestPage:
    def test_without_a_build_it_says_so_and_that_the_interface_is_there(self, dist: Path) -> None:
        answer = Client().get("/", **HTML)
        assert answer.status_code == 503
        assert b"not built" in answer.content
        assert b"/api/docs" in answer.content

    @pytest.mark.parametrize("state", ["building", "failed"])
    def test_it_says_how_far_a_build_is(self, state: str, dist: Path, settings: Any) -> None:
        builder = build.Builder(settings.FERMATA.home, say=print)
        builder._tell(state, "The screen could not be built: <fetching> failed.", "See the log.")  # type: ignore[arg-type]
        try:
            text = Client().get("/", **HTML).content.decode()
        finally:
            build.state_file(settings.FERMATA.home).unlink()
        if state == "building":
            assert "is being built" in text
            assert 'http-equiv="refresh"' in text
        else:
            assert "&lt;fetching&gt; failed" in text
            assert "See the log." in text
            assert "refresh" not in text

    def test_it_names_the_files_of_the_build_and_nothing_that_its_policy_forbids(self, dist: Path) -> None:
        built(dist)
        answer = Client().get("/workflows/x?tab=builder", **HTML)
        text = answer.content.decode()
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "no-store"
        assert 'src="/static/webui/assets/one.js"' in text
        assert re.findall(r'rel="stylesheet" href="([^"]+)"', text) == [
            "/static/webui/assets/c.css",  # what others build on comes first, however far down it is
            "/static/webui/assets/a.css",
            "/static/webui/assets/b.css",
        ]
        policy = answer["Content-Security-Policy"]
        [nonce] = set(re.findall(r"'nonce-([^']+)'", policy))
        assert "unsafe" not in policy
        inline = re.findall(r"<script(?![^>]*(?:src=|application/json))([^>]*)>", text)
        assert inline == [f' nonce="{nonce}"']
        assert nonce not in Client().get("/", **HTML)["Content-Security-Policy"]

    def test_it_embeds_who_is_signed_in_and_no_text_of_theirs_can_end_the_script(self, dist: Path) -> None:
        built(dist)
        assert b'id="me">null</script>' in Client().get("/", **HTML).content
        member = MembershipFactory(user__first_name="</script><script>alert(1)</script>")
        client = Client()
        client.force_login(member.user)
        text = client.get("/", **HTML).content.decode()
        [embedded] = re.findall(r'id="me">(.*?)</script>', text)
        assert json.loads(embedded)["user"]["username"] == member.user.username
        assert "alert(1)</script>" not in text
        assert client.cookies["csrftoken"].value

    def test_the_appearance_chosen_before_is_there_from_the_first_paint(self, dist: Path) -> None:
        built(dist)
        client = Client()
        client.cookies["fermata_theme"] = "dark"
        assert b'data-theme="dark"' in client.get("/", **HTML).content
        client.cookies["fermata_theme"] = '"><script>'
        assert b"data-theme=" not in client.get("/", **HTML).content.split(b"<head>")[0]

    def test_programs_get_a_problem_document_where_nothing_is(self, dist: Path) -> None:
        built(dist)
        answer = Client().get("/wrokflows", HTTP_ACCEPT="application/json")
        assert answer.status_code == 404
        assert answer.json()["code"] == "not_found"
        assert Client().get("/api/v1/nothing", **HTML).json()["code"] == "not_found"
        assert Client().post("/", **HTML).status_code == 405

    def test_a_build_that_came_after_the_start_is_served(self, dist: Path) -> None:
        client = Client()
        assert client.get("/static/webui/assets/one.js").status_code == 404
        built(dist)
        answer = client.get("/static/webui/assets/one.js")
        assert answer.status_code == 200
        assert "immutable" in answer["Cache-Control"]
        built(dist, "two")
        assert client.get("/static/webui/assets/two.js").status_code == 200


def test_only_files_named_by_their_content_are_kept_for_ever() -> None:
    middleware = StaticFiles(lambda _request: None)
    assert middleware.immutable_file_test("", "/static/webui/assets/index-abc.js")
    assert not middleware.immutable_file_test("", "/static/webui/mark.svg")
