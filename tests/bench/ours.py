"""Fermata's side: documents published, executions started as the interface does, and awaited."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import django
import psycopg

from tests.bench.shapes import Json
from tests.bench.stack import BenchError, Stack

LONGEST_SECONDS = 300


class Refused(Exception):
    """This Fermata does not take such a document."""


def connect(stack: Stack) -> None:
    """Point Django in this process at the stack. Once a process."""
    os.environ |= {
        "FERMATA_HOME": str(stack.home),
        "FERMATA_PORT": str(stack.port),
        "FERMATA_PROCESS": "manage",
        "FERMATA_LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "fermata.config.settings",
    }
    for name in ("DATABASE_URL", "REDIS_URL", "FERMATA_SECRET_KEY"):
        os.environ.pop(name, None)
    django.setup()


@dataclass
class Ours:
    """Publishes and runs. `database` is a connection beside the one that starts executions."""

    stack: Stack
    database: psycopg.Connection[tuple[Any, ...]]
    workspace_id: Any
    versions: dict[str, Any] = field(default_factory=dict)
    shortest: dict[tuple[Any, int], float] = field(default_factory=dict)

    @classmethod
    def at(cls, stack: Stack) -> Ours:
        """After `connect`."""
        from fermata.accounts.models import Workspace  # noqa: PLC0415 - Django is set up by now

        workspace = Workspace.objects.order_by("id").first()
        if workspace is None:
            raise BenchError("The platform made no workspace at its first start.")
        return cls(stack, psycopg.connect(stack.database_url, autocommit=True), workspace.id)

    def token(self) -> str:
        """A token of the administrator's, for HTTP."""
        from fermata.accounts import operations  # noqa: PLC0415
        from fermata.accounts.models import User  # noqa: PLC0415

        user = User.objects.get(is_superuser=True)
        return operations.create_token(user, workspace_id=self.workspace_id, name="bench").text

    def version(self, document: Json) -> Any:
        """The document published, once. Raises `Refused`."""
        from fermata.errors import FermataError  # noqa: PLC0415
        from fermata.workflows import operations  # noqa: PLC0415

        text = json.dumps(document, sort_keys=True)
        if text not in self.versions:
            name = f"bench-{uuid4().hex[:8]}"
            content = operations.Content(definition={**document, "name": name})
            try:
                made = operations.create(workspace_id=self.workspace_id, name=name, content=content, by=None)
                self.versions[text] = operations.publish(made.id, by=None)
            except FermataError as error:
                raise Refused(_words(error)) from error
        return self.versions[text]

    def start(self, version: Any) -> str:
        """Start one execution; its id."""
        from fermata.engine import operations  # noqa: PLC0415

        started = operations.start(
            workspace_id=self.workspace_id, version=version, input=None, started_by="bench"
        )
        return str(started.id)

    def wait(self, ids: Sequence[str], *, seconds: float = LONGEST_SECONDS, at_least: float = 0.0) -> None:
        """Until all are final.

        Asks ever more rarely: the end is seen about 1 % too late, at little cost; nothing is asked for
        `at_least` seconds, since who asks takes a core from those who work.
        """
        began = time.monotonic()
        time.sleep(at_least)
        while self._open(ids):
            passed = time.monotonic() - began
            if passed > seconds:
                raise BenchError(f"{len(ids)} executions did not end within {seconds:g} s.")
            time.sleep(min(0.05, max(0.001, passed / 50)))

    def _open(self, ids: Sequence[str]) -> bool:
        query = "SELECT EXISTS (SELECT FROM fermata_execution WHERE id = ANY(%s) AND finished_at IS NULL)"
        row = self.database.execute(query, [list(ids)], prepare=True).fetchone()
        return bool(row and row[0])

    def answers(self, ids: Sequence[str]) -> list[Any]:
        """What the executions answered: `value` of their output. Raises `BenchError` for one that failed."""
        rows = self.database.execute(
            "SELECT x.status, x.error, p.body FROM fermata_execution x"
            " LEFT JOIN fermata_payload p ON p.digest = x.output_digest WHERE x.id = ANY(%s)",
            [list(ids)],
        ).fetchall()
        for status, error, _ in rows:
            if status != "succeeded":
                raise BenchError(f"An execution {status}: {error}")
        return [body["value"] for _, _, body in rows]

    def run(self, version: Any, *, executions: int = 1) -> list[str]:
        """Start so many and wait for all; their ids."""
        began, key = time.monotonic(), (version.id, executions)
        ids = [self.start(version) for _ in range(executions)]
        known = self.shortest.get(key, 0.0)
        self.wait(ids, at_least=max(0.0, 0.7 * known - (time.monotonic() - began)))
        took = time.monotonic() - began
        self.shortest[key] = min(known or took, took)
        return ids

    def vacuum(self) -> None:
        """Leave nothing for autovacuum to do now."""
        self.database.execute("VACUUM (ANALYZE)")

    def one(self, query: str, *arguments: Any) -> Any:
        """The one value a query answers."""
        row = self.database.execute(query.encode(), arguments).fetchone()
        return row[0] if row else None


def _words(error: Any) -> str:
    """The error's message with its first problems."""
    problems = getattr(error, "problems", None) or []
    return " ".join([error.message, *(f"{each['pointer']}: {each['message']}" for each in problems[:3])])
