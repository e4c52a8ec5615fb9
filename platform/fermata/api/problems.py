"""Every error as a problem document (RFC 9457), whatever raised it.

Body: ``{"type", "title", "status", "code", "detail", "cure"?, "problems"?, …data}``; ``code`` is stable.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.db.utils import DataError
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions as drf
from rest_framework.response import Response

from fermata import errors
from fermata.api.rendering import dumps

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:fermata:problem:"
RETRY_AFTER_SECONDS = 2


class InvalidRequest(errors.InputError):
    """The request is malformed."""

    code = "invalid_request"

    def __init__(
        self, message: str | None = None, /, *, problems: list[dict[str, Any]] | None = None, **data: Any
    ) -> None:
        """``problems`` are rows of {code, pointer, message, cure}."""
        super().__init__(message, **data)
        self.problems = problems or []


class NotSignedIn(errors.InputError):
    """Nobody is signed in."""

    code = "not_authenticated"


class PreconditionRequired(errors.InputError):
    """Say which revision you have seen."""

    code = "precondition_required"


class TooManyRequests(errors.InputError):
    """Too many attempts; wait and try again."""

    code = "too_many_requests"


STATUS: tuple[tuple[type[errors.FermataError], int], ...] = (
    (InvalidRequest, 400),
    (NotSignedIn, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.DraftOutOfDate, 412),
    (errors.OutOfDate, 412),
    (errors.Conflict, 409),
    (errors.PayloadTooLarge, 413),
    (errors.InvalidDocument, 422),
    (errors.InvalidInput, 422),
    (errors.ExpressionError, 422),
    (PreconditionRequired, 428),
    (errors.LimitExceeded, 429),
    (TooManyRequests, 429),
    (errors.InputError, 400),
    (errors.OperatorError, 503),
    (errors.FermataError, 500),
)
"""The first row that fits decides."""

LOGGED = "Something went wrong in Fermata; it has been logged."

FOREIGN: tuple[tuple[type[Exception], int, str, str], ...] = (
    (Http404, 404, "not_found", "There is no such address."),
    (PermissionDenied, 403, "forbidden", "This is not allowed."),
    (RequestDataTooBig, 413, "payload_too_large", "The request is larger than the limit."),
    (SuspiciousOperation, 400, "invalid_request", "The request is malformed."),
    (DataError, 400, "invalid_request", "A number or text in the request is out of range."),
    (OperationalError, 503, "server_unavailable", "The database does not answer in time; try again."),
    (InterfaceError, 503, "server_unavailable", "The database does not answer in time; try again."),
)
"""Django's errors: kind, status, code, detail; the first row that fits decides."""

CODES = {
    400: "invalid_request",
    401: "not_authenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}


DEFAULT_CURES = {
    400: "Correct the request as the description at /api/docs has it.",
    403: "Ask an administrator of the workspace for the right.",
    404: "Check the address, and that it belongs to a workspace of yours.",
    405: "Use one of the methods in the header Allow.",
    409: "Read the object again; its state forbids this now.",
    413: "Send less, or store it elsewhere and send a reference.",
    415: "Send application/json.",
    422: "Correct what the problems name.",
    429: "Wait as long as the header Retry-After says.",
    503: "Try again after the time in the header Retry-After.",
}
"""What to do when the error itself says nothing."""


def status_of(error: errors.FermataError) -> int:
    """The HTTP status of one of the house's errors."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def document(
    status: int, *, code: str, detail: str, cure: str | None = None, data: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A problem document as a dict.

    ``data`` adds members, one that has a standard name as ``object_<name>``.
    """
    body: dict[str, Any] = {
        "type": f"{TYPE_PREFIX}{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
    }
    for key, value in (data or {}).items():
        if value is not None:
            body[f"object_{key}" if key in body else key] = value
    shown = cure or DEFAULT_CURES.get(status)
    return body if shown is None else {**body, "cure": shown}


def of_error(error: errors.FermataError) -> dict[str, Any]:
    """The problem document of one of the house's errors. Errors of ours keep their details to the log."""
    status = status_of(error)
    if status == 500:
        return document(500, code=error.code, detail=LOGGED)
    data = {"problems": getattr(error, "problems", None) or None, **error.data}
    return document(status, code=error.code, detail=error.message, cure=error.cure, data=data)


def handler(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to any exception that leaves a view (DRF calls it).

    Never raises, never shows a traceback.
    """
    body, headers = _body(error)
    if body["status"] >= 500 and not isinstance(error, errors.PreviewsBusy):  # that one is no fault
        view = type(context.get("view")).__name__
        logger.error("%s answered %s: %s", view, body["status"], error, exc_info=error)
    response = Response(body, status=body["status"], headers=headers)
    # Marks it as an error for DRF, so that a failed request's transaction is not kept.
    response.exception = True
    return response


def _body(error: Exception) -> tuple[dict[str, Any], dict[str, str]]:
    if isinstance(error, errors.FermataError):
        return of_error(error), _retry_header(status_of(error), error.data.get("retry_after_seconds"))
    if isinstance(error, drf.APIException):
        return _of_drf(error)
    for kind, status, code, detail in FOREIGN:
        if isinstance(error, kind):
            return document(status, code=code, detail=detail), _retry_header(status, None)
    return document(500, code="internal_error", detail=LOGGED), {}


def _of_drf(error: drf.APIException) -> tuple[dict[str, Any], dict[str, str]]:
    headers: dict[str, str] = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    code = CODES.get(error.status_code, "invalid_request")
    detail = error.detail if isinstance(error.detail, str) else "The request is malformed."
    cures = {415: "Send application/json.", 401: "Sign in, or send Authorization: Bearer <token>."}
    return document(
        error.status_code, code=code, detail=str(detail), cure=cures.get(error.status_code)
    ), headers


def _retry_header(status: int, seconds: float | None) -> dict[str, str]:
    return {"Retry-After": str(int(seconds or RETRY_AFTER_SECONDS))} if status in {429, 503} else {}


def plain(status: int, *, code: str, detail: str) -> HttpResponse:
    """A problem document outside of DRF."""
    return HttpResponse(
        dumps(document(status, code=code, detail=detail)), status=status, content_type=CONTENT_TYPE
    )


def no_such_address(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's ``handler404``."""
    return plain(404, code="not_found", detail="There is no such address.")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's ``handler400``: a forbidden Host header, a malformed cookie, a body that is too large."""
    return plain(400, code="invalid_request", detail="The request is malformed.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's ``handler500``: what failed outside a view."""
    return plain(500, code="internal_error", detail=LOGGED)
