"""The one door to CEL: compile, evaluate, render templates, and say what a text reads.

Numbers follow JSON: a number written without a fraction is an int, with one a double. CEL never mixes them in
arithmetic (``inputs.n + 1`` needs an int; write ``double(inputs.n) + 1.0`` otherwise) but compares across
both.

Each constant path (``steps.a.output.x``) is resolved in Python and handed to CEL as one value, so an
expression costs what it reads, not what it could read; ``has()`` of a path is false wherever the path
breaks off. There is no clock and no time limit here: the caller arms one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from fermata.errors import ExpressionError
from fermata.graph.calls import CALLED, WALKED_BY, forget_failure, last_failure
from fermata.graph.functions import BUILT_IN, FUNCTIONS, METHODS, FunctionRefusedError
from fermata.graph.library import cel
from fermata.graph.syntax import Path, Syntax, close_of, fault, read
from fermata.graph.values import MISSING, broken, check_data, json_of, missing, resolve

ROOTS = (
    "inputs", "vars", "steps", "previous", "item", "index",
    "error", "execution", "trigger", "secrets", "arrivals",
)  # fmt: skip
"""The names of the outside. Those in KEYED are only read by a constant key."""
KEYED = frozenset({"vars", "steps", "previous", "secrets"})
TEMPLATE = "{{"
"""What opens an expression in a text."""


@dataclass(frozen=True, slots=True)
class Use:
    """One name an expression reads: ``name`` is the variable, step or secret for keyed roots, else "".

    ``offset`` and ``length`` count characters of the expression. ``probe``: only asked for by ``has()``.
    """

    root: str
    name: str
    offset: int
    length: int
    probe: bool = False


@dataclass(frozen=True, slots=True)
class References:
    """What a text reads. Names are sorted."""

    vars: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    previous: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    inputs: bool = False
    item: bool = False
    index: bool = False
    error: bool = False
    execution: bool = False
    trigger: bool = False
    arrivals: bool = False
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """An expression ready to be evaluated any number of times; shared between threads."""

    source: str
    references: References
    paths: tuple[tuple[str, Path], ...]
    probes: tuple[tuple[str, Path], ...]
    functions: dict[str, Callable[..., Any]]
    program: cel.Program | None
    """None where the whole expression is one path, which needs no CEL."""

    def evaluate(self, bindings: Mapping[str, Any]) -> Any:
        """Its JSON value. ``bindings``: root name → JSON value. Raises ExpressionError."""
        if self.program is None:
            path = self.paths[0][1]
            value = resolve(path, bindings)
            if value is MISSING:
                raise missing(path, bindings)
            return value
        bound: dict[str, Any] = {}
        for name, path in self.paths:
            value = resolve(path, bindings)
            if value is not MISSING:
                check_data(value, path)
                bound[name] = value
        for name, path in self.probes:
            bound[name] = resolve(path, bindings) is not MISSING
        return json_of(self._execute(bound, bindings), self.source)

    def _execute(self, bound: dict[str, Any], bindings: Mapping[str, Any]) -> Any:
        assert self.program is not None
        forget_failure()
        try:
            result = self.program.execute(cel.Context(bound, self.functions) if self.functions else bound)
        except Exception as error:  # noqa: BLE001 - the library and the functions raise many kinds
            raise self._explained(error, bindings) from None
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # the library's own, outside Exception
                raise
            raise broken("The expression is too much for the evaluator.", self.source) from None
        self._let_through(last_failure())
        return result

    @staticmethod
    def _let_through(own: BaseException | None) -> None:
        """Raise what is the caller's own, such as an alarm: the library would hide it behind ``||``."""
        if own is not None and not isinstance(own, FunctionRefusedError | ExpressionError):
            raise own

    def _explained(self, error: Exception, bindings: Mapping[str, Any]) -> BaseException:
        """The library's exception as an ExpressionError."""
        own = last_failure()
        self._let_through(own)
        if own is not None and "Function '" in str(error):
            return broken(str(own), self.source)
        hidden = _HIDDEN.search(str(error)) if isinstance(error, RuntimeError) else None
        if hidden:
            path = dict(self.paths).get(hidden.group())
            if path is not None:
                return missing(path, bindings)
        return broken(_MESSAGES.get(type(error), _first_sentence)(error), self.source, cure=_cure_of(error))


_HIDDEN = re.compile(r"__p\d+")


def _first_sentence(error: Exception) -> str:
    return str(error).split(". ")[0].rstrip(".") + "."


