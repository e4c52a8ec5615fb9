"""What an execution does: states, outcomes, decisions. Pure: no clock, no database, no Celery.

Lives here: the table of legal moves (``states``), what nodes answer (``outcomes``), what a worker knows of a
step (``view``), what must be written (``commands``) and ``decide``, which turns the second into the third.
May use: the standard library and :mod:`fermata.graph`. Start reading at ``decide.decide``.

Common confusions: a *stage* of a decision is conditional on the scope of the stage before being over; a
*frame* is a region as one step stands in it; *skip*, *settle* and *turn* rows are steps the engine gives
itself.
"""
