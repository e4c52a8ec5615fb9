"""http_request: call an HTTP service, with an idempotency key, and nothing that is not public."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import httpx
from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from fermata.graph.durations import seconds_of
from fermata.graph.node_types import ConfigProblem
from fermata.graph.plan import Effect
from fermata.machine.outcomes import Done, Fail, Failure
from fermata.nodes.contract import Context, NodeType
from fermata.nodes.egress import EgressFailed, Hop, Limits, Reply, fetch, is_web
from fermata.nodes.fields import Duration, NodeConfig, Scalar, Scalars, Whole, is_template
from fermata.nodes.json_values import fault_in

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_HARMLESS = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}
_OURS = {
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.1, 600.0
_LONGEST_WAIT = 86_400.0
_SHOWN_CHARACTERS = 4096


def _url(text: str) -> str:
    if is_template(text):
        return text
    try:
        url = httpx.URL(text)
        usable = is_web(url)
        user = bool(url.userinfo)
    except (httpx.InvalidURL, ValueError):
        usable = user = False
    if user:
        raise PydanticCustomError("url", "Credentials do not belong in the URL; send an Authorization header")
    if not usable:
        raise PydanticCustomError("url", "This is not an http or https URL with a host")
    return text


def _header_name(text: str) -> str:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", text):
        raise PydanticCustomError("header", "This is not a header's name")
    if text.lower() in _OURS or text.lower().startswith("proxy-"):
        raise PydanticCustomError("header", "This header is written by the platform alone")
    return text


def _header_value(value: Scalar) -> Scalar:
    if isinstance(value, str) and not re.fullmatch(r"[\t\x20-\x7e]{0,8192}", value):
        raise PydanticCustomError("header", "A header's value is one line of printable ASCII characters")
    return value


def _request_seconds(text: str) -> str:
    if not _SHORTEST_SECONDS <= seconds_of(text) <= _LONGEST_SECONDS:
        raise PydanticCustomError("duration", "A request takes between 100 ms and 10 minutes")
    return text


class HttpRequestConfig(NodeConfig):
    """The request, and what counts as a good answer."""

    method: Method = Field(default="GET", description="The HTTP method.")
    url: Annotated[str, StringConstraints(min_length=1, max_length=8192), AfterValidator(_url)] = Field(
        description="The address: http or https, without credentials.",
        examples=["https://api.example/orders"],
    )
    headers: dict[
        Annotated[str, AfterValidator(_header_name)], Annotated[Scalar, AfterValidator(_header_value)]
    ] = Field(default={}, description="Headers of the request; `Idempotency-Key` is added.")
    query: dict[str, Scalars] = Field(
        default={}, description="Query parameters; a list repeats the parameter, null leaves it out."
    )
    body: Any = Field(
        default=None,
        description="Sent as JSON; a text goes as it is when the header Content-Type names something else.",
    )
    form: dict[str, Scalars] | None = Field(
        default=None, description="Sent as a form, in place of `body`; lists and null as in `query`."
    )
    timeout: Annotated[Duration, AfterValidator(_request_seconds)] = Field(
        default="30s", description="The time for everything, redirects and body included; 10 minutes at most."
    )
    expect_status: list[Annotated[Whole, Field(ge=200, le=599)]] | None = Field(
        default=None,
        min_length=1,
        max_length=50,
        description="The statuses that are a success; 200 to 399 without it.",
    )
    max_bytes: Whole = Field(
        default=1024 * 1024,
        ge=1,
        le=16 * 1024 * 1024,
        description="The largest body of an answer, decompressed.",
    )
    follow_redirects: bool = Field(default=True, description="Follow up to three redirects.")
    idempotent: bool | None = Field(
        default=None,
        description=(
            "Whether a repeat with the same Idempotency-Key is harmless. Without it: yes, but for POST and "
            "PATCH. When it is not, a lost worker holds the step for a person."
        ),
    )

    @classmethod
    def together(cls, config: Mapping[str, Any]) -> Iterable[ConfigProblem]:
        """One kind of body; each header once."""
        if config.get("body") is not None and config.get("form") is not None:
            yield ConfigProblem("/form", "There are two bodies.", "Keep body or form.")
        headers = config.get("headers")
        names = (
            [name.lower() for name in headers if isinstance(name, str)]
            if isinstance(headers, Mapping)
            else []
        )
        if len(set(names)) < len(names):
            yield ConfigProblem("/headers", "A header is written twice.", "Keep one spelling of it.")


class HttpRequest(NodeType):
    """Calls an HTTP service."""

    name = "http_request"
    title = "HTTP request"
    description = "Calls an HTTP service and gives its answer."
    category = "integration"
    secrets_allowed = True
    checks_hosts = True
    Config = HttpRequestConfig
    gives = (
        "`{status, headers, body, url}`: `body` parsed where it is JSON, else as text; anything else as "
        "base64 with `encoding: base64`. `url` is the last address, without its query."
    )
    failures = {
        "http_4xx": "The service refused the request (definite, not retried).",
        "http_429": "The service asked to come back later (retried, not before its Retry-After).",
        "http_5xx": "The service failed (retried, not before its Retry-After).",
        "unexpected_status": "The status is none of those in `expect_status`.",
        "timeout": "There was no complete answer in time (retried).",
        "connection_failed": "The service could not be reached, or hung up (retried).",
        "blocked_address": "The host is not public and the workspace's administrator has not allowed it.",
        "host_not_allowed": "A secret it reads may not be sent to this host.",
        "redirect_refused": "A redirect would carry the body to another server.",
        "too_many_redirects": "The service redirects more than three times.",
        "response_too_large": "The answer exceeds `max_bytes`, or its headers 64 KiB.",
        "invalid_response": "The answer is not valid HTTP, or not the JSON it claims to be.",
    }

    def effect(self, config: Mapping[str, Any]) -> Effect:
        """``idempotent`` or ``unsafe``: by ``idempotent``, else by the method."""
        declared = config.get("idempotent")
        if isinstance(declared, bool):
            return "idempotent" if declared else "unsafe"
        method = config.get("method", "GET")
        return "idempotent" if isinstance(method, str) and method in _HARMLESS else "unsafe"

    def output_schema(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """The answer; only a run can tell its body."""
        return {
            "type": "object",
            "properties": {
                "status": {"type": "integer", "examples": [200]},
                "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                "body": {},
                "url": {"type": "string", "format": "uri"},
            },
        }

    def perform(self, config: HttpRequestConfig, context: Context) -> Done | Fail:
        """Send the request; the answer's status decides."""
        seconds = seconds_of(config.timeout)
        if context.deadline is not None:
            seconds = max(0.001, min(seconds, (context.deadline - context.now).total_seconds()))
        try:
            reply = fetch(
                _hop(config, context.idempotency_key),
                limits=Limits(seconds=seconds, body_bytes=config.max_bytes),
                allowed_hosts=context.allowed_hosts,
                secret_hosts=context.secret_hosts,
                follow_redirects=config.follow_redirects,
                live=context.live,
            )
            return _judged(config, context, reply)
        except EgressFailed as failed:
            return Fail(Failure(kind=failed.kind, message=failed.message, retryable=failed.retryable))


