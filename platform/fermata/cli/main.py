"""The command `fermata`: its subcommands, their options, and what the exit codes mean."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from fermata.cli import approvals, documents, executions, secrets, variables, workflows
from fermata.cli.interface import DEFAULT_URL, Interface, Refused, Unreachable
from fermata.cli.terminal import Terminal

EPILOG = """\
FERMATA_URL names the service, http://localhost:8000 without it; FERMATA_TOKEN is an API token (`make token`).

exit codes: 0 done, or the execution succeeded · 1 it did not, the file is not valid, or there are differences
            2 refused, unreachable or wrongly called · 130 interrupted
"""

Command = Callable[[Interface, argparse.Namespace, Terminal], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; what a person can put right is a sentence on standard error."""
    options = _parser().parse_args(arguments)
    terminal = Terminal()
    try:
        interface = Interface(options.url, token=os.environ.get("FERMATA_TOKEN"))
        try:
            return run(options.run, interface, options, terminal)
        finally:
            interface.close()
    except Unreachable as error:
        return _complain(terminal, [str(error), "Is it running, and is FERMATA_URL right?"])
    except KeyboardInterrupt:
        terminal.note("")
        return 130
    except BrokenPipeError:  # the reader of our output has had enough
        sys.stderr.close()
        return 0


def run(command: Command, interface: Interface, options: argparse.Namespace, terminal: Terminal) -> int:
    """One command with a service; refusals and unusable files become exit code 2."""
    try:
        return command(interface, options, terminal)
    except Refused as refused:
        return _complain(terminal, list(refused.lines()))
    except workflows.UnusableFile as error:
        return _complain(terminal, [str(error)])


def _complain(terminal: Terminal, lines: Sequence[str]) -> int:
    for line in lines:
        terminal.note(line)
    return 2


def _parser() -> argparse.ArgumentParser:
    everywhere = argparse.ArgumentParser(add_help=False)
    everywhere.add_argument("--json", action="store_true", help="answer in JSON")
    everywhere.add_argument(
        "--url",
        default=os.environ.get("FERMATA_URL") or DEFAULT_URL,
        help="the service; default: %(default)s",
    )
    everywhere.add_argument("--workspace", help="id or slug, where there are several")
    parser = argparse.ArgumentParser(
        prog="fermata",
        description="Workflows from the command line: push, publish, start, watch, answer.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command")
    add = _Adder(commands, everywhere)
    _add_workflows(add)
    _add_starts(add)
    _add_executions(add)
    _add_answers(add)
    _add_secrets(add)
    _add_variables(add)
    return parser


class _Adder:
    """Adds subcommands that share the options of all."""

    def __init__(
        self,
        commands: argparse._SubParsersAction[argparse.ArgumentParser],
        everywhere: argparse.ArgumentParser,
    ) -> None:
        self.commands = commands
        self.everywhere = everywhere

    def __call__(self, name: str, run: Command, words: str) -> argparse.ArgumentParser:
        parser = self.commands.add_parser(name, parents=[self.everywhere], help=words, description=words)
        parser.set_defaults(run=run)
        return parser

    def group(self, name: str, words: str) -> _Adder:
        parser = self.commands.add_parser(name, help=words, description=words)
        return _Adder(
            parser.add_subparsers(title="commands", required=True, metavar="COMMAND", dest="command"),
            self.everywhere,
        )


def _add_workflows(add: _Adder) -> None:
    group = add.group("workflows", "list, show, compare, import, export, push, publish and archive workflows")
    one = group("list", workflows.list_all, "list workflows")
    one.add_argument("--search", help="words of the name or description")
    one.add_argument("--archived", action="store_true", help="the archived ones")
    one.add_argument("--changed", action="store_true", help="whose draft is newer than every version")
    one.add_argument("--errors", action="store_true", help="whose draft has errors")
    one.add_argument("--last", metavar="STATUS", help="of the last execution, such as failed, or none")
    one.add_argument("--limit", type=_count, default=50)
    one = group("show", workflows.show, "print a workflow's draft")
    one.add_argument("name", help="name or id")
    one = group("validate", workflows.validate, "judge a file without storing it")
    one.add_argument("file", type=Path)
    one = group("push", workflows.push, "make a file (YAML or JSON) the draft of its workflow")
    one.add_argument("file", type=Path)
    one.add_argument("--name", help="in place of the document's own")
    one.add_argument("--publish", action="store_true", help="publish it too, if it has changed")
    one = group("publish", workflows.publish, "make the draft the next version")
    one.add_argument("name", help="name or id")
    _add_documents(group)
    one = group("duplicate", workflows.duplicate, "copy a workflow")
    one.add_argument("name", help="name or id")
    one.add_argument("--to", metavar="NAME", help="the copy's name")
    one.add_argument("--version", help="a number or latest; without it the draft")
    one = group("archive", workflows.archive, "take a workflow out of lists")
    one.add_argument("name", help="name or id")
    one = group("unarchive", workflows.unarchive, "bring an archived workflow back")
    one.add_argument("name", help="name or id")
    one.add_argument("--to", metavar="NAME", help="a new name, if the old one is taken")


