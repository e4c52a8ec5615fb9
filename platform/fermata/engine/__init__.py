"""Durable executions: the imperative shell around :mod:`fermata.machine`.

Lives here: the tables and their SQL, the ledgers (PostgreSQL, and an in-memory twin for tests and test mode),
``perform`` (lease → claim → perform → record → continue), ``recovery``, ``operations`` (writes for
interfaces) and ``queries`` (reads). May use everything below (nodes, graph, machine, coordination) and
nothing of Celery: workers come in through ``dispatch``. Start reading at ``perform.perform``.

Common confusions: a *ring* is only a message that says "look at this step"; the READY row is the order to run
it.
"""
