"""`fermata workflows …`: list, show, validate, push a file as the draft, publish, copy, archive."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from fermata.cli.interface import Interface, Json, Refused
from fermata.cli.terminal import Terminal


class UnusableFile(Exception):
    """A file cannot be read, or does not hold what it should."""


@dataclass(frozen=True, slots=True)
class Document:
    """A workflow document from a file: its name, and the content as the draft takes it."""

    name: str
    content: Json

    @classmethod
    def read(cls, path: Path, *, name: str | None = None) -> Document:
        """YAML, comments kept, or JSON. Raises `UnusableFile`."""
        text = text_of(path)
        definition = _parsed(path, text)
        found = name or definition.get("name")
        if not isinstance(found, str) or not found:
            raise UnusableFile(f"{path} has no `name`; give one with --name.")
        content = {"definition": definition} if path.suffix == ".json" else {"source": text}
        return cls(name=found, content=content)


def text_of(path: Path) -> str:
    """A file's text. Raises `UnusableFile` with a sentence."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UnusableFile(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UnusableFile(f"{path} is no text in UTF-8.") from error


def _parsed(path: Path, text: str) -> Json:
    try:
        value: Any = json.loads(text) if path.suffix == ".json" else YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError) as error:
        raise UnusableFile(
            f"{path} is neither YAML nor JSON: {' '.join(str(error).split())[:200]}"
        ) from error
    if not isinstance(value, dict):
        raise UnusableFile(f"{path} does not hold a workflow document.")
    return value


def put(interface: Interface, document: Document, *, workspace: str | None = None) -> Json:
    """Make the document the draft of the workflow of its name, which is created when there is none."""
    try:
        found = interface.workflow(document.name, workspace=workspace)
    except Refused as refused:
        if refused.status != 404:
            raise
        created: Json = interface.post(
            "/workflows", {"name": document.name, **document.content}, workspace=workspace
        )
        return created
    interface.put(f"/workflows/{found['id']}/draft", document.content, headers={"If-Match": "*"})
    return found


def publish_changed(interface: Interface, workflow: Json) -> int:
    """Publish the draft unless the latest version is just that; answers the version's number."""
    latest = workflow.get("latest_version")
    address = f"/workflows/{workflow['id']}"
    if latest is not None:
        version = interface.get(f"{address}/versions/{latest}")
        if version["definition"] == interface.get(f"{address}/draft")["definition"]:
            return int(latest)
    return int(interface.post(f"{address}/publish")["version"])


# --- commands ---


def list_all(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """The live workflows, or the archived ones, that fit what was asked."""
    flags = {name: True for name in ("archived", "changed", "errors") if getattr(options, name)}
    asked = {"search": options.search, "last_status": options.last, "workspace": options.workspace, **flags}
    rows = list(interface.rows("/workflows", limit=options.limit, **asked))
    if options.json:
        terminal.json(rows)
    else:
        terminal.table(
            ["name", "version", "last execution", "updated", "id"],
            [
                [
                    row["name"],
                    row["latest_version"] or "draft",
                    row["recent"][0]["status"] if row["recent"] else "",
                    row["updated_at"][:19],
                    row["id"],
                ]
                for row in rows
            ],
        )
    return 0


def show(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """A workflow's draft as YAML, or all of it as JSON."""
    workflow = interface.workflow(options.name, workspace=options.workspace)
    draft = interface.get(f"/workflows/{workflow['id']}/draft")
    if options.json:
        terminal.json({**workflow, "draft": draft})
        return 0
    version = workflow["latest_version"]
    terminal.note(
        f"# {workflow['name']}  {workflow['id']}  version {version or 'none'}, draft {draft['rev']}"
    )
    text = draft.get("source") or json.dumps(draft["definition"], indent=2, ensure_ascii=False)
    for line in text.splitlines():
        terminal.line(line)
    return 0


def validate(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Judge a file: 0 when it could be published, 1 when not."""
    definition = _parsed(options.file, text_of(options.file))
    answer = interface.post("/workflows/validate", {"definition": definition}, workspace=options.workspace)
    if options.json:
        terminal.json(answer)
    else:
        for row in answer["problems"]:
            terminal.line(f"{row['severity']}  {row['pointer']}  {row['message']} {row['cure']}")
        terminal.line(f"{options.file} is {'valid' if answer['valid'] else 'not valid'}.")
    return 0 if answer["valid"] else 1


def push(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Make a file the draft of its workflow."""
    document = Document.read(options.file, name=options.name)
    workflow = put(interface, document, workspace=options.workspace)
    if not options.publish:
        _answer(terminal, options, workflow, f"{document.name}: the draft is {options.file}.")
        return 0
    number = publish_changed(interface, workflow)
    _answer(terminal, options, {**workflow, "latest_version": number}, f"{document.name}: version {number}.")
    return 0


def publish(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Make the draft the next version."""
    workflow = interface.workflow(options.name, workspace=options.workspace)
    version = interface.post(f"/workflows/{workflow['id']}/publish")
    _answer(terminal, options, version, f"{workflow['name']}: version {version['version']}.")
    return 0


def duplicate(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """A copy under another name."""
    workflow = interface.workflow(options.name, workspace=options.workspace)
    version = int(options.version) if (options.version or "").isdigit() else options.version
    given = {"name": options.to, "version": version}
    body = {key: value for key, value in given.items() if value is not None}
    copy = interface.post(f"/workflows/{workflow['id']}/duplicate", body)
    _answer(terminal, options, copy, f"{copy['name']}  {copy['id']}")
    return 0


def archive(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Take a workflow out of lists; its executions and versions stay."""
    workflow = interface.workflow(options.name, workspace=options.workspace)
    interface.delete(f"/workflows/{workflow['id']}")
    words = f"{workflow['name']} is archived; `fermata workflows unarchive {workflow['id']}` brings it back."
    _answer(terminal, options, {"id": workflow["id"], "archived": True}, words)
    return 0


def unarchive(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Bring a workflow back."""
    workflow = interface.workflow(options.name, workspace=options.workspace, archived=True)
    body = {} if options.to is None else {"name": options.to}
    back = interface.post(f"/workflows/{workflow['id']}/unarchive", body)
    _answer(terminal, options, back, f"{back['name']} is back.")
    return 0


def _answer(terminal: Terminal, options: Namespace, value: Json, words: str) -> None:
    if options.json:
        terminal.json(value)
    else:
        terminal.line(words)