def _hop(config: HttpRequestConfig, key: str) -> Hop:
    headers = {name.lower(): _text(value) for name, value in config.headers.items()}
    content: bytes | None = None
    if config.form is not None:
        pairs = {name: _texts(value) for name, value in config.form.items() if value is not None}
        content = urlencode(pairs, doseq=True).encode()
        headers.setdefault("content-type", "application/x-www-form-urlencoded")
    elif "body" in config.model_fields_set:
        kind = headers.setdefault("content-type", "application/json")
        raw = isinstance(config.body, str) and not _is_json(kind)
        content = (config.body if raw else json.dumps(config.body, allow_nan=False)).encode(
            "utf-8", "replace"
        )
    query = {name: _texts(value) for name, value in config.query.items() if value is not None}
    url = httpx.URL(config.url).copy_with(fragment=None)
    printable = key.isascii() and key.isprintable() and len(key) <= 255
    ours = {
        "accept": "application/json, */*;q=0.8",
        "accept-encoding": "gzip, deflate",
        "user-agent": "Fermata",
        "idempotency-key": key if printable else sha256(key.encode()).hexdigest(),
    }
    return Hop(
        method=config.method,
        url=url.copy_merge_params(query) if query else url,
        headers=tuple({**ours, **headers, "accept-encoding": "gzip, deflate"}.items()),
        content=content,
    )


