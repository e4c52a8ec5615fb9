"""An execution as lines for a person: one for each finished step, counts for what loops."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fermata.cli.interface import Json
from fermata.cli.terminal import Terminal, clipped, printable

FINISHED = {"succeeded", "failed", "skipped", "cancelled", "timed_out"}
LOOPS = {"foreach", "while", "loop"}
MOST_FAILURES = 10
"""Failed steps inside loops that get a line each."""


@dataclass(slots=True)
class Loop:
    """A region that repeats: its name, how many passages it has (0: nobody knows), how many ended how."""

    name: str
    total: int
    succeeded: int = 0
    failed: int = 0

    def __str__(self) -> str:
        done = self.succeeded + self.failed
        of = f" of {self.total}" if self.total else ""
        return f"{done}{of} done" + (f", {self.failed} failed" if self.failed else "")


class Progress:
    """Turns frames into lines. `status` is the execution's final status, None while it lives."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.status: str | None = None
        self.error: Any = None
        self._began: datetime | None = None
        self._loops: dict[str, Loop] = {}
        self._failures = 0

    def take(self, frame: Json) -> list[Json]:
        """Print what a frame tells; answers the approvals that were asked for in it, as events."""
        if frame["type"] == "snapshot":
            return self._snapshot(frame)
        asked = []
        for event in frame["events"]:
            self._event(event)
            if event["type"] == "ApprovalRequested":
                asked.append(event)
        return asked

    def _snapshot(self, frame: Json) -> list[Json]:
        execution = frame["execution"]
        self._began = _moment(execution["created_at"])
        for row in frame["nodes"]:
            if not row["node_id"].startswith("@"):
                tally = ", ".join(f"{count} {status}" for status, count in row["counts"].items())
                self._say(execution["created_at"], row["node_id"], "so far", tally)
        if execution["finished_at"]:
            self.status, self.error = execution["status"], execution["error"]
        return []

    def _event(self, event: Json) -> None:
        data = event["data"] if isinstance(event["data"], dict) else {}
        kind = event["type"]
        if kind == "ExecutionStarted":
            self._began = _moment(event["at"])
        elif kind == "ExecutionFinished":
            self.status, self.error = event["status"], data.get("error")
        elif kind == "RegionOpened" and data.get("kind") in LOOPS:
            self._loops[data["region"]] = Loop(data["name"], data.get("total") or 0)
        elif kind == "ItemEnded" and data.get("region") in self._loops:
            self._item(event, self._loops[data["region"]], data)
        elif kind == "ApprovalRequested":
            self._say(event["at"], event["node_id"], "asks", data.get("title"))
        elif kind == "ApprovalDecided":
            self._say(event["at"], "", event["status"], f"by {data.get('by')}")
        elif kind.startswith("Execution"):
            self._say(event["at"], "", event["status"] or "", kind.removeprefix("Execution").lower())
        elif kind.startswith("Step") and data.get("kind") == "node":
            self._step(event, data)

    def _item(self, event: Json, loop: Loop, data: Json) -> None:
        loop.succeeded, loop.failed = data.get("succeeded", 0), data.get("failed", 0)
        self.terminal.change(self._row(event["at"], loop.name, "running", str(loop)))

    def _step(self, event: Json, data: Json) -> None:
        status, loop = event["status"], self._loops.get(data.get("region", ""))
        is_inside = loop is not None or bool(event["path"])
        if status == "failed" and is_inside:
            self._failures += 1
            if self._failures <= MOST_FAILURES:
                self._say(
                    event["at"],
                    f"{event['node_id']}[{data.get('iteration')}]",
                    status,
                    told(data.get("error")),
                )
            elif self._failures == MOST_FAILURES + 1:
                self._say(event["at"], event["node_id"], status, "and more; `fermata steps` lists them all")
        elif status in {"held", "retrying"}:
            self._say(event["at"], event["node_id"], status, told(data.get("error")) or data.get("reason"))
        elif status in FINISHED and not is_inside:
            self._say(event["at"], event["node_id"], status, self._outcome(event, data))

    def _outcome(self, event: Json, data: Json) -> str:
        """What a finished step of the root has to tell: error, counts of its loop, port, how long it took."""
        if event["status"] == "failed":
            return told(data.get("error"))
        if event["status"] != "succeeded":
            return ""
        loop = next((loop for loop in self._loops.values() if loop.name == event["node_id"]), None)
        port = data.get("port")
        words = [str(loop) if loop else "", f"→ {port}" if port not in {None, "out"} else ""]
        if data.get("started_at") and not loop:
            words.append(f"{(_moment(event['at']) - _moment(data['started_at'])).total_seconds():.2f} s")
        return "  ".join(filter(None, words))

    def _say(self, at: str, node: str | None, status: str, words: Any) -> None:
        self.terminal.line(self._row(at, node, status, words))

    def _row(self, at: str, node: str | None, status: str, words: Any) -> str:
        moment = _moment(at)
        self._began = self._began or moment
        seconds = (moment - self._began).total_seconds()
        name = clipped(printable(node), 20)
        return f"{seconds:7.2f} s  {name:<20}  {status:<9}  {printable(words)}".rstrip()


def told(error: Any) -> str:
    """An error in a line: the class of its first cause, and that cause's message."""
    while isinstance(error, dict) and isinstance(error.get("cause"), dict):
        error = error["cause"]
    if not isinstance(error, dict):
        return ""
    return printable(": ".join(str(error[key]) for key in ("class", "message") if error.get(key)))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
