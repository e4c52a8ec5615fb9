"""`fermata workflows …`: versions, diff, restore, export, import."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from fermata.cli.interface import Interface, Json
from fermata.cli.terminal import Terminal
from fermata.cli.workflows import UnusableFile, publish_changed, text_of

KINDS = {".json": "application/json"}
YAML = "application/yaml"
ANY_REV = {"If-Match": "*"}


def versions(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """The versions of a workflow, newest first."""
    workflow = interface.workflow(options.name, workspace=options.workspace)
    rows = list(interface.rows(f"/workflows/{workflow['id']}/versions", limit=options.limit))
    if options.json:
        terminal.json(rows)
        return 0
    terminal.table(
        ["version", "published", "by", "from draft", "digest"],
        [
            [row["version"], row["created_at"][:19], row["created_by"], row["draft_rev"], row["digest"][:12]]
            for row in rows
        ],
    )
    return 0


def diff(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """What differs: 0 for nothing, 1 for something, as `diff` has it."""
    workflow = interface.workflow(options.name, workspace=options.workspace)
    address = f"/workflows/{workflow['id']}"
    if options.file:
        preview = _import(interface, options.file, f"{address}/import", headers=ANY_REV, dry_run=True)
        found = preview["diff"]
    else:
        sides = {"from": options.old, "to": options.new}
        found = interface.get(f"{address}/diff", **{key: value for key, value in sides.items() if value})
    if options.json:
        terminal.json(found)
    else:
        _lines(terminal, found["text"]["unified"])
        if found["text"]["truncated"]:
            terminal.note("The difference is larger than what is shown; --json has it by pointer.")
    return 0 if found["equal"] else 1


def restore(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Make a version the draft again."""
    workflow = interface.workflow(options.name, workspace=options.workspace)
    address = f"/workflows/{workflow['id']}"
    seen = {"If-Match": f'"{options.rev}"'} if options.rev else ANY_REV
    draft = interface.post(f"{address}/restore", {"version": options.version}, headers=seen)
    words = f"{workflow['name']}: draft {draft['rev']} is version {options.version}."
    answer: Json = draft
    if options.publish:
        number = publish_changed(interface, workflow)
        words, answer = f"{words[:-1]}, published as version {number}.", {**draft, "version": number}
    _answer(terminal, options, answer, words)
    return 0


def export(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """The document on standard output or in a file."""
    workflow = interface.workflow(options.name, workspace=options.workspace)
    kind = options.format or ("json" if options.output and options.output.suffix == ".json" else "yaml")
    text = interface.text(f"/workflows/{workflow['id']}/export", format=kind, version=options.version)
    if options.output is None:
        _lines(terminal, text)
        return 0
    try:
        options.output.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UnusableFile(f"{options.output} cannot be written: {error.strerror}.") from error
    terminal.note(f"{options.output} holds {workflow['name']}.")
    return 0


def import_(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """A file as a new workflow, or onto one: 0 when it could be published, 1 when not."""
    address, headers = "/workflows/import", {}
    if options.onto:
        found = interface.workflow(options.onto, workspace=options.workspace)
        address, headers = f"/workflows/{found['id']}/import", ANY_REV
    query = {"name": options.name, "workspace": options.workspace, "dry_run": options.dry_run or None}
    done = _import(interface, options.file, address, headers=headers, **query)
    if options.json:
        terminal.json(done)
        return 0 if done["valid"] else 1
    for row in done["problems"]:
        terminal.line(f"{row['severity']}  {row['pointer']}  {row['message']} {row['cure']}")
    terminal.line(_told(done, options.file))
    return 0 if done["valid"] else 1


def _import(interface: Interface, file: Path, address: str, *, headers: dict[str, str], **query: Any) -> Any:
    kind = KINDS.get(file.suffix, YAML)
    return interface.send(address, text_of(file), kind=kind, headers=headers, **query)


def _told(done: Json, file: Path) -> str:
    outline, verb = done["outline"], "would be" if done["dry_run"] else "is"
    what = "a new workflow" if done["action"] == "create" else f"its draft {done['draft_rev']}"
    size = " and ".join(
        f"{outline[part]} {part[:-1]}{'s' * (outline[part] != 1)}" for part in ("nodes", "edges")
    )
    valid = "" if done["valid"] else "; it cannot be published yet"
    return f"{done['name']}: {file} {verb} {what} of {size}{valid}."


def _lines(terminal: Terminal, text: str) -> None:
    for line in text.removesuffix("\n").split("\n") if text else ():
        terminal.line(line)


def _answer(terminal: Terminal, options: Namespace, value: Json, words: str) -> None:
    if options.json:
        terminal.json(value)
    else:
        terminal.line(words)
