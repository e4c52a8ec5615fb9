"""The REST interface over HTTP: calls that answer JSON, or raise what a person can act on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx

DEFAULT_URL = "http://localhost:8000"
BASE = "/api/v1"
TIMEOUT_SECONDS = 30.0
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}

Json = dict[str, Any]


class Refused(Exception):
    """The service refused a request; `problem` is its problem document."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        self.problem = dict(problem)
        super().__init__(str(self.problem.get("detail") or self.problem.get("title") or "refused"))

    @property
    def status(self) -> int:
        """The HTTP status; 0 when there was none."""
        status = self.problem.get("status")
        return status if isinstance(status, int) else 0

    def lines(self) -> Iterator[str]:
        """What is wrong and what helps, for a person."""
        title, code = self.problem.get("title"), self.problem.get("code")
        numbers = " ".join(str(part) for part in (self.status, code) if part)
        yield f"{title or 'Refused'} ({numbers}): {self}" if numbers else f"{title or 'Refused'}: {self}"
        for row in self.problem.get("problems") or []:
            place = row.get("node_id") or row.get("pointer") or ""
            yield f"  {place}: {row.get('message')}".replace("  : ", "  ")
            if row.get("cure"):
                yield f"      {row['cure']}"
        if self.problem.get("cure"):
            yield str(self.problem["cure"])


class Unreachable(Exception):
    """The service does not answer, or what answers is not Fermata."""


class Interface:
    """One service and one token. `transport` replaces the network in tests."""

    def __init__(self, url: str, *, token: str | None, transport: httpx.BaseTransport | None = None) -> None:
        parts = urlsplit(url.rstrip("/"))
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Unreachable(f"{url!r} is no address of a service; it looks like {DEFAULT_URL}.")
        self.url = url.rstrip("/")
        self.token = token
        self.is_local = parts.hostname in LOCAL_HOSTS
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._client = httpx.Client(
            base_url=self.url + BASE,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            trust_env=not self.is_local,  # a proxy cannot reach this machine's own services
            transport=transport,
        )

    def get(self, path: str, **params: Any) -> Any:
        """Read. Parameters that are None are left out. Raises `Refused` or `Unreachable`, like all calls."""
        return self._call(
            "GET", path, params={key: value for key, value in params.items() if value is not None}
        )

    def post(
        self, path: str, body: Any = None, *, headers: Mapping[str, str] | None = None, **params: Any
    ) -> Any:
        """Create, or give a command."""
        given = {key: value for key, value in params.items() if value is not None}
        return self._call("POST", path, json={} if body is None else body, headers=headers, params=given)

    def send(
        self, path: str, text: str, *, kind: str, headers: Mapping[str, str] | None = None, **params: Any
    ) -> Any:
        """Post a text of this content type as it is."""
        given = {key: value for key, value in params.items() if value is not None}
        sent = {"Content-Type": kind, **(headers or {})}
        return self._call("POST", path, content=text.encode(), headers=sent, params=given)

    def text(self, path: str, **params: Any) -> str:
        """Read something that is no JSON."""
        given = {key: value for key, value in params.items() if value is not None}
        return self._answer("GET", path, params=given).text

    def put(self, path: str, body: Any, *, headers: Mapping[str, str] | None = None) -> Any:
        """Replace."""
        return self._call("PUT", path, json=body, headers=headers)

    def patch(self, path: str, body: Any) -> Any:
        """Change a part."""
        return self._call("PATCH", path, json=body)

    def delete(self, path: str) -> None:
        """Remove."""
        self._call("DELETE", path)

    def rows(self, path: str, *, limit: int | None = None, **params: Any) -> Iterator[Json]:
        """The rows of a list, page by page; at most `limit` of them."""
        cursor, left = None, limit
        while left is None or left > 0:
            page = self.get(path, cursor=cursor, limit=min(left or 200, 200), **params)
            for row in page["results"]:
                yield row
                left = None if left is None else left - 1
            cursor = page["next"]
            if cursor is None:
                return

    def workflow(self, reference: str, *, workspace: str | None = None, archived: bool = False) -> Json:
        """The workflow of this id or exact name. Raises `Refused` (404) when there is none.

        `archived`: look for the name among the archived ones.
        """
        if _is_id(reference):
            found: Json = self.get(f"/workflows/{reference}")
            return found
        among = True if archived else None
        named = self.rows("/workflows", name=reference, workspace=workspace, archived=among)
        row = next((row for row in named if row["name"] == reference), None)
        if row is None:
            cure = "`fermata workflows list` shows what there is."
            raise Refused(_problem(404, f"There is no workflow {reference!r}.", code="not_found", cure=cure))
        return row

    def stream_url(self, execution_id: str) -> str:
        """The address of an execution's WebSocket."""
        return f"ws{self.url.removeprefix('http')}{BASE}/workflows/executions/{execution_id}/ws"

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _call(self, method: str, path: str, **options: Any) -> Any:
        response = self._answer(method, path, **options)
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError:
            raise Unreachable(f"{self.url} answers, but not as Fermata does.") from None

    def _answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._client.request(method, path, **options)
        except httpx.TransportError as error:
            raise Unreachable(f"{self.url} does not answer: {str(error) or type(error).__name__}") from error
        if response.is_error:
            raise Refused(problem_of(response.status_code, response.content))
        return response


def problem_of(status: int, body: bytes) -> Json:
    """The problem document of an answer; one is made up when the answer holds none."""
    try:
        document = json.loads(body)
    except ValueError:
        document = None
    if isinstance(document, dict) and "code" in document:
        if status == 401:
            document["cure"] = "Make a token with `make token` and set it: export FERMATA_TOKEN=…"
        return document
    return _problem(status, f"The service answered {status} without saying why.")


def _problem(status: int, detail: str, **more: str) -> Json:
    title = httpx.codes.get_reason_phrase(status) or "Refused"
    return {"status": status, "title": title, "detail": detail, **more}


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
