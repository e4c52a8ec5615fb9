"""What configs are made of: their base, and fields such as names, durations, whole numbers and truths."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StrictBool,
    StringConstraints,
    Tag,
    ValidationError,
    WrapValidator,
)
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from fermata.graph.durations import seconds_of
from fermata.graph.node_types import ConfigProblem

TEMPLATE_MARK = "{{"


class NodeConfig(BaseModel):
    """Base of all configs: unknown fields are refused, a text never becomes a number."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    @classmethod
    def together(cls, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:  # noqa: ARG003 - for subclasses
        """Faults that show only when fields are seen together; values of any kind may come."""
        return ()


def is_template(value: Any) -> bool:
    """Whether ``value`` is a text with an expression in it, which may become a value of any type."""
    return isinstance(value, str) and TEMPLATE_MARK in value


def _refuse_template(value: Any) -> Any:
    if is_template(value):
        raise PydanticCustomError("literal_only", "This must be known before the workflow runs")
    return value


def _integral(value: Any) -> Any:
    """Expressions may give 5.0 where 5 is meant."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _duration(text: str) -> str:
    try:
        seconds_of(text)
    except ValueError as problem:
        raise PydanticCustomError("duration", "{why}", {"why": str(problem).capitalize()}) from None
    return text


class _Known:
    """Refuses expressions, and says so in the schema (``x-ui.expression``)."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(_refuse_template, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), "x-ui": {"expression": False}}


KNOWN = _Known()
"""Marks a field that may not hold an expression, because the plan is made of it."""

Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64), KNOWN]
"""A name that can stand in expressions and in ``node.port``."""

ErrorClass = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.]*$", max_length=100)]
"""The name of an error class, such as ``card_declined``."""

Duration = Annotated[
    str,
    StringConstraints(max_length=64),
    AfterValidator(_duration),
    Field(json_schema_extra={"x-ui": {"widget": "duration"}}),
]
"""A text such as ``30s``; :func:`fermata.graph.durations.seconds_of` reads it."""

Whole = Annotated[int, BeforeValidator(_integral)]
"""A whole number; 5.0 counts as 5."""

Truth = Annotated[StrictBool, Field(json_schema_extra={"x-ui": {"widget": "expression"}})]
"""True or false, as a rule from an expression."""


def _one_fault(kind: str, message: str) -> WrapValidator:
    """One sentence in place of a union's fault for each of its members."""

    def validate(value: Any, inner: Callable[[Any], Any]) -> Any:
        try:
            return inner(value)
        except ValidationError:
            raise PydanticCustomError(kind, message) from None

    return WrapValidator(validate)


Number = Annotated[int | float, _one_fault("number", "Input should be a number")]
"""A number that stays whole when it is."""

Scalar = Annotated[
    str | int | float | bool, _one_fault("scalar", "Input should be a text, a number, true or false")
]
"""What can stand in a header or a query parameter."""

Scalars = Annotated[
    Annotated[Scalar, Tag("one")] | Annotated[list[Scalar], Tag("many")] | Annotated[None, Tag("none")],
    Discriminator(lambda value: "many" if isinstance(value, list) else "none" if value is None else "one"),
]
"""A scalar, several, or nothing."""