def _add_documents(group: _Adder) -> None:
    one = group("versions", documents.versions, "list the versions of a workflow")
    one.add_argument("name", help="name or id")
    one.add_argument("--limit", type=_count, default=50)
    one = group("diff", documents.diff, "compare versions, the draft or a file; 1 when they differ")
    one.add_argument("name", help="name or id")
    one.add_argument(
        "--from", dest="old", metavar="VERSION", help="a number, latest or draft; default: latest"
    )
    one.add_argument("--to", dest="new", metavar="VERSION", help="the same; default: draft")
    one.add_argument("--file", type=Path, help="compare the draft with this file")
    one = group("restore", documents.restore, "make a version the draft again")
    one.add_argument("name", help="name or id")
    one.add_argument("version", type=_count)
    one.add_argument("--rev", type=_count, help="only if the draft is still this one")
    one.add_argument("--publish", action="store_true", help="publish it too")
    one = group("export", documents.export, "print the document, or write it to a file")
    one.add_argument("name", help="name or id")
    one.add_argument("--version", help="a number or latest; without it the draft")
    one.add_argument("--format", choices=("yaml", "json"))
    one.add_argument("-o", "--output", type=Path, metavar="FILE")
    one = group("import", documents.import_, "make a file (YAML or JSON) a new workflow, or the draft of one")
    one.add_argument("file", type=Path)
    where = one.add_mutually_exclusive_group()
    where.add_argument("--name", help="in place of the document's own")
    where.add_argument("--onto", metavar="NAME", help="name or id of the workflow whose draft it becomes")
    one.add_argument("--dry-run", action="store_true", help="say what would happen")


def _add_starts(add: _Adder) -> None:
    one = add("start", executions.start, "start a workflow")
    one.add_argument("name", help="name or id")
    one.add_argument(
        "--input", metavar="JSON", help="an object, a file that holds one, or - for standard input"
    )
    one.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a field of the input")
    one.add_argument(
        "--set-file", action="append", default=[], metavar="NAME=FILE", help="a field with the text of a file"
    )
    one.add_argument("--version", help="a number, latest or draft")
    one.add_argument("--priority", type=int, help="0 to 9")
    one.add_argument("--key", help="the same key starts it once")
    one.add_argument("--watch", action="store_true", help="stay until it has ended")
    one = add("watch", executions.watch, "stay with an execution until it has ended")
    one.add_argument("execution", help="its id")
    one.add_argument(
        "--from-now", action="store_true", help="begin with a summary, not with all that happened"
    )


def _add_executions(add: _Adder) -> None:
    group = add.group("executions", "list and show executions")
    one = group("list", executions.list_all, "list executions, newest first")
    one.add_argument("--status", help="one or several, separated by commas")
    one.add_argument("--workflow", help="name or id")
    one.add_argument("--limit", type=_count, default=20)
    one = group("show", executions.show, "where an execution stands, and why")
    one.add_argument("execution", help="its id")
    one = add("steps", executions.steps, "the steps of an execution")
    one.add_argument("execution", help="its id")
    one.add_argument("--node", help="of this node alone")
    one.add_argument("--status", help="one or several, separated by commas")
    one.add_argument("--limit", type=_count, default=200)
    for name, words in (
        ("cancel", "bring an execution to an end"),
        ("pause", "start no further step of an execution"),
        ("resume", "let a paused execution go on"),
    ):
        add(name, executions.command, words).add_argument("execution", help="its id")
    one = add("signal", executions.signal, "send a signal to an execution")
    one.add_argument("execution", help="its id")
    one.add_argument("signal", help="the signal's name")
    one.add_argument("--payload", metavar="JSON")


def _add_answers(add: _Adder) -> None:
    add("approvals", approvals.list_all, "the open questions put to you")
    for name in ("approve", "reject"):
        one = add(name, approvals.answer, f"{name} what is asked")
        one.add_argument("id", help="of the approval, or of the execution that asks")
        one.add_argument("--comment", default="")


def _add_secrets(add: _Adder) -> None:
    group = add.group("secrets", "list, set and delete what nodes read as secrets.<name>")
    group("list", secrets.list_all, "list secrets, without their values")
    one = group("set", secrets.put, "make a secret or give it a new value, from standard input or a prompt")
    one.add_argument("name", help="as expressions use it")
    one.add_argument("--description", help="what it is for")
    one.add_argument("--host", action="append", help="where it may be sent; may be given several times")
    one = group("delete", secrets.delete, "forget a secret")
    one.add_argument("name", help="its name")
    one.add_argument("--force", action="store_true", help="also while published versions read it")


def _add_variables(add: _Adder) -> None:
    group = add.group("variables", "list, get, set and delete variables of a workspace or workflow")
    ones = {
        "list": group("list", variables.list_all, "list variables"),
        "get": group("get", variables.get, "print a variable's value as JSON"),
        "set": group("set", variables.put, "set a variable"),
        "delete": group("delete", variables.delete, "delete a variable"),
    }
    for name, one in ones.items():
        one.add_argument("--workflow", help="name or id; without it those of the workspace")
        if name != "list":
            one.add_argument("name", help="its name")
    ones["set"].add_argument("value", help="JSON, any other text as it is, or - for standard input")
    ones["set"].add_argument("--version", type=_count, help="only if it is still this one")


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError("at least 1")
    return number
