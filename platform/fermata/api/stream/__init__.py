"""The live streams: one execution (a snapshot, then its journal, resumable), and lists of executions.

``routing`` (addresses) → ``handshake`` (who may open one) → ``connection`` (one WebSocket: accepting,
messages, closing) with ``execution`` and ``listing`` on top → ``hub`` (one per web process): a ``feed`` for
each execution that is watched, one ``board`` for all lists with a ``viewer`` for each, one ``ear`` for the
signals, the ``standing`` of those who watch. ``reading`` is the way to the database, ``commands`` what
clients may say. What is sent is described in ``fermata.api.frames``.

Common confusions: a signal from Redis carries no state; state is read from PostgreSQL, the journal from a
cursor. A lost signal costs at most the time to the next look. A feed's watchers get every event; a board's
viewers get the latest state of a row, however often it changed.
"""
