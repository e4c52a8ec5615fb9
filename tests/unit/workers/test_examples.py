from __future__ import annotations

import importlib.metadata
import re

import pytest

from fermata.config import env
from workers import examples

FILE = """\
# a comment
-r other.txt
celery==5.7.0 \\
    --hash=sha256:00 \\
    --hash=sha256:01  # behind
Orjson == 3.11
colorama==0.4.6 ; sys_platform == 'never'
redis>=5
celery==5.6
"""


def test_reads_pins_once_each_and_says_what_it_passes_over() -> None:
    read = examples.parse_requirements.run(FILE)
    assert read["packages"] == [
        {"name": "celery", "version": "5.7.0", "line": 3},
        {"name": "Orjson", "version": "3.11", "line": 6},
    ]
    assert read["skipped"] == [
        {"requirement": "-r other.txt", "line": 2, "reason": "an option of the installer"},
        {
            "requirement": "colorama==0.4.6 ; sys_platform == 'never'",
            "line": 7,
            "reason": "not for this machine",
        },
        {"requirement": "redis>=5", "line": 8, "reason": "not pinned"},
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("celery==5\nwhat is this?\n", "Line 2 is no requirement: 'what is this?'"),
        ('{"json": true}', "Line 1 is no requirement"),
        ("", "No line pins a package"),
        ("redis>=5", "No line pins a package"),
    ],
)
def test_refuses_what_is_no_requirements_file(text: str, words: str) -> None:
    with pytest.raises(examples.NotARequirementsFile, match=re.escape(words)):
        examples.parse_requirements.run(text)


def test_reads_the_projects_own_file() -> None:
    read = examples.parse_requirements.run((env.ROOT / "requirements.txt").read_text(encoding="utf-8"))
    assert len(read["packages"]) > 50
    assert {"django", "celery"} <= {row["name"] for row in read["packages"]}


def test_reads_an_installed_packages_real_metadata() -> None:
    found = examples.package_metadata.run("django", "1.0")
    assert found["version"] == importlib.metadata.version("django")
    assert found["pinned"] == "1.0"
    assert found["family"] == "permissive"
    assert found["size_bytes"] > 1_000_000
    assert found["dependencies"] == ["asgiref", "sqlparse"]


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(examples.PackageNotInstalled, match=r"no-such-package 1\.0 is not installed"):
        examples.package_metadata.run("no-such-package", "1.0")


def test_the_report_says_who_accepted_and_keeps_cells_in_their_columns() -> None:
    package = {"name": "a|b", "version": "1", "family": "unknown", "licence": None, "size_bytes": None}
    family = {"family": "unknown", "packages": 1, "size_bytes": 0, "licences": [], "duty": "Ask a person."}
    answer = examples.audit_report.run(
        "requirements.txt",
        packages=[package],
        errors=[{"name": "x", "version": "2", "line": 3, "class": "c", "message": "gone\nfor good"}],
        skipped=[],
        families=[family],
        totals={"packages": 2, "read": 1, "failed": 1, "unknown": 1, "size_bytes": 0},
        decision={"decision": "reject", "by": "user:ada", "comment": "no"},
    )
    assert answer["report"]["accepted"] is False
    assert "Not accepted by user:ada. no" in answer["markdown"]
    assert "| a\\|b | 1 | unknown |  | ? |" in answer["markdown"]
    assert "| x | 2 | 3 | gone for good |" in answer["markdown"]
    assert "Passed over" not in answer["markdown"]
