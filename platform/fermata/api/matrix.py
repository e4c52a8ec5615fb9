"""Who may call what: the rights of every address, read from the resolver and drawn as a page.

``manage.py permissions`` writes ``docs/reference/permissions.md``; with ``--check`` it fails when that has
drifted, so no address comes into being, and no right moves, without a line that a reviewer sees.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fermata.accounts.permissions import ACTIONS, INSTALLATION, RANK, SCOPES, InstallationRule, Rule
from fermata.api.resource import PUBLIC, SIGNED_IN
from fermata.api.stream import commands, handshake
from fermata.api.stream.connection import Connection
from fermata.api.stream.execution import ExecutionStream
from fermata.api.stream.routing import nowhere, websocket_urlpatterns
from fermata.api.urls import otherwise, urlpatterns
from fermata.errors import InvariantBroken

PREFIX = "/api/v1"
PARAMETER = re.compile(r"<\w+:(\w+)>")
GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)[^)]*\)")
CATCH_ALL = r"^(?P<rest>.*)$"

PAGE = """\
# Permissions

*Written by `python manage.py permissions` from the addresses and the table of `fermata.accounts.permissions`:
change those instead.*

Below `{prefix}`. Whoever is nobody gets 401 everywhere but at what is public; what belongs to a workspace
answers a stranger with 404, whether it exists or not, and a member below the role with 403. Each role has
all rights of the ones after it: {roles}. A token may do what its user
may do in its workspace, and with scopes only what they cover; a `write` scope includes its `read`. What
reaches beyond one workspace (staff, administrators) a token does only when its scopes say so.

## Addresses

| address | method | action | who | token scope |
|---|---|---|---|---|
{addresses}

An administrator of the installation acts in `/workspaces/{{workspace_id}}` and its members as an owner would
(`workspace.any`); in nothing else of a workspace. Starting a draft (`"version": "draft"`) needs
`workflow.start_draft`: {draft}. An approval is decided by those it is put to.

## Streams

Refused at the handshake, before the socket is accepted: 403 for nobody and for a member without the right,
404 for a stranger. A ticket stands for the caller who fetched it.

| address | says | action | who | token scope |
|---|---|---|---|---|
{streams}

## Actions

| action | lowest role | token scope |
|---|---|---|
{actions}
"""


@dataclass(frozen=True, slots=True)
class Right:
    """One call: what is asked for, and who may."""

    address: str
    method: str
    action: str

    @property
    def who(self) -> str:
        """The lowest role, or what stands in its place."""
        return who(self.action)

    @property
    def scope(self) -> str:
        """The scope of tokens that covers it, empty where none is asked for."""
        rule = ACTIONS.get(self.action) or INSTALLATION.get(self.action)
        return rule.scope if rule else ""


def who(action: str) -> str:
    """The lowest role that may do an action. Raises InvariantBroken for one that stands in no table."""
    if action in ACTIONS:
        return ACTIONS[action].role.value
    if action in INSTALLATION:
        return "administrators" if INSTALLATION[action].administrator else "staff"
    if action == PUBLIC:
        return "everybody"
    if action == SIGNED_IN:
        return "whoever is signed in"
    raise InvariantBroken(f"There is no action {action!r} in fermata.accounts.permissions.")


def rights(patterns: Iterable[Any] = tuple(urlpatterns)) -> Iterator[Right]:
    """Every address and method. Raises InvariantBroken for a route that names no action."""
    for entry in patterns:
        if entry.callback is otherwise and entry.pattern.regex.pattern == CATCH_ALL:
            continue
        view = getattr(entry.callback, "view_class", getattr(entry.callback, "cls", None))
        actions = getattr(view, "actions", None)
        if not actions:
            raise InvariantBroken(f"{entry.pattern} names no action: it must be a Resource with `actions`.")
        address = "/" + PARAMETER.sub(r"{\1}", str(entry.pattern))
        yield from (Right(address, method.upper(), action) for method, action in actions.items())


def stream_rights(patterns: Iterable[Any] = tuple(websocket_urlpatterns)) -> Iterator[Right]:
    """Every WebSocket with what may be said on it. Raises InvariantBroken for one without a handshake."""
    for entry in patterns:
        consumer = getattr(entry.callback, "consumer_class", None)
        if entry.callback is nowhere:
            continue
        if consumer is None or not issubclass(consumer, Connection):
            raise InvariantBroken(f"{entry.pattern} is no Connection: nobody is asked at its handshake.")
        words = entry.pattern.regex.pattern.removeprefix("^api/v1").removesuffix("/?$")
        address = GROUP.sub(r"{\1}", words)
        yield Right(address, "", handshake.ACTION)
        if issubclass(consumer, ExecutionStream):
            yield from (Right(address, name, action) for name, (action, _) in commands.COMMANDS.items())


def render() -> str:
    """The page."""
    rows = sorted(rights(), key=lambda row: row.address)
    return PAGE.format(
        prefix=PREFIX,
        roles=", ".join(role.value for role in sorted(RANK, key=RANK.__getitem__, reverse=True)),
        addresses="\n".join(_line(row, f"`{row.method}`") for row in rows),
        draft=who("workflow.start_draft"),
        streams="\n".join(
            _line(row, f"`{row.method}`" if row.method else "(opens)") for row in stream_rights()
        ),
        actions="\n".join(_actions()),
    )


def _line(row: Right, method: str) -> str:
    action = "" if row.action in {PUBLIC, SIGNED_IN} else f"`{row.action}`"
    scope = f"`{row.scope}`" if row.scope else ""
    return f"| `{row.address}` | {method} | {action} | {row.who} | {scope} |"


def _actions() -> Iterator[str]:
    order = {scope: place for place, scope in enumerate(SCOPES)}
    rules: dict[str, Rule | InstallationRule] = {**ACTIONS, **INSTALLATION}
    for name, rule in sorted(rules.items(), key=lambda item: (order[item[1].scope], item[0])):
        yield f"| `{name}` | {who(name)} | `{rule.scope}` |"
