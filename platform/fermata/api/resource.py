"""What all views share.

Who asks, which workspace, which right, and requests checked against pydantic models.

A view is a :class:`Resource` with ``actions`` (HTTP method → action of ``accounts.permissions``) and, when
its address names an object, ``load``. The base decides in one order: 401 for nobody, 404 for what is not
there or not theirs, 403 for a member without the right; only then the handler runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin
from urllib.parse import unquote_to_bytes
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from fermata.accounts import queries as accounts
from fermata.accounts.operations import DEFAULT_WORKSPACE
from fermata.accounts.permissions import INSTALLATION
from fermata.accounts.queries import Principal
from fermata.api import problems
from fermata.api.authentication import CookieAuthentication, TokenAuthentication
from fermata.api.parsing import StrictJsonParser
from fermata.api.problems import InvalidRequest, NotSignedIn
from fermata.api.rendering import JsonRenderer
from fermata.api.schema import Operations
from fermata.errors import Forbidden, InvalidInput, NotFound
from fermata.workflows.limits import escape, problems_of_value

PUBLIC = "public"
"""Action of a route that anybody may use."""
SIGNED_IN = "signed_in"
"""Action of a route about the caller alone."""

Model = TypeVar("Model", bound=BaseModel)


class Input(BaseModel):
    """Base of request models: unknown members are refused, texts are no numbers.

    5.0 is a whole number, as JSON Schema has it.
    """

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    @field_validator("*", mode="before")
    @classmethod
    def _whole(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, float) and value.is_integer() and _is_whole(cls, info.field_name):
            return int(value)
        return value


class Query(BaseModel):
    """Base of query strings: texts become numbers and flags, unknown names are refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


def _moment(text: Any) -> Any:
    """A number is no time, though pydantic would take it for seconds."""
    if isinstance(text, str) and re.fullmatch(r"[-+0-9.eE_ ]*", text):
        raise ValueError("write the time as RFC 3339 does, such as 2026-01-31T12:00:00Z")
    return text