def _judged(config: HttpRequestConfig, context: Context, reply: Reply) -> Done | Fail:
    good = reply.status in config.expect_status if config.expect_status else 200 <= reply.status < 400
    if good:
        return Done(
            output={"status": reply.status, "headers": _headers(reply), **_body(reply), "url": reply.where}
        )
    kind, retryable = _class_of(reply.status)
    delay = _retry_after(reply, context) if retryable else None
    return Fail(
        Failure(
            kind=kind,
            message=f"{config.method} {reply.where} answered {reply.status}.",
            retryable=retryable,
            definite=400 <= reply.status < 500,
            data={"status": reply.status, "url": reply.where, "body": _excerpt(reply)},
        ),
        delay_seconds=delay,
    )


def _class_of(status: int) -> tuple[str, bool]:
    if status == 429:
        return "http_429", True
    if 400 <= status < 500:
        return "http_4xx", False
    return ("http_5xx", True) if status >= 500 else ("unexpected_status", False)


def _retry_after(reply: Reply, context: Context) -> float | None:
    """Seconds the service asks for, from now; a day at most."""
    text = reply.header("retry-after").strip()
    if re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        return min(float(text), _LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - context.now).total_seconds(), 0.0), _LONGEST_WAIT)


def _body(reply: Reply) -> dict[str, Any]:
    kind = reply.header("content-type")
    if not reply.body:
        return {"body": None}
    if _is_json(kind):
        return {"body": _parsed(reply)}
    if _is_text(kind):
        return {"body": _decoded(reply)}
    return {"body": b64encode(reply.body).decode(), "encoding": "base64"}


def _parsed(reply: Reply) -> Any:
    try:
        value = json.loads(reply.body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise EgressFailed(
            "invalid_response", f"{reply.where} answered with a body that is not JSON."
        ) from error
    fault = fault_in(value)
    if fault:
        raise EgressFailed(
            "invalid_response", f"{reply.where} answered with JSON that cannot be kept: {fault}."
        )
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _decoded(reply: Reply) -> str:
    named = re.search(r"charset=[\"']?([\w.:-]{1,40})", reply.header("content-type"), re.IGNORECASE)
    try:
        text = reply.body.decode(named[1] if named else "utf-8", "replace")
    except LookupError:
        text = reply.body.decode("utf-8", "replace")
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _excerpt(reply: Reply) -> Any:
    """What the service said about its refusal: its JSON if small, else the beginning of its text."""
    if _is_json(reply.header("content-type")) and len(reply.body) <= _SHOWN_CHARACTERS:
        try:
            return _parsed(reply) if reply.body else None
        except EgressFailed:
            pass
    return _decoded(reply)[:_SHOWN_CHARACTERS] if _is_text(reply.header("content-type")) else None


def _headers(reply: Reply) -> dict[str, str]:
    names = dict.fromkeys(name for name, _ in reply.headers)
    joined = {name: reply.header(name) for name in names if name != "set-cookie"}
    cookies = [value for name, value in reply.headers if name == "set-cookie"]
    return {**joined, **({"set-cookie": "\n".join(cookies)} if cookies else {})}


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or kind.endswith("+json")


def _is_text(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    known = {
        "",
        "application/json",
        "application/xml",
        "application/x-www-form-urlencoded",
        "application/javascript",
    }
    return kind in known or kind.startswith("text/") or kind.endswith(("+xml", "+json"))


def _text(value: Scalar) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _texts(value: Scalars) -> list[str]:
    return (
        [_text(part) for part in value]
        if isinstance(value, list)
        else [_text(value if value is not None else "")]
    )
