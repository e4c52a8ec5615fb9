"""Lookups on ``text[]`` columns."""

from __future__ import annotations

from typing import Any

from django.db.models import Lookup

from fermata.engine.models import TextArray


class _OfArrays(Lookup[Any]):
    """An operator between two arrays of text."""

    operator: str

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """PostgreSQL's operator."""
        left, left_params = self.process_lhs(compiler, connection)
        return f"{left} {self.operator} %s::text[]", [*left_params, list(self.rhs)]

    def get_prep_lookup(self) -> Any:
        """The list as it is."""
        return self.rhs


@TextArray.register_lookup
class Overlap(_OfArrays):
    """``assignees__overlap=[…]``: the arrays have a member in common."""

    lookup_name = "overlap"
    operator = "&&"


@TextArray.register_lookup
class Holds(_OfArrays):
    """``tags__holds=[…]``: all of these are members."""

    lookup_name = "holds"
    operator = "@>"
