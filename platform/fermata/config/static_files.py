"""Static files under ASGI: WhiteNoise finds them and writes the headers, the answer is sent in one piece."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # it ships no types
    """WhiteNoise streams synchronously, which Django under ASGI has to gather anyway, with a warning."""

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        """The file (or the part asked for) with WhiteNoise's status and headers."""
        streamed = WhiteNoiseMiddleware.serve(static_file, request)
        try:
            body = b"".join(streamed)
        finally:
            streamed.close()
        return HttpResponse(body, status=streamed.status_code, headers=dict(streamed.headers))
