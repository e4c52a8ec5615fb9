"""`fermata start`, `watch`, `executions`, `steps`, and the commands on one execution."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from fermata.cli.interface import Interface, Json
from fermata.cli.progress import Progress, told
from fermata.cli.stream import final_status, follow
from fermata.cli.terminal import Terminal, clipped
from fermata.cli.workflows import UnusableFile, text_of

BASE = "/workflows/executions"


def start(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Start a workflow; with `--watch` stay until it has ended."""
    workflow = interface.workflow(options.name, workspace=options.workspace)
    body: Json = {"input": input_of(options)}
    if options.version is not None:
        body["version"] = int(options.version) if options.version.isdigit() else options.version
    if options.priority is not None:
        body["priority"] = options.priority
    headers = {"Idempotency-Key": options.key} if options.key else None
    started = interface.post(f"/workflows/{workflow['id']}/executions", body, headers=headers)
    if options.watch:
        terminal.note(f"{workflow['name']} version {started['version']}: execution {started['id']}")
        return watched(interface, started["id"], terminal=terminal, as_json=options.json, from_start=True)
    if options.json:
        terminal.json(started)
    else:
        terminal.line(started["id"])
    return 0


def input_of(options: Namespace) -> Json:
    """The execution's input from `--input` (JSON, a file or `-`), then `--set` and `--set-file`.

    Raises `UnusableFile`.
    """
    given: Any = {}
    if options.input is not None:
        text = options.input
        if text == "-":
            text = sys.stdin.read()
        elif not text.lstrip().startswith("{"):
            text = text_of(Path(text))
        given = _json(text, what="--input")
    if not isinstance(given, dict):
        raise UnusableFile("--input is not a JSON object.")
    for pair in options.set:
        name, value = _pair(pair)
        try:
            given[name] = json.loads(value)
        except ValueError:
            given[name] = value
    for pair in options.set_file:
        name, path = _pair(pair)
        given[name] = text_of(Path(path))
    return given


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UnusableFile(f"{text!r} should be NAME=VALUE.")
    return name, value


def _json(text: str, *, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UnusableFile(f"{what} is not JSON: {error}") from error


def watch(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Stay with an execution until it has ended."""
    return watched(
        interface, options.execution, terminal=terminal, as_json=options.json, from_start=not options.from_now
    )


def watched(
    interface: Interface, execution_id: str, *, terminal: Terminal, as_json: bool, from_start: bool
) -> int:
    """Print an execution as it goes: 0 when it succeeded, 1 when it ended otherwise."""
    progress = Progress(terminal)
    for frame in follow(interface, execution_id, from_start=from_start):
        if as_json:
            terminal.json(frame)
            progress.status = final_status(frame)
        elif progress.take(frame):
            terminal.note(
                f"Answer with: fermata approve {execution_id}   (or: fermata reject {execution_id})"
            )
    if not as_json:
        terminal.line(
            f"{progress.status}: {told(progress.error)}" if progress.error else str(progress.status)
        )
    return 0 if progress.status == "succeeded" else 1


def list_all(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Executions, newest first."""
    rows = list(
        interface.rows(
            BASE,
            limit=options.limit,
            status=options.status,
            workflow=options.workflow,
            workspace=options.workspace,
        )
    )
    if options.json:
        terminal.json(rows)
    else:
        terminal.table(
            ["id", "workflow", "version", "status", "created", "error"],
            [
                [
                    row["id"],
                    row["workflow_name"],
                    row["version"],
                    row["status"],
                    row["created_at"][:19],
                    told(row["error"]),
                ]
                for row in rows
            ],
        )
    return 0


def show(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """One execution: where it stands, why it does not move, what it gave."""
    row = interface.get(f"{BASE}/{options.execution}")
    if options.json:
        terminal.json(row)
        return 0
    terminal.line(f"{row['workflow_name']} version {row['version']}: {row['status']}")
    if row["finished_at"] is None:
        why = interface.get(f"{BASE}/{options.execution}/why")
        terminal.line(why["sentence"])
        for waiting in why["waiting_for"]:
            terminal.line(
                f"  {waiting['node_id']}: {waiting['sentence']} {waiting.get('cure') or ''}".rstrip()
            )
    if row["error"]:
        terminal.line(told(row["error"]))
    if row["output"] is not None:
        terminal.line(json.dumps(row["output"], indent=2, ensure_ascii=False))
    return 0


def steps(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """The steps of an execution with their outcome."""
    rows = list(
        interface.rows(
            f"{BASE}/{options.execution}/steps",
            limit=options.limit,
            node_id=options.node,
            status=options.status,
        )
    )
    if options.json:
        terminal.json(rows)
        return 0
    terminal.table(
        ["node", "status", "port", "attempt", "outcome", "id"],
        [[_place(row), row["status"], row["port"], row["attempt"], _outcome(row), row["id"]] for row in rows],
    )
    return 0


def _place(row: Json) -> str:
    path = "".join(f"{part['region']}[{part['iteration']}]/" for part in row["path"])
    return f"{path}{row['node_id']}"


def _outcome(row: Json) -> str:
    if row["error"]:
        return told(row["error"])
    if "output" in (row.get("truncated") or ()):
        return "(large)"
    return "" if row["output"] is None else clipped(json.dumps(row["output"], ensure_ascii=False), 60)


def command(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """`cancel`, `pause`, `resume`: give the command and say the status after it."""
    answer = interface.post(f"{BASE}/{options.execution}/{options.command}")
    if options.json:
        terminal.json(answer)
    else:
        terminal.line(answer["status"])
    return 0


def signal(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Send a signal with a payload of JSON."""
    body: Json = {"name": options.signal}
    if options.payload is not None:
        body["payload"] = _json(options.payload, what="--payload")
    answer = interface.post(f"{BASE}/{options.execution}/signal", body)
    if options.json:
        terminal.json(answer)
    else:
        terminal.line(f"{options.signal} was sent; the execution is {answer['status']}.")
    return 0
