"""The builder, with a Node that is a script of ours: what it runs, what it leaves, what it says."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from fermata.config.screen import build
from fermata.config.screen.build import Builder, read_state

NODE = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in
  --version) echo v20.20.0 ;;
  *vite.js*) [ -n "$BROKEN" ] && { echo "no such module" >&2; exit 1; }
             mkdir -p dist.new/.vite && echo '{}' > dist.new/.vite/manifest.json ;;
  *) mkdir -p node_modules/vite/bin ;;
esac
"""


@pytest.fixture
def webui(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with sources, and a Node on the PATH that writes down its calls."""
    folder = tmp_path / "webui"
    (folder / "src").mkdir(parents=True)
    for name in ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts"):
        (folder / name).write_text("{}")
    (folder / "src" / "main.tsx").write_text("one")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("node", "npm"):
        program = programs / name
        program.write_text(NODE)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return folder


def calls(tmp_path: Path) -> list[str]:
    """What Node was asked for, without questions for its version."""
    file = tmp_path / "calls"
    lines = file.read_text().splitlines() if file.exists() else []
    return ["ci" if " ci" in line else "build" for line in lines if line != "--version"]


def builder(tmp_path: Path, webui: Path) -> tuple[Builder, list[str]]:
    said: list[str] = []
    return Builder(tmp_path / "home", say=said.append, webui=webui), said


def test_it_fetches_packages_once_and_builds_when_sources_changed(tmp_path: Path, webui: Path) -> None:
    one, _ = builder(tmp_path, webui)
    assert one.is_wanted()
    assert one.run()
    assert calls(tmp_path) == ["ci", "build"]
    assert not one.is_wanted()
    assert one.run()
    assert calls(tmp_path) == ["ci", "build"]
    (webui / "src" / "main.tsx").write_text("two")
    assert one.is_wanted()
    assert one.run()
    assert calls(tmp_path) == ["ci", "build", "build"]
    (webui / "package-lock.json").write_text("{ }")
    assert one.run()
    assert calls(tmp_path)[3:] == ["ci", "build"]
    assert read_state(tmp_path / "home")["state"] == "ready"


def test_a_build_that_fails_leaves_the_one_before_and_says_what_to_do(
    tmp_path: Path, webui: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, said = builder(tmp_path, webui)
    assert one.run()
    (webui / "src" / "main.tsx").write_text("two")
    monkeypatch.setenv("BROKEN", "1")
    assert not one.run()
    assert (webui / "dist" / ".vite" / "manifest.json").exists()
    state = read_state(tmp_path / "home")
    assert state["state"] == "failed"
    assert "screen.log" in state["cure"]
    assert "no such module" in one.log.read_text()
    assert "works without it" in said[-1]
    monkeypatch.delenv("BROKEN")
    assert one.run()


def test_without_sources_there_is_nothing_to_build(tmp_path: Path) -> None:
    assert not Builder(tmp_path / "home", say=print, webui=tmp_path / "none").is_wanted()


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("v20.18.1", False),
        ("v20.19.0", True),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.1.0", True),
        ("", False),
    ],
)
def test_a_node_is_new_enough_when_vite_says_so(tmp_path: Path, version: str, *, good: bool) -> None:
    program = tmp_path / "node"
    program.write_text(f"#!/bin/sh\necho {version}\n")
    program.chmod(0o755)
    assert build._is_new_enough(str(program)) is good
