"""The REST interface and the stream: parse, check the right, call one operation, shape the answer.

Nothing else.

May use: everything below. Never evaluates an expression: validation only parses them.

Start at :mod:`~fermata.api.urls` (every route), then :mod:`~fermata.api.resource` (what all views share:
who asks, which workspace, which right) and one file per resource. :mod:`~fermata.api.problems` turns every
error into a problem document; :mod:`~fermata.api.parsing` guards the border; ``stream/`` is the WebSocket.

Common confusions: a stranger gets 404, a member without the right 403. A view names its *actions* (see
``accounts.permissions``); roles stand in no view. Cursors are made and read here, queries below only know
sort keys.
"""
