"""What a node can do: the contract, the catalogue, and one file for each node type.

A node type takes a validated config and a :class:`~fermata.nodes.contract.Context` and answers with a value
of :mod:`fermata.machine.outcomes`. It never touches the engine's state, and knows no Django, no Celery and no
Redis.

May use: :mod:`fermata.errors`, :mod:`fermata.graph`, :mod:`fermata.machine`, pydantic, httpx.

Start at :mod:`~fermata.nodes.contract`, then read :mod:`~fermata.nodes.transform`, the smallest type;
:mod:`~fermata.nodes.catalogue` finds types by name. :mod:`~fermata.nodes.egress` is the only way out to the
network.

Common confusions: *config* is what the document says, before or after its ``{{ }}`` texts were evaluated;
``problems`` judges it before (any template stands for any value), ``read`` after. A *port* named ``error`` is
drawn by people; a node never answers with it, it answers ``Fail`` and the engine picks the port. A *definite*
failure was refused by the outside and may be sent again as a new request; any other failure may have had its
effect.
"""
