"""Documents as YAML text, in and out.

The reader takes YAML 1.2 restricted to what JSON can say: no tags, no aliases (so no bomb of nested
references), no second document, text keys only. It walks the parser's events once and builds plain values,
so depth and size are bounded before anything is built; dates stay text. The writer keeps the order of
keys and quotes whatever a reader would not take for text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.error import MarkedYAMLError, YAMLError
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

from fermata.errors import InvalidInput
from fermata.workflows import limits

INTEGER = re.compile(r"[-+]?[0-9]+\Z")
OCTAL = re.compile(r"0o[0-7]+\Z")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
FOREIGN = re.compile(r"<<|=|[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF|[-+]?[0-9][-+0-9_:.tTzZ ]*")
"""Text to us, flags, dates or numbers to readers of YAML 1.1: quoted in what is written."""
LONGEST_NUMBER = 400
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
"""Only their parser and emitter are used; libyaml's are ten times faster than those in Python."""


def from_yaml(text: str) -> dict[str, Any]:
    """The object that YAML text holds.

    Raises InvalidInput naming line and column for text that is no YAML, says more than JSON can, or is no
    object; PayloadTooLarge above 1 MiB.
    """
    limits.check_source(text)
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=LOADER):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refused(error.problem or "this is no YAML", mark) from error
    except (YAMLError, ValueError) as error:
        raise _refused(str(error).splitlines()[0], None) from error
    if not isinstance(builder.result, dict):
        raise _refused("the text must hold one object", None)
    problems = list(limits.problems_of_value(builder.result))[:100]
    if problems:
        raise InvalidInput("The YAML text holds values that cannot be stored.", problems=problems)
    return builder.result


def to_yaml(document: dict[str, Any]) -> str:
    """YAML text that ``from_yaml`` reads back to an equal object; keys keep their order."""
    return str(yaml.emit(_events(document), Dumper=DUMPER, allow_unicode=True, width=110))


def _events(document: dict[str, Any]) -> Iterator[Event]:
    yield StreamStartEvent()
    yield DocumentStartEvent(explicit=False)
    yield from _written(document)
    yield DocumentEndEvent(explicit=False)
    yield StreamEndEvent()


def _written(value: Any) -> Iterator[Event]:
    """A value as the emitter takes it; the depth of documents is bounded, so that this may call itself."""
    if isinstance(value, dict):
        yield MappingStartEvent(None, None, True, flow_style=not value)
        for key, inner in value.items():
            yield _text(key)
            yield from _written(inner)
        yield MappingEndEvent()
    elif isinstance(value, list):
        yield SequenceStartEvent(None, None, True, flow_style=not value)
        for inner in value:
            yield from _written(inner)
        yield SequenceEndEvent()
    else:
        yield _text(value) if isinstance(value, str) else ScalarEvent(None, None, (True, True), _word(value))


def _text(text: str) -> ScalarEvent:
    """Text, quoted where the reader would take it for something else; the emitter quotes what it must."""
    is_plain = isinstance(_plain(text), str) and not FOREIGN.fullmatch(text)
    style = "|" if "\n" in text else None if is_plain else "'"
    return ScalarEvent(None, None, (style is None, True), text, style=style)


def _word(value: Any) -> str:
    """A number, true, false or null."""
    return json.dumps(value)


@dataclass(slots=True)
class _Builder:
    """Builds values from parser events.

    ``stack``: open containers; ``keys``: each mapping's key waiting for a value.
    """

    result: Any = None
    stack: list[Any] = field(default_factory=list)
    keys: list[Any] = field(default_factory=list)
    documents: int = 0

    def take(self, event: Any) -> None:
        """One event. Raises InvalidInput for what is not allowed."""
        if isinstance(event, ScalarEvent):
            self._add(_scalar(event), event)
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            _no_tag(event)
            if len(self.stack) >= limits.DEPTH:
                raise _refused(f"values are nested deeper than {limits.DEPTH}", event.start_mark)
            opened: Any = {} if isinstance(event, MappingStartEvent) else []
            self._add(opened, event)
            self.stack.append(opened)
            self.keys.append(_NO_KEY)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self.stack.pop()
            self.keys.pop()
        elif isinstance(event, AliasEvent):
            raise _refused("aliases (*name) are not allowed; write the value out", event.start_mark)
        elif isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise _refused("there is a second document", event.start_mark)

    def _add(self, value: Any, event: Any) -> None:
        if not self.stack:
            self.result = value
        elif isinstance(self.stack[-1], list):
            self.stack[-1].append(value)
        elif self.keys[-1] is _NO_KEY:
            self.keys[-1] = self._key(value, event)
        else:
            self.stack[-1][self.keys[-1]] = value
            self.keys[-1] = _NO_KEY

    def _key(self, value: Any, event: Any) -> str:
        if not isinstance(value, str):
            raise _refused("a key must be text; put it in quotes", event.start_mark)
        if value == "<<" and not event.style:
            raise _refused("merge keys (<<) are not allowed", event.start_mark)
        if value in self.stack[-1]:
            raise _refused(f"the key {value[:80]} stands here twice", event.start_mark)
        return value


_NO_KEY = object()


def _scalar(event: ScalarEvent) -> Any:
    _no_tag(event)
    if event.style:
        return event.value
    return _plain(event.value)


def _plain(text: str) -> Any:
    """What text without quotes means."""
    if text in WORDS:
        return WORDS[text]
    if len(text) <= LONGEST_NUMBER and text[:1] in "+-.0123456789":
        return _number(text)
    return text


def _number(text: str) -> Any:
    if INTEGER.match(text):
        return int(text)
    if OCTAL.match(text) or HEXADECIMAL.match(text):
        return int(text, 0)
    if FLOAT.match(text):
        return float(text)
    return float("nan") if text.lower() in {".nan", ".inf", "-.inf", "+.inf"} else text


def _no_tag(event: Any) -> None:
    if event.tag is not None and str(event.tag) != "!":
        raise _refused("tags (!name) are not allowed", event.start_mark)


def _refused(why: str, mark: Any) -> InvalidInput:
    place = "" if mark is None else f" at line {mark.line + 1}, column {mark.column + 1}"
    where = {} if mark is None else {"line": mark.line + 1, "column": mark.column + 1}
    row = {
        "code": "invalid_yaml",
        "pointer": "/source",
        "message": f"The YAML text cannot be used{place}: {why}.",
    }
    return InvalidInput(row["message"], problems=[{**row, "cure": "Correct the text there.", **where}])
