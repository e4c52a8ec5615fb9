"""What a workflow is. Pure: the standard library, the expression library and ``fermata.errors`` only.

Where to start
    ``validate(document, node_types)`` reports every problem; ``compile_document`` turns a valid document
    into a :class:`~fermata.graph.plan.Plan`; ``expression`` is the one door to CEL; ``explain`` tells how a
    plan runs.

Modules
    ``document`` the model and its parts (durations, references to ports) · ``shape`` reads JSON into the
    model · ``schema`` the published JSON Schema · ``topology`` loops, regions, ancestors · ``scope`` who
    may read what · ``validate`` ``compile`` ``explain`` ``digest`` · ``syntax`` ``functions``
    ``expression`` CEL.

Common confusions
    A *container* is a node (``foreach``, ``while``) with children; a *region* is what runs as a unit: the
    root, each container's inside and each natural loop of a back edge. A *join* is not a node type but a
    property of any node with several in-edges. ``into`` and ``join.total`` count forward and exit in-edges,
    never back edges.
"""
