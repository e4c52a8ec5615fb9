"""Which workspace a command means where the interface wants to be told."""

from __future__ import annotations

from fermata.cli.interface import Interface, Json, Refused

DEFAULT = "default"


def workspace(interface: Interface, reference: str | None) -> Json:
    """The workspace of this id or slug; without one the caller's only one, else the default one.

    Raises `Refused`.
    """
    rows = list(interface.rows("/workspaces"))
    wanted = reference or (rows[0]["id"] if len(rows) == 1 else DEFAULT)
    found = next((row for row in rows if wanted in {row["id"], row["slug"]}), None)
    if found is None:
        known = ", ".join(row["slug"] for row in rows) or "none"
        detail = f"There is no workspace {reference!r}." if reference else "Say in which workspace."
        raise Refused({"title": "Not found", "detail": detail, "cure": f"Name one of yours: {known}."})
    return found
