"""Every fault of a config at once, with a JSON pointer and a cure.

A text holding ``{{`` is accepted for a field of any type: what it becomes is known only when the node runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from fermata.graph.node_types import ConfigProblem
from fermata.nodes.fields import NodeConfig, is_template

_NOTHING = object()
_CODES = {"missing": "missing_field", "extra_forbidden": "unknown_field", "literal_only": "literal_only"}
_CURES = {
    "instant": "Write date, time and zone.",
    "literal_only": "Write a plain value here, without an expression.",
    "bool_type": 'Write true, false or an expression such as "{{ inputs.total > 100 }}".',
    "duration": "Write a duration such as 500ms, 30s, 5m, 1h, 2d or PT1H30M.",
    "string_pattern_mismatch": "Use letters, digits and underscores, and do not begin with a digit.",
    "string_type": "Write a text or an expression.",
    "list_type": "Write a list or an expression that gives one.",
    "dict_type": "Write an object or an expression that gives one.",
    "model_type": "Write an object.",
}


def problems_of(config_type: type[NodeConfig], config: Mapping[str, Any]) -> list[ConfigProblem]:
    """Every fault of an unrendered ``config``. Raises nothing, whatever JSON it is given."""
    found: dict[tuple[str, str], ConfigProblem] = {}
    try:
        config_type.model_validate(config)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            problem = _problem(config_type, config, detail)
            if problem:
                found.setdefault((problem.pointer, problem.code), problem)
    if isinstance(config, Mapping):
        for problem in config_type.together(config):
            found.setdefault((problem.pointer, problem.code), problem)
    return list(found.values())


def pointer_of(parts: Iterable[str | int]) -> str:
    """The JSON pointer (RFC 6901) of a path; "" for none."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def locate(config: Any, location: Sequence[str | int]) -> tuple[list[str | int], Any]:
    """The path in ``config`` that pydantic's ``location`` means, and the value there.

    pydantic puts names of its own between (tags of unions, "[key]"); what is not in the data is skipped.
    """
    path: list[str | int] = []
    value = config
    for part in location:
        inner = _part(value, part)
        if inner is not _NOTHING:
            path.append(part)
            value = inner
    return path, value


def _part(value: Any, part: str | int) -> Any:
    if isinstance(value, Mapping):
        return value.get(part, _NOTHING)
    if isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value):
        return value[part]
    return _NOTHING


def _problem(config_type: type[NodeConfig], config: Any, detail: ErrorDetails) -> ConfigProblem | None:
    kind, location = detail["type"], detail["loc"]
    path, value = locate(config, location)
    of_key = bool(location) and location[-1] == "[key]"
    if is_template(value) and kind not in {"literal_only", "extra_forbidden"} and not of_key:
        return None
    if kind == "missing":
        path.append(location[-1])
    return ConfigProblem(
        pointer=pointer_of(path),
        message=f"{detail['msg']}.",
        cure=_cure(config_type, kind, location),
        code=_CODES.get(kind, "invalid_config"),
    )


def _cure(config_type: type[NodeConfig], kind: str, location: Sequence[str | int]) -> str:
    if kind == "missing":
        return f"Add {location[-1]}."
    if kind == "extra_forbidden":
        known = [field.alias or name for name, field in config_type.model_fields.items()]
        near = get_close_matches(str(location[-1]), known, n=1) if len(location) == 1 else []
        return f"Did you mean {near[0]}?" if near else "Remove it."
    return _CURES.get(kind, "Write a value that fits, or an expression that gives one.")
