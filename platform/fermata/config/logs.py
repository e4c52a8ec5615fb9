"""Logging: one line per record, to stderr, so that any collector can read it without stitching."""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The request that is being answered in this thread; its answer's header X-Request-ID says the same."""


class OneLine(logging.Formatter):
    """`time level process logger: message`, tracebacks folded into the same line with ` | `."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, whatever the message holds (so a message cannot forge a second record)."""
        text = super().format(record).replace("\r", "").replace("\n", " | ")
        number = request_id.get()
        return f"{text} [request {number}]" if number else text


def configuration(*, level: str, process: str) -> dict[str, Any]:
    """The dictionary for `logging.config.dictConfig`; `process` (web, worker, …) stands in each line."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": OneLine,
                "format": f"%(asctime)s %(levelname)-7s {process:<6} %(name)s: %(message)s",
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # At DEBUG it writes the headers of answers, which may repeat a secret.
            "httpcore": {"handlers": [], "level": "INFO", "propagate": True},
            # One line for each request is the reverse proxy's work.
            "uvicorn.access": {"handlers": [], "level": "WARNING", "propagate": True},
            "uvicorn": {"handlers": [], "level": level, "propagate": True},
            "uvicorn.error": {"handlers": [], "level": level, "propagate": True},
        },
    }
