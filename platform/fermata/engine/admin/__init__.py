"""The engine's tables in Django's admin: looked at, never written; actions call ``engine.operations``.

May use: ``engine.models``, ``engine.operations``, :mod:`fermata.accounts.staff`.

Start at :mod:`~fermata.engine.admin.executions`, then ``steps``; ``regions`` (where steps stand), ``journal``
(events, signals, approvals, variables, payloads). ``previews`` reads the beginning of large values.

Common confusions: these lists are in the order of an index and never counted; a list without an index for
what was asked wants an execution first.
"""

from fermata.engine.admin import executions, journal, regions, steps

__all__ = ["executions", "journal", "regions", "steps"]
