"""The OpenAPI document.

How views describe themselves, the parts DRF does not know, and the views that serve it.

``openapi.yaml`` beside this file is committed; ``manage.py openapi`` writes it, and with
``--check`` fails when it has drifted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.authentication import SessionScheme
from drf_spectacular.contrib.pydantic import PydanticExtension
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from pydantic import BaseModel, Field, JsonValue

from fermata.api.frames import STREAM_DESCRIPTION, components

View = TypeVar("View", bound=Callable[..., Any])
WORKSPACE = OpenApiParameter("workspace", str, description="Id or slug of the workspace.")


class ProblemRow(BaseModel):
    """One problem: where, what, and what to do."""

    code: str
    pointer: str = Field(description="JSON pointer into what was sent")
    message: str
    cure: str
    severity: str | None = None
    node_id: str | None = None
    fix: list[dict[str, JsonValue]] | None = Field(None, description="RFC 6902 patch against the definition")


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str = Field(description="stable; programs branch on this")
    detail: str
    cure: str | None = None
    problems: list[ProblemRow] | None = None


ERRORS = {
    400: "The request is malformed.",
    401: "Nobody is signed in.",
    403: "A member without the right.",
    404: "Not there, or not yours.",
    409: "The object is not in a state that allows this.",
    412: "Somebody was faster; the current draft is in `draft`.",
    413: "Larger than the limit.",
    415: "Send application/json.",
    422: "Well formed, but it cannot be carried out; see `problems`.",
    428: "If-Match is required.",
    429: "Too many requests; see Retry-After.",
    503: "A server that is needed does not answer; see Retry-After.",
}


HEADERS: dict[str, dict[str, Any]] = {
    "If-Match": {"type": "string", "pattern": r'^(\*|(W/)?"[0-9]{1,9}")$', "examples": ['"12"', "*"]},
    "If-None-Match": {"type": "string"},
    "Idempotency-Key": {"type": "string", "pattern": "^[ -~]{1,255}$"},
}
"""What headers look like."""


def described(
    summary: str,
    *,
    answer: Any = None,
    status: int = 200,
    body: Any = None,
    query: type[BaseModel] | None = None,
    workspace: bool = False,
    headers: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    errors: tuple[int, ...] = (),
    also: dict[int, Any] | None = None,
) -> Callable[[View], View]:
    """Describe one handler.

    ``answer``: model of the body at ``status`` (or models by content type), None for no body.
    ``also``: further ones. ``headers`` may be sent, ``needs`` must be.
    """
    responses: dict[Any, Any] = (
        {(status, kind): model for kind, model in answer.items()}
        if isinstance(answer, dict)
        else {status: answer if answer is not None else OpenApiResponse(description="No body.")}
    )
    responses |= also or {}
    failing = {400, 401, 403, 404, 503, *errors} | ({413, 415, 422} if body is not None else set())
    if query is not None:
        failing.add(422)
    for code in sorted(failing):
        responses[(code, "application/problem+json")] = OpenApiResponse(Problem, description=ERRORS[code])
    parameters = [WORKSPACE] if workspace else []
    parameters += _parameters(query) if query else []
    parameters += [
        OpenApiParameter(name, HEADERS[name], OpenApiParameter.HEADER, required=name in needs)
        for name in (*headers, *needs)
    ]
    return extend_schema(summary=summary, request=body, responses=responses, parameters=parameters)


def _parameters(model: type[BaseModel]) -> list[Any]:
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    return [
        OpenApiParameter(
            name, _plain(rule), required=name in required, description=rule.get("description", "")
        )
        for name, rule in schema.get("properties", {}).items()
    ]


def _plain(rule: dict[str, Any]) -> dict[str, Any]:
    """A parameter's schema; one that may be left out is never sent as null."""
    choices = [part for part in rule.get("anyOf", ()) if part.get("type") != "null"]
    merged = {**rule, **(choices[0] if len(choices) == 1 else {"oneOf": choices} if choices else {})}
    return {
        key: value
        for key, value in merged.items()
        if key not in {"title", "anyOf", "description"} and (key, value) != ("default", None)
    }


class Operations(AutoSchema):
    """Operation ids such as ``workflow_draft_patch``; one tag per first word of the address."""

    def get_operation_id(self) -> str:
        """Words of the address and the method.

        A collection followed by an id is spoken of in the singular.
        """
        parts = [part for part in self.path.split("/")[3:] if part]
        words = [
            word.removesuffix("s") if following.startswith("{") else word
            for word, following in zip(parts, [*parts[1:], ""], strict=True)
            if not word.startswith("{")
        ]
        return "_".join([*(word.replace("-", "_") for word in words), self.method.lower()])

    def get_tags(self) -> list[str]:
        """Executions apart from workflows."""
        words = self.path.split("/")[3:]
        return ["executions" if "executions" in words else words[0]]


class Generator(SchemaGenerator):
    """DRF's generator, with the stream's frames among the components and the WebSocket described."""

    def get_schema(self, request: Any = None, public: bool = False) -> Any:  # noqa: FBT001, FBT002 — as DRF has it
        """The document."""
        with patched_settings(
            {"POSTPROCESSING_HOOKS": []}
        ):  # pydantic names its own types; no guessing of enums
            schema = super().get_schema(request=request, public=public)  # type: ignore[no-untyped-call]
        schema["components"].setdefault("schemas", {}).update(components())
        schema["components"]["schemas"] = _named(dict(sorted(schema["components"]["schemas"].items())))
        schema["info"]["x-stream"] = STREAM_DESCRIPTION
        return schema


class Models(PydanticExtension):  # type: ignore[no-untyped-call]
    """pydantic models: in requests, members with a default may be left out."""

    priority = 1

    def map_serializer(self, auto_schema: Any, direction: str) -> Any:
        """The model's JSON Schema; nested models become components."""
        mode: Any = "validation" if direction == "request" else "serialization"
        schema = self.target.model_json_schema(ref_template="#/components/schemas/{model}", mode=mode)
        for name, nested in schema.pop("$defs", {}).items():
            component = ResolvedComponent(name, ResolvedComponent.SCHEMA, nested, name)  # type: ignore[no-untyped-call]
            auto_schema.registry.register_on_missing(component)
        return schema


def _named(schema: Any) -> Any:
    """The same with each `const` as an `enum` of one: generators of clients know what to do with that."""
    if isinstance(schema, list):
        return [_named(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _named(part) for key, part in schema.items()}
    if isinstance(found.get("const"), str):
        found["enum"] = [found.pop("const")]
    return found


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """API tokens in the document."""

    target_class = "fermata.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer scheme."""
        return {"type": "http", "scheme": "bearer", "description": "An API token, fmt_…"}


class CookieScheme(SessionScheme):  # type: ignore[no-untyped-call]
    """The session cookie in the document."""

    target_class = "fermata.api.authentication.CookieAuthentication"
    name = "session"
