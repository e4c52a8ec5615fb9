"""Static files under ASGI: WhiteNoise finds them and writes the headers, the answer is sent in one piece."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

from fermata.config.screen import files


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # it ships no types
    """WhiteNoise, answering in one piece, and looking again when the screen was built after it started.

    It streams synchronously, which Django under ASGI has to gather anyway, with a warning.
    """

    _screen: int | None = None

    def __call__(self, request: HttpRequest) -> Any:
        """Pass on; a build of the screen that is new here is taken in before its first file is served."""
        if request.path_info.startswith(files.PREFIX):
            made = files.made_at()
            if made is not None and made != self._screen:
                self.add_files(str(files.DIST), prefix=files.PREFIX)
                self._screen = made
        return super().__call__(request)

    def immutable_file_test(self, path: str, url: str) -> bool:
        """Vite puts a digest of the content into the name of everything below ``assets``."""
        return url.startswith(f"{files.PREFIX}assets/") or bool(super().immutable_file_test(path, url))

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        """The file (or the part asked for) with WhiteNoise's status and headers."""
        streamed = WhiteNoiseMiddleware.serve(static_file, request)
        try:
            body = b"".join(streamed)
        finally:
            streamed.close()
        return HttpResponse(body, status=streamed.status_code, headers=dict(streamed.headers))