_MESSAGES: Mapping[type[Exception], Callable[[Exception], str]] = {
    KeyError: lambda error: f"There is no key {error.args[0] if error.args else ''!r}.",
    ZeroDivisionError: lambda _: "Division by zero.",
    OverflowError: lambda _: "A whole number grew beyond 64 bits.",
}


def _cure_of(error: Exception) -> str | None:
    if isinstance(error, TypeError):
        return "Convert with int(x), double(x) or string(x); ints and doubles do not mix in arithmetic."
    if isinstance(error, KeyError):
        return "Ask first with has(), or take get(map, path, default)."
    return None


@lru_cache(maxsize=4096)
def compile_expression(source: str) -> Compiled:
    """The expression, checked and compiled; cached. Raises ExpressionError with ``offset`` and ``length``."""
    syntax, references = _judged(source)
    names: dict[tuple[Any, ...], str] = {}
    paths: dict[str, Path] = {}
    for path in syntax.paths:
        name = names.setdefault((path.root, *((type(key), key) for key in path.keys)), f"__p{len(names)}")
        paths.setdefault(name, path)
    probes = tuple((f"__h{at}", path) for at, path in enumerate(syntax.probes))
    if len(syntax.paths) == 1 and source.strip() == source[syntax.paths[0].start : syntax.paths[0].end]:
        return Compiled(source, references, tuple(paths.items()), (), {}, None)
    used = {token.text for token in (*syntax.functions, *syntax.methods)}
    functions = {name: CALLED[name] for name in sorted(used & FUNCTIONS.keys())}
    functions |= {f"__{each.macro}": WALKED_BY[each.macro] for each in syntax.ranges}
    program = _program(source, _rewritten(source, syntax, names))
    return Compiled(source, references, tuple(paths.items()), probes, functions, program)


def _judged(source: str) -> tuple[Syntax, References]:
    syntax = read(source)
    _check_functions(syntax)
    return syntax, _references(syntax)


def _program(source: str, rewritten: str) -> cel.Program:
    try:
        return cel.compile(rewritten)
    except Exception as error:  # noqa: BLE001 - the library does not say what it raises
        lines = [line for line in str(error).splitlines() if "ERROR" in line]
        what = lines[0].rsplit("Syntax error: ")[-1].split("<input>:")[-1] if lines else "it cannot be parsed"
        raise broken(f"The expression is not valid: {what}.", source) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise broken("The expression is too much for the evaluator.", source) from None


def _rewritten(source: str, syntax: Syntax, names: Mapping[tuple[Any, ...], str]) -> str:
    """The text given to CEL: paths and ``has()`` as hidden variables, each walked list in its guard."""
    replaced: dict[int, tuple[int, str]] = {}
    for path in syntax.paths:
        name = names[path.root, *((type(key), key) for key in path.keys)]
        replaced[path.start] = (path.end, name)
    for at, path in enumerate(syntax.probes):
        replaced[path.start] = (path.end, f"__h{at}")
    opened: dict[int, list[str]] = {}
    closed: dict[int, int] = {}
    for each in sorted(syntax.ranges, key=lambda found: -found.end):
        opened.setdefault(each.start, []).append(f"__{each.macro}(")
        closed[each.end] = closed.get(each.end, 0) + 1
    written: list[str] = []
    at = 0
    for place in sorted({0, len(source), *replaced, *opened, *closed}):
        if place > at:
            written.append(source[at:place])
            at = place
        written.append(")" * closed.get(place, 0) + "".join(opened.get(place, ())))
        if place in replaced:
            at, name = replaced[place]
            written.append(name)
    return "".join(written)


def _check_functions(syntax: Syntax) -> None:
    for token in syntax.functions:
        if token.text in METHODS:
            raise fault(
                f"{token.text}() belongs to a value.",
                offset=token.start,
                length=len(token.text),
                cure=f"Write it behind the value: x.{token.text}(…).",
            )
    for token in (*syntax.functions, *syntax.methods):
        if token.text in FUNCTIONS or token.text in BUILT_IN or token.text in METHODS:
            continue
        known = (*FUNCTIONS, *BUILT_IN, *METHODS)
        near = get_close_matches(token.text[:64], known, n=1)
        raise fault(
            f"There is no function {token.text}().",
            offset=token.start,
            length=len(token.text),
            cure=f"Did you mean {near[0]}()?" if near else "See the list of functions in the reference.",
        )


