"""`fermata secrets …`: list, set and delete. Values come from standard input or a prompt alone."""

from __future__ import annotations

import getpass
import sys
from argparse import Namespace

from fermata.cli.interface import Interface, Json, Refused
from fermata.cli.places import workspace
from fermata.cli.terminal import Terminal


def list_all(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """The secrets of a workspace, without their values."""
    rows = _rows(interface, options)
    if options.json:
        terminal.json(rows)
    else:
        terminal.table(
            ["name", "version", "changed", "by", "last used", "hosts", "description"],
            [
                [
                    row["name"],
                    row["version"],
                    row["updated_at"][:19],
                    row["updated_by"],
                    (row["last_used_at"] or "never")[:16],
                    ", ".join(row["hosts"]) or "any",
                    row["description"],
                ]
                for row in rows
            ],
        )
    return 0


def put(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Make a secret, or give it a new value; and describe it where options say so."""
    place = workspace(interface, options.workspace)["id"]
    found = next((row for row in _rows(interface, options) if row["name"] == options.name), None)
    described = {"description": options.description, "hosts": options.host}
    more = {name: value for name, value in described.items() if value is not None}
    value = _value(options.name)
    if found is None:
        body = {"name": options.name, "value": value, **more}
        row = interface.post("/secrets", body, workspace=place)
    else:
        if more:
            interface.patch(f"/secrets/{found['id']}", more)
        row = interface.put(f"/secrets/{found['id']}/value", {"value": value})
    if options.json:
        terminal.json(row)
    else:
        terminal.line(f"{row['name']}  version {row['version']}")
    return 0


def delete(interface: Interface, options: Namespace, terminal: Terminal) -> int:
    """Forget a secret; refused while published versions read it."""
    found = next((row for row in _rows(interface, options) if row["name"] == options.name), None)
    if found is None:
        cure = "`fermata secrets list` shows what there is."
        raise Refused({"title": "Not found", "detail": f"There is no secret {options.name!r}.", "cure": cure})
    interface.delete(f"/secrets/{found['id']}{'?force=true' if options.force else ''}")
    if options.json:
        terminal.json({"deleted": found["name"]})
    else:
        terminal.line(f"{found['name']} is gone.")
    return 0


def _rows(interface: Interface, options: Namespace) -> list[Json]:
    place = workspace(interface, options.workspace)["id"]
    return list(interface.rows("/secrets", workspace=place))


def _value(name: str) -> str:
    """From the person at the terminal, unseen; else all of standard input but one line end."""
    if sys.stdin.isatty():
        return getpass.getpass(f"Value of {name}: ")
    return sys.stdin.read().removesuffix("\n").removesuffix("\r")
