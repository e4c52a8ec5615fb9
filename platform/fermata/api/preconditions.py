"""``If-Match`` and ``If-None-Match`` of things that carry a version."""

from __future__ import annotations

from rest_framework.request import Request

from fermata.api.problems import InvalidRequest, PreconditionRequired

LONGEST_VERSION = 9


def etag(version: int) -> str:
    """The tag of a version."""
    return f'"{version}"'


def expected_version(request: Request) -> int | None:
    """The version ``If-Match`` names; None without one, and for ``*``. Raises InvalidRequest."""
    header = request.META.get("HTTP_IF_MATCH", "*").strip()
    if header == "*":
        return None
    digits = header.removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_VERSION):
        cure = 'Send If-Match: "<version>", such as "12".'
        raise InvalidRequest("If-Match holds no version.", cure=cure)
    return int(digits)


def seen_rev(request: Request) -> int | None:
    """The rev of a draft that ``If-Match`` names; None for ``*``. Raises PreconditionRequired without one."""
    if not request.META.get("HTTP_IF_MATCH", "").strip():
        raise PreconditionRequired(cure='Add the header If-Match: "<rev>" with the rev you have read.')
    return expected_version(request)


def is_known(request: Request, version: int) -> bool:
    """Whether ``If-None-Match`` names this version: the client has it already."""
    known: str = request.META.get("HTTP_IF_NONE_MATCH", "")
    return etag(version) in {tag.strip().removeprefix("W/") for tag in known.split(",")}
