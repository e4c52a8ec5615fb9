"""The ledger in memory: storage only, it shares ``decide``.

For tests and test mode; a workflow runs in milliseconds. One thread at a time.

Each file mirrors SQL of ``engine/sql``, and the contract suite holds the two together: ``tables`` (rows and
journal) ← ``seen`` (what claims load) ← ``applying`` (what decisions write) ← ``ledger`` (the port). Start
reading at ``ledger.MemoryLedger.record``.
"""

from fermata.engine.memory.ledger import MemoryLedger

__all__ = ["MemoryLedger"]
