"""The live stream of one execution: a snapshot, then its journal in order, resumable by cursor.

``routing`` (addresses) → ``consumer`` (one WebSocket: handshake, sending, closing) → ``hub`` (one per web
process: hears the signals, reads each execution's journal once and hands it to all who watch). What is sent
is described in ``fermata.api.frames``. ``handshake`` decides who may open one.

Common confusions: a signal from Redis carries no state; the journal in PostgreSQL is read from a cursor. A
lost signal costs at most the time to the next look.
"""
