"""Evaluating ``{{ }}`` texts: the one thing the reference shares with the product."""

from __future__ import annotations

from typing import Any

from fermata.errors import ExpressionError
from fermata.graph import expression

Json = Any


class CannotEvaluateError(Exception):
    """The expression has no value here."""


def render(template: Json, bindings: dict[str, Json]) -> Json:
    """The template with every ``{{ }}`` replaced. Raises CannotEvaluateError."""
    try:
        return expression.render(template, bindings)
    except ExpressionError as problem:
        raise CannotEvaluateError(problem.message) from problem
