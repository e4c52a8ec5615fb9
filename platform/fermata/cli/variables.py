"""`fermata variables …`: list, get, set and delete those of a workspace, or of one workflow."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from typing import Any

from fermata.cli.interface import Interface
from fermata.cli.places import workspace
from fermata.cli.terminal import Terminal


def list_all(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """The variables of a workspace or workflow."""
    rows = list(interface.rows(_address(interface, options)))
    if options.json:
        terminal.json(rows)
    else:
        terminal.table(
            ["name", "value", "version", "changed", "by"],
            [
                [
                    row["name"],
                    "(large)" if row["truncated"] else _shown(row["value"]),
                    row["version"],
                    (row["updated_at"] or "")[:19],
                    row["updated_by"],
                ]
                for row in rows
            ],
        )
    return 0


def get(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """A variable's value as JSON."""
    row = interface.get(f"{_address(interface, options)}/{options.name}")
    if options.json:
        terminal.json(row)
    else:
        terminal.line(_shown(row["value"]))
    return 0


def put(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Set a variable; with `--version` only if nobody changed it since."""
    text = sys.stdin.read() if options.value == "-" else options.value
    headers = {"If-Match": f'"{options.version}"'} if options.version else {}
    address = f"{_address(interface, options)}/{options.name}"
    row = interface.put(address, {"value": _parsed(text)}, headers=headers)
    if options.json:
        terminal.json(row)
    else:
        terminal.line(f"{row['name']}  version {row['version']}")
    return 0


def delete(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Delete a variable: its declared default holds again."""
    interface.delete(f"{_address(interface, options)}/{options.name}")
    if options.json:
        terminal.json({"deleted": options.name})
    else:
        terminal.line(f"{options.name} is gone.")
    return 0


def _address(interface: Interface, options: Namespace) -> str:
    if options.workflow:
        found = interface.workflow(options.workflow, workspace=options.workspace)
        return f"/workflows/{found['id']}/variables"
    return f"/workspaces/{workspace(interface, options.workspace)['id']}/variables"


def _parsed(text: str) -> Any:
    """The JSON value, or the text itself where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
