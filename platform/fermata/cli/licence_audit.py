"""The run that `make demo` shows: publish `licence-audit`, start it on a file, answer, keep the report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fermata.cli import approvals, workflows
from fermata.cli.interface import Interface, Json
from fermata.cli.progress import Progress, told
from fermata.cli.stream import follow
from fermata.cli.terminal import Terminal, printable

WORKFLOWS = ("licence-family-summary", "licence-audit")
"""In the order in which they are published: the second starts the first."""

SUCCEEDED, FAILED, WAITING = 0, 1, 3
"""Exit codes. 3: a question waits and nobody is there to answer it; the execution waits on."""


@dataclass(frozen=True, slots=True)
class Audit:
    """One run: the service, where to speak, whether to say yes, where reports go, where the documents are."""

    interface: Interface
    terminal: Terminal
    says_yes: bool
    reports: Path
    documents: Path

    def run(self, text: str, *, source: str) -> int:
        """Audit the text of a requirements file; answers the exit code. Raises `Refused`, `Unreachable`."""
        for path in self._report_paths():
            path.unlink(missing_ok=True)  # an old report must not pass for this run's
        execution_id = self._start(text, source=source)
        progress = Progress(self.terminal)
        with self._told_when_interrupted(execution_id):
            for frame in follow(self.interface, execution_id, from_start=True):
                if progress.take(frame) and not self._answered(execution_id):
                    return WAITING
        report = self._report(execution_id)
        if report is not None:
            self._keep(report)
        self._conclude(progress, report)
        return SUCCEEDED if progress.status == "succeeded" else FAILED

    def _start(self, text: str, *, source: str) -> str:
        published: Json = {}
        for name in WORKFLOWS:
            document = workflows.Document.read(self.documents / f"{name}.yaml")
            published = workflows.put(self.interface, document)
            version = workflows.publish_changed(self.interface, published)
            self.terminal.line(f"published  {name} version {version}")
        body = {"input": {"text": text, "source": source}, "tags": ["demo"]}
        started = self.interface.post(f"/workflows/{published['id']}/executions", body)
        self.terminal.line(f"started    execution {started['id']} on {source}")
        self.terminal.line()
        return str(started["id"])

    def _answered(self, execution_id: str) -> bool:
        """Answer what the execution asks; false when nobody is there who could."""
        for row in approvals.pending(self.interface, execution_id):
            if row["description"]:
                self.terminal.line(f"{'':11}It is about: {printable(row['description'])}")
            answer = True if self.says_yes else self.terminal.ask(printable(row["title"]))
            if answer is None:
                self.terminal.note(
                    "\nNobody is there to answer, so the execution waits. Run again with YES=1 to accept,\n"
                    f"or answer while the platform runs (`make run`): fermata approve {execution_id}"
                )
                return False
            comment = "accepted with YES=1" if self.says_yes else "answered at the terminal"
            approvals.decide(self.interface, row["id"], is_yes=answer, comment=comment)
        return True

    def _report(self, execution_id: str) -> Json | None:
        """`{report, markdown}` of the step that wrote it; None when the execution did not get so far."""
        address = f"/workflows/executions/{execution_id}/steps"
        step = next(self.interface.rows(address, node_id="report", status="succeeded", limit=1), None)
        if step is None:
            return None
        slices = {"limit": 100_000, "max_bytes": 4 * 1024 * 1024}
        value: Json = self.interface.get(f"{address}/{step['id']}/value", side="output", **slices)["value"]
        return value

    def _report_paths(self) -> tuple[Path, Path]:
        return self.reports / "licence-audit.json", self.reports / "licence-audit.md"

    def _keep(self, report: Json) -> None:
        self.reports.mkdir(parents=True, exist_ok=True)
        as_json, as_markdown = self._report_paths()
        text = json.dumps(report["report"], indent=2, ensure_ascii=False)
        as_json.write_text(f"{text}\n", encoding="utf-8")
        as_markdown.write_text(report["markdown"], encoding="utf-8")

    def _conclude(self, progress: Progress, report: Json | None) -> None:
        say = self.terminal.line
        say()
        if report is not None:
            totals = report["report"]["totals"]
            families = report["report"]["families"]
            self.terminal.table(
                ["family", "packages", "MiB", "largest", "duty"],
                [
                    [
                        row["family"],
                        row["packages"],
                        f"{row['size_bytes'] / 2**20:.1f}",
                        row["largest"],
                        row["duty"],
                    ]
                    for row in families
                ],
            )
            say()
            say(f"{totals['read']} of {totals['packages']} packages read, {totals['failed']} failed.")
            for path in self._report_paths():
                say(f"report     {path}")
        say(f"{progress.status}  {told(progress.error)}".rstrip())

    @contextmanager
    def _told_when_interrupted(self, execution_id: str) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            self.terminal.note(
                f"\nInterrupted. The execution goes on while the platform runs: fermata watch {execution_id}"
            )
            raise
