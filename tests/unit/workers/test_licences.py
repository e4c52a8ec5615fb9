from __future__ import annotations

import pytest

from workers import licences


@pytest.mark.parametrize(
    ("words", "family"),
    [
        ("MIT", "permissive"),
        ("BSD 2-Clause License", "permissive"),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", "weak_copyleft"),
        ("GPL-3.0-only OR MIT", "permissive"),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "strong_copyleft"),
        ("LGPL-3.0-only", "weak_copyleft"),
        ("GNU Lesser General Public License v3 (LGPLv3)", "weak_copyleft"),
        ("AGPL-3.0-or-later", "strong_copyleft"),
        ("MIT AND LicenseRef-Mine", "unknown"),
        ("LicenseRef-Mine OR MIT", "permissive"),
        ("Summit Limited", "unknown"),
        ("(MIT", "permissive"),
        ("", "unknown"),
    ],
)
def test_reads_expressions_and_names(words: str, family: str) -> None:
    assert licences.family_of(words) == family


def test_the_most_exact_spelling_that_is_understood_decides() -> None:
    found = licences.declared(
        expression="MPL-2.0", text="MIT", classifiers=["License :: OSI Approved :: BSD License"]
    )
    assert found == licences.Licence(name="MPL-2.0", declared_in="expression", family="weak_copyleft")


def test_words_nobody_understands_leave_it_to_the_classifiers() -> None:
    found = licences.declared(
        expression=None, text="Dual License", classifiers=["License :: OSI Approved :: BSD License"]
    )
    assert found == licences.Licence(name="BSD License", declared_in="classifiers", family="permissive")


def test_the_text_of_a_licence_is_named_by_its_first_words() -> None:
    found = licences.declared(
        expression=None, text="\nApache License      Version 2.0\n" + "word " * 5000, classifiers=[]
    )
    assert found == licences.Licence(
        name="Apache License Version 2.0", declared_in="text", family="permissive"
    )


def test_several_classifiers_bind_to_the_strictest() -> None:
    names = [
        "License :: OSI Approved :: MIT License",
        "License :: OSI Approved :: GNU General Public License v3",
    ]
    assert licences.declared(expression=None, text=None, classifiers=names).family == "strong_copyleft"


def test_what_nobody_knows_keeps_its_words() -> None:
    assert licences.declared(expression=None, text="Ask Bob", classifiers=[]) == licences.Licence(
        name="Ask Bob", declared_in="text", family="unknown"
    )
    assert licences.declared(expression=None, text=None, classifiers=[]).name is None
