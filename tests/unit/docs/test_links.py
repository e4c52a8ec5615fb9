"""What the documentation points to is there, and what the code cites of it, too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)")
CITED = re.compile(r"engine\.md,? ((?:§[\w.]+(?:,? (?:and )?)?)+)")
CODE = ("platform", "workers", "tests")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def citations() -> Iterator[tuple[str, str]]:
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in {".py", ".sql", ".yaml"} and path != Path(__file__):
                for cited in CITED.findall(path.read_text(encoding="utf-8")):
                    for section in re.findall(r"§([\w.]+)", cited):
                        yield named(path), section.rstrip(".")


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target, anchor in LINK.findall(text):
        found = (page.parent / target).resolve() if target else page
        assert found.exists(), f"{named(page)} points to {target}"
        assert not anchor or anchor in anchors(found), f"{named(page)} points to {target}#{anchor}"


def sections() -> set[str]:
    page = (ROOT / "docs" / "architecture" / "engine.md").read_text(encoding="utf-8")
    _, _, exactly_once = page.partition("## 5.")
    chapters = re.findall(r"^## (\w+)\.", page, re.MULTILINE)
    rules = re.findall(r"^- \*(2a\.\d+)\*", page, re.MULTILINE)
    means = [f"5.{number}" for number in re.findall(r"^(\d)\. \*\*", exactly_once, re.MULTILINE)]
    return {*chapters, *rules, *means}


def test_every_section_of_the_engines_page_that_code_cites_exists() -> None:
    cited, known = list(citations()), sections()
    assert len(cited) > 10, "the pattern finds hardly anything any more"
    assert [(path, section) for path, section in cited if section not in known] == []


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "adr"
    listed = set(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in folder.glob("[0-9]*.md")}
