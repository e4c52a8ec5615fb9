"""Fermata: durable workflows that can be drawn, run, held, stepped and replayed.

Where to start: `errors` draws the error tree; `graph` says what a workflow is; `machine` says what an
execution does; `engine` does it, with PostgreSQL as the truth; `config` puts everything together.

Imports point downward only (see the contracts in `pyproject.toml`):

    config
    api | cli
    debugger | testmode | triggers | analytics
    engine
    workflows
    nodes
    machine
    graph | telemetry | coordination | accounts
    errors

A common confusion: the folder above, `platform/`, is a source root and not a package; it must never get an
`__init__.py`, or it hides the standard library's `platform`.
"""

__version__ = "0.1.0"
