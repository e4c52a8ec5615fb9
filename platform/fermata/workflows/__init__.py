"""Workflows as people edit them.

Drafts, immutable published versions, the YAML and JSON of their documents.

May use: :mod:`fermata.graph`, :mod:`fermata.nodes`, :mod:`fermata.accounts`, :mod:`fermata.errors`. Knows
nothing of executions.

Start at :mod:`~fermata.workflows.operations` (create, save_draft, publish, freeze_draft, restore, duplicate,
archive, unarchive); reads are in :mod:`~fermata.workflows.queries`, what differs between two documents in
:mod:`~fermata.workflows.diff` and, as text, in :mod:`~fermata.workflows.lines`.

Common confusions: a *draft* may hold any JSON object, valid or not; only validate, publish and start judge
it. A *listed* version has a number and can be started by anything; an *unlisted* one (number 0) is a draft
frozen for one trial start and is never found by a reference. ``editor`` (positions on the canvas) is no
part of the definition and never changes a digest.
"""
