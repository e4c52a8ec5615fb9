"""``/healthz`` (the process answers) and ``/readyz`` (it can serve).

At the root and below ``/api/v1``. Public.
"""

from __future__ import annotations

import logging

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from rest_framework.request import Request
from rest_framework.response import Response

from fermata.api.rendering import dumps
from fermata.api.resource import PUBLIC, Resource
from fermata.api.schema import described
from fermata.api.shapes import Health
from fermata.coordination import client
from fermata.errors import ServerUnavailable

logger = logging.getLogger(__name__)


class HealthzView(Resource):
    """The process answers."""

    actions = {"get": PUBLIC}
    authentication_classes = []

    @described("Is the process alive", answer=Health)
    def get(self, request: Request) -> Response:
        """200 as long as the process answers at all."""
        return Response({"status": "ok"})


class ReadyzView(Resource):
    """It can serve."""

    actions = {"get": PUBLIC}
    authentication_classes = []

    @described("Is the service ready", answer=Health, also={503: Health})
    def get(self, request: Request) -> Response:
        """503 without PostgreSQL; without Redis it goes on, slower: ``degraded``."""
        status, body = readiness()
        return Response(body, status=status)


def readiness() -> tuple[int, dict[str, str]]:
    """HTTP status and body of ``/readyz``."""
    database, redis = _database_answers(), _redis_answers()
    status = "unavailable" if not database else "ok" if redis else "degraded"
    parts = {"database": "ok" if database else "unavailable", "redis": "ok" if redis else "unavailable"}
    return (200 if database else 503), {"status": status, **parts}


@csrf_exempt
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """``/healthz`` at the root."""
    return HttpResponse(dumps({"status": "ok"}), content_type="application/json")


@csrf_exempt
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """``/readyz`` at the root."""
    status, body = readiness()
    return HttpResponse(dumps(body), status=status, content_type="application/json")


def _database_answers() -> bool:
    try:
        with connection.cursor() as database:
            database.execute("SELECT 1 FROM fermata_workspace LIMIT 1")
    except DatabaseError as error:
        logger.warning("PostgreSQL does not answer: %s", error)
        return False
    return True


def _redis_answers() -> bool:
    try:
        with client.answering("asking whether Redis is there"):
            client.client().ping()
    except ServerUnavailable as error:
        logger.warning("Redis does not answer: %s", error)
        return False
    return True