def _in_utc(moment: datetime) -> datetime:
    """PostgreSQL knows no zones beyond 16 hours; UTC it knows."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("this time is beyond the calendar") from error


Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_in_utc)]
"""A time in a query string, with its zone; afterwards in UTC."""


def several(names: Iterable[str], *, or_none: bool = True) -> dict[str, Any]:
    """What JSON Schema says of a text that holds some of these names, separated by commas."""
    name = f"({'|'.join(names)})"
    return {"pattern": f"^({name}(,{name})*){'?' if or_none else ''}$"}


def _is_whole(model: type[BaseModel], field: str | None) -> bool:
    return _holds_int(model.model_fields[field or ""].annotation)


def _holds_int(kind: Any) -> bool:
    """Whether a type is int, or a union or annotation of it."""
    return kind is int or (
        get_origin(kind) not in {list, dict, tuple} and any(map(_holds_int, get_args(kind)))
    )


def _refuse_unreadable(query: str) -> None:
    """Django would put U+FFFD in the place of what is no UTF-8, and search for that or store it."""
    try:
        unquote_to_bytes(query).decode()
    except UnicodeDecodeError as error:
        cure = "Encode it as UTF-8 before percent-encoding it."
        raise InvalidRequest("The query string is no UTF-8.", cure=cure) from error


class AlwaysJson(BaseContentNegotiation):
    """Every answer is JSON, whatever the client's Accept header says."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        """The parser for the body's content type, or None."""
        media_type = (request.content_type or "").split(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """The one renderer."""
        only = next(iter(renderers))
        return only, only.media_type


class Resource(APIView):
    """Base of all views; see the module."""

    authentication_classes = [TokenAuthentication, CookieAuthentication]
    parser_classes = [StrictJsonParser]
    renderer_classes = [JsonRenderer]
    permission_classes = []
    throttle_classes = []
    content_negotiation_class = AlwaysJson
    metadata_class = None
    schema = Operations()
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]

    actions: ClassVar[Mapping[str, str]] = {}
    missing: ClassVar[str] = "There is no such object."
    """Said alike for what is not there and for what belongs to strangers."""

    principal: Principal
    subject: Any

    def load(self, **ids: Any) -> Any:
        """The object the address names, with ``workspace_id``; raises NotFound.

        None: the address names none.
        """
        return None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Decide whether the handler may run."""
        super().initial(request, *args, **kwargs)
        method = (request.method or "").lower()
        action = self.actions.get("get" if method == "head" else method)
        if action is None or action == PUBLIC:  # without an action there is no handler: DRF answers 405
            return
        if not isinstance(request.auth, Principal):
            raise NotSignedIn(cure="Sign in, or send Authorization: Bearer <token>.")
        self.principal = request.auth
        _refuse_unreadable(request.META.get("QUERY_STRING", ""))
        if action == SIGNED_IN:
            return
        if action in INSTALLATION:
            self.require_installation(action)
        try:
            self.subject = self.load(**kwargs)
        except NotFound as error:
            raise NotFound(self.missing) from error
        if self.subject is not None and action not in INSTALLATION:
            self.require(self.subject.workspace_id, action)

    def require(self, workspace_id: UUID, action: str) -> None:
        """Raise NotFound for a stranger to the workspace, Forbidden for a member without the right."""
        if not self.principal.sees(workspace_id):
            raise NotFound(self.missing)
        reason = self.principal.refusal(workspace_id, action)
        if reason is not None:
            raise Forbidden(reason)

    def require_installation(self, action: str) -> None:
        """Raise Forbidden for whoever may not do an action beyond any workspace."""
        reason = self.principal.installation_refusal(action)
        if reason is not None:
            raise Forbidden(reason)

    def workspace_ids(self, action: str) -> list[UUID]:
        """For lists.

        The workspace that ``?workspace=`` (id or slug) names, else all where the action is allowed.
        """
        reference = self.request.query_params.get("workspace")
        if reference is not None:
            return [self._named(reference, action)]
        allowed = [found for found in self.principal.roles if self.principal.allows(found, action)]
        if self.principal.roles and not allowed:
            raise Forbidden(self.principal.refusal(next(iter(self.principal.roles)), action))
        return allowed

    def workspace_id(self, action: str) -> UUID:
        """For creates: the workspace that ``?workspace=`` names, else the only one, else the default one."""
        reference = self.request.query_params.get("workspace")
        roles = self.principal.roles
        if reference is None and len(roles) == 1:
            reference = str(next(iter(roles)))
        elif reference is None:
            default = accounts.workspace(DEFAULT_WORKSPACE, among=list(roles))
            if default is None:
                cure = "Add ?workspace= with its id or slug."
                raise InvalidRequest("Say in which workspace.", cure=cure)
            reference = str(default.id)
        return self._named(reference, action)

    def _named(self, reference: str, action: str) -> UUID:
        found = accounts.workspace(reference.replace("\x00", ""), among=list(self.principal.roles))
        if found is None:
            raise NotFound("There is no such workspace.")
        self.require(found.id, action)
        return found.id

    def body(self, model: type[Model]) -> Model:
        """The request's body as ``model``. Raises InvalidRequest with every problem."""
        return checked(model, self.request.data)

    def query(self, model: type[Model]) -> Model:
        """The query string as ``model``; a name given twice and unknown names are refused."""
        params = self.request.query_params
        repeated = [name for name, values in params.lists() if len(values) > 1]
        if repeated:
            row = _row(
                "repeated_parameter",
                f"/{escape(repeated[0])}",
                "This parameter stands twice.",
                "Send it once.",
            )
            raise InvalidRequest(row["message"], problems=[row])
        given = params.dict()
        if "workspace" not in model.model_fields:
            given.pop("workspace", None)
        bad = list(problems_of_value(given))
        if bad:
            raise InvalidInput("The query string holds values that cannot be accepted.", problems=bad)
        return checked(model, given)

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Any]:
        """Problem documents for everything."""
        return problems.handler

    def get_authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return TokenAuthentication().authenticate_header(request)

    def handle_exception(self, exc: Exception) -> Any:
        """As DRF does it, with the challenge also for our own 401."""
        response = super().handle_exception(exc)
        if response.status_code == 401:
            response["WWW-Authenticate"] = self.get_authenticate_header(self.request)
        return response


def checked(model: type[Model], data: Any) -> Model:
    """``data`` as ``model``. Raises InvalidRequest with a pointer and a cure for every problem."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        rows = [_problem(model, {**detail, "loc": _place(detail, data)}) for detail in found]
        raise InvalidRequest("The request does not have the expected shape.", problems=rows) from error


def _place(detail: Any, data: Any) -> list[Any]:
    """Where in ``data`` a problem lies: what pydantic says, without the names of a union's choices."""
    place, at = [], data
    for part in detail["loc"]:
        is_there = part in at if isinstance(at, dict) else isinstance(at, list) and part in range(len(at))
        if is_there:
            at = at[part]
            place.append(part)
        elif detail["type"] == "missing" and part == detail["loc"][-1]:
            place.append(part)
    return place


def _problem(model: type[BaseModel], detail: Any) -> dict[str, str]:
    pointer = "".join(f"/{escape(str(part))}" for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        name = str(detail["loc"][-1])
        known = [field.alias or key for key, field in model.model_fields.items()]
        close = get_close_matches(name, known, n=1)
        cure = (
            f"Did you mean {close[0]}?"
            if close
            else f"Leave it out; known are: {', '.join(known) or 'none'}."
        )
        return _row("unknown_member", pointer, "This is not known here.", cure)
    cure = "Add it." if detail["type"] == "missing" else "Correct the value."
    return _row(detail["type"], pointer, f"{detail['msg']}.", cure)


def _row(code: str, pointer: str, message: str, cure: str) -> dict[str, str]:
    return {
        "code": code,
        "pointer": pointer.encode("utf-8", "replace").decode(),
        "message": message,
        "cure": cure,
    }
