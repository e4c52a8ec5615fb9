"""The contract of the engine as data: small documents with results worked out by hand.

A case is a mapping in ``cases/*.yaml``:

- ``name`` (a sentence), ``rule`` (the section of engine.md it holds the engine to);
- ``document`` (``schema``, ``name`` and ``edges`` are filled in), ``input``; ``tasks``, ``approvals``,
  ``signals``, ``documents`` as :func:`tests.reference.interpreter.interpret` takes them;
- ``expect``: ``status``, ``output`` (when given), ``error_class`` (when given: the class of the first cause)
  and ``steps``: *every* step of the execution, ``node`` or ``node@region[iteration]/region[iteration]`` → a
  status, or ``{succeeded: output}``, or ``{failed: class of the first cause}``. Loop regions are written
  ``@header``.
  ``order_decides``: steps that may be there or not, in any state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.reference.results import Key, Result, equal, read_key, show

Json = Any
FOLDER = Path(__file__).parent / "cases"
CLASSES = ("failed", "timed_out")


@dataclass(frozen=True)
class Case:
    """One case; ``expect`` as written."""

    name: str
    file: str
    document: Json
    input: Json
    expect: Json
    rule: str = ""
    tasks: Mapping[str, list[Json]] = field(default_factory=dict)
    approvals: Mapping[str, str] = field(default_factory=dict)
    signals: Mapping[str, list[Json]] = field(default_factory=dict)
    documents: Mapping[str, Json] = field(default_factory=dict)

    @property
    def outside(self) -> dict[str, Any]:
        """What the world answers, as keyword arguments of ``interpret``."""
        return {n: getattr(self, n) for n in ("tasks", "approvals", "signals", "documents")}

    def steps(self) -> dict[Key, Json]:
        """What each expected step must be."""
        return {read_key(text): wanted for text, wanted in self.expect["steps"].items()}


@lru_cache
def load_cases(*folders: Path) -> tuple[Case, ...]:
    """Every case of ``folders`` (the reference's own without one), by file and as written.

    Raises ValueError for a name used twice.
    """
    cases = [
        _case(path.stem, written)
        for folder in folders or (FOLDER,)
        for path in sorted(folder.glob("*.yaml"))
        for written in YAML(typ="safe").load(path.read_text("utf-8"))
    ]
    names = [case.name for case in cases]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"names used twice: {sorted(twice)}")
    return tuple(cases)


def differences(case: Case, observed: Result) -> list[str]:
    """What in an observed result contradicts the case, as sentences; [] when nothing does."""
    said = [
        f"{name}: expected {case.expect[name]!r}, observed {getattr(observed, name)!r}"
        for name in ("status", "output", "error_class")
        if name in case.expect and not equal(case.expect[name], getattr(observed, name))
    ]
    open_keys = {read_key(text) for text in case.expect.get("order_decides", [])}
    expected = case.steps()
    for key in sorted((expected.keys() | observed.steps.keys()) - open_keys, key=repr):
        if key not in observed.steps:
            said.append(f"{show(key)}: expected {expected[key]!r}, observed no step")
        elif key not in expected:
            said.append(f"{show(key)}: expected no step, observed {observed.steps[key].status}")
        elif problem := _step_problem(expected[key], observed.steps[key]):
            said.append(f"{show(key)}: {problem}")
    return said


def _step_problem(wanted: Json, step: Any) -> str | None:
    status, value = (wanted, None) if isinstance(wanted, str) else next(iter(wanted.items()))
    seen = "failed" if step.status in CLASSES else step.status
    if status != seen:
        return f"expected {status}, observed {step.status}"
    if isinstance(wanted, str):
        return None
    actual = step.error_class if status == "failed" else step.output
    return None if equal(value, actual) else f"expected {value!r}, observed {actual!r}"


def _case(file: str, written: Json) -> Case:
    document = _completed(written.pop("document"), name=written["name"])
    children = {name: _completed(child, name=name) for name, child in written.pop("documents", {}).items()}
    given = written.pop("input", {})
    return Case(file=file, document=document, input=given, documents=children, **written)


def _completed(document: Json, *, name: str) -> Json:
    return {"schema": "fermata/1", "name": name, "edges": [], **document}
