"""HTTP under ASGI with one hop to a thread a request.

Django's own handler takes several: every middleware and the view each cross to a thread made for that request
and back, and a new thread means a new connection to everything. All of ours is synchronous, so the whole
request runs in one of a fixed number of threads, whose connections stay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http import HttpResponseBase
from django.urls import set_script_prefix

THREADS = 16
"""Fewer than the pool of database connections holds: the stream needs some too."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class HttpHandler(ASGIHandler):
    """An ASGI application for HTTP alone. A request goes on when its client has left."""

    def __init__(self) -> None:
        """Loads the middleware as for WSGI."""
        BaseHandler.__init__(self)  # ASGIHandler's own would load it for many hops
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="http")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            loop = asyncio.get_running_loop()
            response = await loop.run_in_executor(self._threads, self._respond, scope, body)
            try:
                await self.send_response(response, send)
            finally:
                if response.streaming:
                    await loop.run_in_executor(self._threads, response.close)

    def _respond(self, scope: Scope, body: Any) -> Any:
        """The answer, closed already unless it streams: what closes connections must run in their thread."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self), scope=scope)
        request, refused = self.create_request(scope, body)
        response: Any = refused if request is None else self._answered(request)
        if response.streaming:
            close_old_connections()
        else:
            response.close()
        return response

    def _answered(self, request: ASGIRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response._handler_class = type(self)  # type: ignore[attr-defined]  # noqa: SLF001 - the sender of request_finished
        return response
