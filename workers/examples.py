"""The tasks of the example workflow `licence-audit`: ordinary Celery tasks as a team would write them.

They know nothing of Fermata: each takes and gives plain JSON, and says what is wrong by raising. All of them
only read, so the workflow declares them `pure`. The workflow is in `docs/examples/licence-audit/`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any

from celery import shared_task
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from workers import licences

Json = dict[str, Any]


class NotARequirementsFile(Exception):
    """The text is no requirements file, or it pins nothing."""


class PackageNotInstalled(Exception):
    """The worker's environment does not have the package."""


@shared_task(name="workers.examples.parse_requirements")  # type: ignore[untyped-decorator]
def parse_requirements(text: str) -> Json:
    """The pinned packages of a requirements file, by name and once each.

    Answers `{packages: [{name, version, line}], skipped: [{requirement, line, reason}]}`; lines count from 1.
    Raises `NotARequirementsFile`, which names the line.
    """
    packages: dict[str, Json] = {}
    skipped: list[Json] = []
    for number, line in _logical_lines(text):
        row, reason = _read(line, number=number)
        if reason is not None:
            skipped.append({"requirement": _wanted(line)[:200], "line": number, "reason": reason})
        else:
            packages.setdefault(canonicalize_name(row["name"]), row)
    if not packages:
        raise NotARequirementsFile("No line pins a package, such as `celery==5.7.0`.")
    return {"packages": [packages[name] for name in sorted(packages)], "skipped": skipped}


@shared_task(name="workers.examples.package_metadata")  # type: ignore[untyped-decorator]
def package_metadata(name: str, version: str | None = None) -> Json:
    """What the installed package says of itself.

    Answers `{name, version, pinned, licence, declared_in, family, size_bytes, files, dependencies}`;
    `size_bytes` is null when the installation kept no record of its files. Raises `PackageNotInstalled`.
    """
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        wanted = f"{name} {version}" if version else name
        raise PackageNotInstalled(f"{wanted} is not installed here; is its name right?") from None
    licence = licences.declared(
        expression=_field(found, "License-Expression"),
        text=_field(found, "License"),
        classifiers=found.metadata.get_all("Classifier") or [],
    )
    files = found.files
    return {
        "name": found.metadata["Name"],
        "version": found.version,
        "pinned": version,
        "licence": licence.name,
        "declared_in": licence.declared_in,
        "family": licence.family,
        "size_bytes": None if files is None else sum(map(_size, files)),
        "files": None if files is None else len(files),
        "dependencies": sorted(set(_dependencies(found.requires or []))),
    }


@shared_task(name="workers.examples.audit_report")  # type: ignore[untyped-decorator]
def audit_report(
    source: str,
    *,
    packages: Sequence[Json],
    errors: Sequence[Json],
    skipped: Sequence[Json],
    families: Sequence[Json],
    totals: Mapping[str, Any],
    decision: Mapping[str, Any] | None = None,
) -> Json:
    """The report as a value and as Markdown: `{report, markdown}`.

    `decision` is null when nobody was asked.
    """
    accepted = decision is None or decision.get("decision") == "approve"
    report = {
        "source": source,
        "accepted": accepted,
        "decision": None if decision is None else dict(decision),
        "totals": dict(totals),
        "families": list(families),
        "packages": list(packages),
        "errors": list(errors),
        "skipped": list(skipped),
    }
    return {"report": report, "markdown": "\n".join(_markdown(report)) + "\n"}


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """(number, line) without comments and empty lines; a backslash at its end joins a line to the next."""
    kept, first = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        first = first or number
        joined = kept + re.sub(r"(^|\s)#.*$", "", line)
        if joined.rstrip().endswith("\\"):
            kept = joined.rstrip()[:-1]
            continue
        if joined.strip():
            yield first, joined.strip()
        kept, first = "", 0
    if kept.strip():
        yield first, kept.strip()


def _wanted(line: str) -> str:
    """A line without the installer's options behind it, such as hashes."""
    return re.split(r"\s--", line, maxsplit=1)[0].strip()


def _read(line: str, *, number: int) -> tuple[Json, str | None]:
    """A pinned package, or the reason why the line is passed over."""
    if line.startswith("-"):
        return {}, "an option of the installer"
    try:
        requirement = Requirement(_wanted(line))
    except InvalidRequirement as error:
        shown = line if len(line) <= 80 else f"{line[:80]}…"
        first = str(error).splitlines()[0]
        raise NotARequirementsFile(f"Line {number} is no requirement: {shown!r} ({first}).") from None
    if requirement.marker is not None and not requirement.marker.evaluate():
        return {}, "not for this machine"
    pins = [each.version for each in requirement.specifier if each.operator in {"==", "==="}]
    if len(pins) != 1 or "*" in pins[0]:
        return {}, "not pinned"
    return {"name": requirement.name, "version": pins[0], "line": number}, None


def _dependencies(requires: Sequence[str]) -> Iterator[str]:
    """Names a package needs here, without those of its extras."""
    for text in requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:  # old packages wrote what no tool reads any more
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield canonicalize_name(requirement.name)


def _field(package: metadata.Distribution, name: str) -> str | None:
    """A field of the metadata that stands once, or None."""
    return next(iter(package.metadata.get_all(name) or ()), None)


def _size(file: metadata.PackagePath) -> int:
    """Bytes of one file: as recorded at the installation, else as it lies there; 0 when it is gone."""
    if file.size is not None:
        return file.size
    try:
        return file.locate().stat().st_size  # type: ignore[attr-defined,no-any-return]
    except OSError:
        return 0


def _markdown(report: Mapping[str, Any]) -> Iterator[str]:
    totals, decision = report["totals"], report["decision"]
    yield f"# Licences of {_cell(report['source'])}"
    yield ""
    size = _mebibytes(totals["size_bytes"])
    yield f"{totals['packages']} packages, {size}; {totals['failed']} could not be read."
    if decision is None:
        yield "Nothing was unknown, so nobody was asked."
    else:
        verdict = "Accepted" if report["accepted"] else "Not accepted"
        yield f"{verdict} by {_cell(decision.get('by'))}. {_cell(decision.get('comment') or '')}".rstrip()
    families = [
        [
            row["family"],
            row["packages"],
            _mebibytes(row["size_bytes"]),
            ", ".join(row["licences"]),
            row["duty"],
        ]
        for row in report["families"]
    ]
    yield from _table("Families", ["family", "packages", "size", "licences", "duty"], families)
    packages = [
        [row["name"], row["version"], row["family"], row["licence"], _mebibytes(row["size_bytes"])]
        for row in report["packages"]
    ]
    yield from _table("Packages", ["package", "version", "family", "licence", "size"], packages)
    errors = [[row["name"], row["version"], row["line"], row["message"]] for row in report["errors"]]
    yield from _table("Errors", ["package", "version", "line", "what happened"], errors)
    skipped = [[row["requirement"], row["line"], row["reason"]] for row in report["skipped"]]
    yield from _table("Passed over", ["requirement", "line", "why"], skipped)


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    """A titled Markdown table; nothing without rows."""
    if rows:
        yield from ("", f"## {title}", "")
        yield "| " + " | ".join(heads) + " |"
        yield "|" + "---|" * len(heads)
        yield from ("| " + " | ".join(map(_cell, row)) + " |" for row in rows)


def _cell(value: Any) -> str:
    return " ".join(str("" if value is None else value).split()).replace("|", "\\|")


def _mebibytes(size: float | None) -> str:
    return "?" if size is None else f"{size / 2**20:.1f} MiB"