def _references(syntax: Syntax) -> References:
    uses: list[Use] = []
    for path, probe in [*((each, False) for each in syntax.paths), *((each, True) for each in syntax.probes)]:
        if path.root not in ROOTS:
            near = get_close_matches(path.root, ROOTS, n=1)
            raise fault(
                f"{path.root!r} is not known.",
                offset=path.start,
                length=len(path.root),
                cure=f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(ROOTS)}.",
            )
        name = ""
        if path.root in KEYED:
            if not path.keys or not isinstance(path.keys[0], str):
                raise fault(
                    f"{path.root!r} is only read by a name that is known beforehand.",
                    offset=path.start,
                    length=path.end - path.start,
                    cure=f'Write {path.root}.name or {path.root}["name"].',
                )
            name = path.keys[0]
        uses.append(Use(path.root, name, path.start, path.end - path.start, probe))
    return _gathered(uses)


def _gathered(uses: list[Use]) -> References:
    def named(root: str) -> tuple[str, ...]:
        return tuple(sorted({use.name for use in uses if use.root == root}))

    roots = {use.root for use in uses}
    return References(
        vars=named("vars"),
        steps=named("steps"),
        previous=named("previous"),
        secrets=named("secrets"),
        inputs="inputs" in roots,
        item="item" in roots,
        index="index" in roots,
        error="error" in roots,
        execution="execution" in roots,
        trigger="trigger" in roots,
        arrivals="arrivals" in roots,
        uses=tuple(uses),
    )


def evaluate(source: str, bindings: Mapping[str, Any]) -> Any:
    """The JSON value of one expression. ``bindings``: root name → JSON value. Raises ExpressionError."""
    return compile_expression(source).evaluate(bindings)


def references(source: str) -> References:
    """What one expression reads. Raises ExpressionError for bad syntax and for ``steps[expr]``."""
    return compile_expression(source).references


def outlined(source: str) -> References:
    """As ``references``, from the text alone: the library is not asked, so what only it refuses passes."""
    return _judged(source)[1]


@lru_cache(maxsize=4096)
def split(text: str) -> tuple[str | tuple[int, str], ...]:
    """A template as texts and (offset, expression source) pairs. Raises ExpressionError when unclosed."""
    parts: list[str | tuple[int, str]] = []
    at = 0
    while (opening := text.find("{{", at)) >= 0:
        closing = close_of(text, opening + 2)
        if closing < 0:
            raise fault(
                "An expression is opened by {{ and never closed.",
                offset=opening,
                length=len(text) - opening,
                cure="Close it with }}; for the text itself write {{ '{{' }}.",
            )
        if opening > at:
            parts.append(text[at:opening])
        parts.append((opening + 2, text[opening + 2 : closing]))
        at = closing + 2
    if at < len(text):
        parts.append(text[at:])
    return tuple(parts)


def render(template: Any, bindings: Mapping[str, Any]) -> Any:
    """The template with every ``{{ }}`` evaluated; keys of objects are left as they are.

    A text that is one expression becomes its value with its type; in mixed text strings go in as they are and
    everything else as compact JSON. Raises ExpressionError.
    """
    if isinstance(template, str):
        return _rendered(template, bindings) if "{{" in template else template
    if isinstance(template, Mapping):
        return {key: render(each, bindings) for key, each in template.items()}
    if isinstance(template, list | tuple):
        return [render(each, bindings) for each in template]
    return template


def _rendered(text: str, bindings: Mapping[str, Any]) -> Any:
    parts = split(text)
    if len(parts) == 1 and not isinstance(parts[0], str):
        return _evaluated(*parts[0], bindings)
    written = []
    for part in parts:
        value = part if isinstance(part, str) else _evaluated(*part, bindings)
        written.append(
            value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        )
    return "".join(written)


def _evaluated(offset: int, source: str, bindings: Mapping[str, Any]) -> Any:
    """An expression's value; its errors point into the text in which it stands."""
    try:
        return evaluate(source, bindings)
    except ExpressionError as error:
        if isinstance(error.data.get("offset"), int):
            error.data["offset"] += offset
        raise


def escaped(key: Any) -> str:
    """One segment of a JSON pointer."""
    return str(key).replace("~", "~0").replace("/", "~1")


def texts_in(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """(pointer, text) of every text holding ``{{``, in document order; pointers are relative to ``value``."""
    if isinstance(value, str):
        if "{{" in value:
            yield pointer, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from texts_in(each, f"{pointer}/{escaped(key)}")
    elif isinstance(value, list | tuple):
        for at, each in enumerate(value):
            yield from texts_in(each, f"{pointer}/{at}")


def templates_in(value: Any) -> list[tuple[str, str]]:
    """(pointer, source) of every expression in a JSON value. Raises ExpressionError when unclosed."""
    return [
        (pointer, part[1])
        for pointer, text in texts_in(value)
        for part in split(text)
        if not isinstance(part, str)
    ]
