"""Whether an execution's input fits the document's ``inputs``: JSON Schema, with every cost bounded.

Both the schema and the input come from outside. References reach nothing outside of the schema, patterns are
searched for in linear time, and a check that takes too long is given up, because schemas can be written whose
cost grows exponentially with their size.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import jsonschema
from jsonschema import Draft202012Validator, ValidationError, validators
from referencing import Registry
from referencing.exceptions import Unresolvable

from fermata.errors import InvalidInput
from fermata.graph.expression import escaped
from fermata.graph.patterns import found

LONGEST_SECONDS = 2.0
MOST_PROBLEMS = 50
_deadline: ContextVar[float] = ContextVar("the end of a check of inputs")

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


class _TooLong(Exception):
    """The check took longer than it may."""


def check(schema: Mapping[str, Any], value: Any) -> None:
    """Raise InvalidInput with up to 50 problems unless ``value`` fits; pointers begin with ``/input``."""
    token = _deadline.set(time.monotonic() + LONGEST_SECONDS)
    try:
        errors = _Validator(schema, registry=Registry()).iter_errors(value)
        problems = [_problem(error) for error, _ in zip(errors, range(MOST_PROBLEMS), strict=False)]
    except _TooLong:
        raise InvalidInput(
            "Checking the input against the workflow's `inputs` takes too long.",
            cure="Simplify `inputs`, or send less.",
        ) from None
    except (jsonschema.SchemaError, Unresolvable, ArithmeticError, LookupError, RecursionError) as error:
        raise _unusable() from error
    except (
        TypeError,
        ValueError,
        AttributeError,
    ) as error:  # of a schema from before it was judged so strictly
        raise _unusable() from error
    except BaseException as error:
        # Python's recursion may reach its limit inside `referencing`'s Rust, which panics outside Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise _unusable() from error
    finally:
        _deadline.reset(token)
    if problems:
        raise InvalidInput(problems=problems)


def _unusable() -> InvalidInput:
    return InvalidInput(
        "The workflow's `inputs` schema cannot be used.", cure="Mend `inputs` and publish again."
    )


def _problem(error: ValidationError) -> dict[str, Any]:
    return {
        "code": "invalid_input",
        "pointer": "/input" + "".join(f"/{escaped(part)}" for part in error.absolute_path),
        "message": error.message[:500],
        "cure": "Send what the workflow's `inputs` schema asks for.",
    }


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not found(pattern, instance):
        yield ValidationError(f"{instance[:100]!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], instance: Any, schema: Any
) -> Iterator[ValidationError]:
    for pattern, inner in patterns.items() if isinstance(instance, dict) else ():
        for name, value in instance.items():
            if found(pattern, name):
                yield from validator.descend(value, inner, path=name, schema_path=pattern)


def _additional(validator: Any, inner: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, value in instance.items():
        if name in known or any(found(pattern, name) for pattern in patterns):
            continue
        if inner is False:
            yield ValidationError(f"{name[:100]!r} is not expected")
        else:
            yield from validator.descend(value, inner, path=name)


def _unique(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """By canonical text, so that a long list costs no square of its length."""
    if wanted and isinstance(instance, list):
        texts = {json.dumps(_plain(item), sort_keys=True) for item in instance}
        if len(texts) < len(instance):
            yield ValidationError("the items are not unique")


def _plain(value: Any) -> Any:
    """The value with 1.0 written as 1: JSON Schema takes them for one number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list) else value


def _timed(keyword: Keyword) -> Keyword:
    def bounded(validator: Any, rule: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if time.monotonic() > _deadline.get():
            raise _TooLong
        found_errors = keyword(validator, rule, instance, schema)
        if found_errors is not None:
            yield from found_errors

    return bounded


_OWN: Mapping[str, Keyword] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "uniqueItems": _unique,
}
_Validator: Any = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {name: _timed(keyword) for name, keyword in {**Draft202012Validator.VALIDATORS, **_OWN}.items()},
)
