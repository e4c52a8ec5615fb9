"""The only way out to the network: one HTTP request with every hop checked and everything capped.

A host is resolved once; every address must be public (or the host on the workspace's allow-list), and exactly
that address is connected to, while Host and SNI keep the name. Redirects are followed by hand and checked
like the first request; across origins nothing that may be a credential goes along. Proxies, netrc and cookies
do not exist here.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Any

import certifi
import httpcore
import httpx

from fermata.nodes.addresses import is_link_local, is_public
from fermata.nodes.inflate import BodyDamaged, BodyTooLarge, decoded

SCHEMES = {"http": 80, "https": 443}
_REDIRECTS = {301, 302, 303, 307, 308}
_CROSS_ORIGIN_HEADERS = {
    "accept",
    "accept-encoding",
    "accept-language",
    "content-type",
    "idempotency-key",
    "user-agent",
}
_BODY_HEADERS = {"content-type", "content-encoding", "content-language"}
_SLICE_SECONDS = 1.0
_MOST_ADDRESSES = 4


class EgressFailed(Exception):
    """The request got no usable answer. ``kind`` is the error class of the failure."""

    def __init__(self, kind: str, message: str, *, retryable: bool = False) -> None:
        """``message`` is for people and holds no query, no user info and no address."""
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retryable = retryable


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps of one request over all its hops; sizes in bytes. ``body_bytes`` counts after decompression."""

    seconds: float = 30.0
    body_bytes: int = 1024 * 1024
    header_bytes: int = 64 * 1024
    redirects: int = 3


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. Header names are lower-case; ``where`` is the last URL, without user info and query."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    where: str

    def header(self, name: str) -> str:
        """All values of the header ``name`` (lower-case), joined; "" when there is none."""
        return ", ".join(value for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True)
class Hop:
    """One request as it goes out. ``headers`` have lower-case names."""

    method: str
    url: httpx.URL
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None


@dataclass(slots=True)
class _Watch:
    """The time that is left, and a word to the lease about once a second."""

    limits: Limits
    live: Callable[[], None]
    ends_at: float = field(init=False)
    asked_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.asked_at = monotonic()
        self.ends_at = self.asked_at + self.limits.seconds

    def slice(self) -> float:
        """Seconds to block for at most. Raises EgressFailed when the time is up, or what ``live`` raises."""
        now = monotonic()
        if now - self.asked_at >= _SLICE_SECONDS:
            self.asked_at = now
            self.live()
        if now >= self.ends_at:
            raise EgressFailed(
                "timeout", f"There was no answer within {self.limits.seconds:g} s.", retryable=True
            )
        return min(_SLICE_SECONDS, self.ends_at - now)


def fetch(
    first: Hop,
    *,
    limits: Limits,
    allowed_hosts: Sequence[str] = (),
    secret_hosts: Mapping[str, Sequence[str]] | None = None,
    follow_redirects: bool = True,
    live: Callable[[], None] = lambda: None,
) -> Reply:
    """Send ``first``, follow redirects, give the answer.

    ``allowed_hosts``: ``host`` or ``host:port`` that may have private addresses. ``secret_hosts``: secret →
    ``host``, ``host:port`` or ``*.domain``, to which every hop must keep. ``live`` is asked before each hop
    and about every second, and ends the request by raising. Raises EgressFailed.
    """
    watch = _Watch(limits, live)
    hop = first
    for _ in range(limits.redirects + 1):
        live()
        _check_secrets(hop.url, secret_hosts or {})
        reply = _send(hop, watch, allowed_hosts)
        location = reply.header("location")
        if not (follow_redirects and reply.status in _REDIRECTS and location):
            return reply
        hop = _redirected(hop, reply.status, location)
    raise EgressFailed(
        "too_many_redirects", f"{where(first.url)} redirects more than {limits.redirects} times."
    )


def is_web(url: httpx.URL) -> bool:
    """Whether ``url`` is http or https, with a host and a possible port."""
    return url.scheme in SCHEMES and bool(url.host) and (url.port is None or 0 < url.port < 65_536)


def where(url: httpx.URL) -> str:
    """The URL for people and records: no user info, no query, no fragment, 300 characters at most."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{host}{port}{url.path}"[:300]


def resolve(host: str, port: int) -> list[str]:
    """The host's IP addresses by the system's resolver, each once. Raises OSError or UnicodeError."""
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(row[4][0]) for row in rows))


def checked_addresses(
    host: str, port: int, *, allowed_hosts: Sequence[str], found: Sequence[str]
) -> list[str]:
    """``found`` if every address may be connected to. Raises EgressFailed of kind ``blocked_address``."""
    allowed = _is_allowed(host, port, allowed_hosts)
    for address in found:
        if is_public(address) or (allowed and (address == host or not is_link_local(address))):
            continue
        raise EgressFailed(
            "blocked_address",
            f"The host {host} is not a public one; an administrator can allow it for the workspace.",
        )
    return list(found[:_MOST_ADDRESSES])


def _is_allowed(host: str, port: int, allowed_hosts: Iterable[str]) -> bool:
    return not _spellings(host, port).isdisjoint(entry.strip().lower().rstrip(".") for entry in allowed_hosts)


def _spellings(host: str, port: int) -> set[str]:
    name = host.lower().rstrip(".")
    return {name, f"{name}:{port}", f"[{name}]", f"[{name}]:{port}"}


def _check_secrets(url: httpx.URL, secret_hosts: Mapping[str, Sequence[str]]) -> None:
    """Raise EgressFailed of kind ``host_not_allowed`` unless each secret may go where ``url`` leads."""
    host, port = url.raw_host.decode("ascii"), url.port or SCHEMES.get(url.scheme, 0)
    spelled = _spellings(host, port)
    domains = {f"*{spelling[at:]}" for spelling in spelled for at, mark in enumerate(spelling) if mark == "."}
    for name, hosts in secret_hosts.items():
        if (spelled | domains).isdisjoint(hosts):
            raise EgressFailed(
                "host_not_allowed",
                f"The secret {name} may not be sent to {host}; an administrator can add it to its hosts.",
            )


def _resolved(host: str, port: int, watch: _Watch) -> list[str]:
    """``resolve`` in a thread of its own: the system's resolver knows no time limit."""
    answers: SimpleQueue[list[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host, port))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    Thread(target=ask, name="resolve", daemon=True).start()
    while True:
        try:
            answer = answers.get(timeout=watch.slice())
        except Empty:
            continue
        if isinstance(answer, Exception) or not answer:
            raise EgressFailed("connection_failed", f"The host {host} has no address.", retryable=True)
        return answer


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends in time, and which reads no more than it should."""

    def __init__(self, inner: httpcore.NetworkStream, watch: _Watch) -> None:
        self._inner = inner
        self._watch = watch
        self._left = watch.limits.header_bytes + 32 * 1024

    def expect_body(self) -> None:
        """The headers are in: from now on the body's cap rules, with room for the framing of chunks."""
        self._left = 8 * self._watch.limits.body_bytes + 1024 * 1024

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            try:
                data = self._inner.read(max_bytes, timeout=self._watch.slice())
            except httpcore.ReadTimeout:
                continue
            self._left -= len(data)
            if self._left < 0:
                raise EgressFailed("response_too_large", "The answer is larger than allowed.")
            return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        connection: socket.socket = self._inner.get_extra_info("socket")
        while buffer:
            try:
                connection.settimeout(self._watch.slice())
                buffer = buffer[connection.send(buffer) :]
            except TimeoutError:
                continue
            except OSError as error:
                raise httpcore.WriteError(str(error)) from error

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> _Stream:
        self._watch.slice()
        left = self._watch.ends_at - monotonic()
        self._inner = self._inner.start_tls(ssl_context, server_hostname, timeout=max(left, 0.001))
        return self

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Guard(httpcore.NetworkBackend):
    """Connects to checked addresses only, whatever the name may resolve to a moment later."""

    def __init__(self, watch: _Watch, allowed_hosts: Sequence[str]) -> None:
        self._watch = watch
        self._allowed_hosts = allowed_hosts
        self.stream: _Stream | None = None

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> _Stream:
        found = _resolved(host, port, self._watch)
        addresses = checked_addresses(host, port, allowed_hosts=self._allowed_hosts, found=found)
        for place, address in enumerate(addresses, start=1):
            self._watch.slice()
            share = (self._watch.ends_at - monotonic()) / (len(addresses) - place + 1)
            try:
                inner = httpcore.SyncBackend().connect_tcp(address, port, timeout=max(share, 0.001))
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if place == len(addresses):
                    raise
                continue
            self.stream = _Stream(inner, self._watch)
            return self.stream
        raise httpcore.ConnectError(host)


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """Certificates of the system and of the certifi package are trusted; made once, it takes milliseconds."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _send(hop: Hop, watch: _Watch, allowed_hosts: Sequence[str]) -> Reply:
    if not is_web(hop.url):
        raise EgressFailed("blocked_address", "Only http and https addresses with a host are allowed.")
    guard = _Guard(watch, allowed_hosts)
    try:
        with httpcore.ConnectionPool(
            ssl_context=tls_context(), network_backend=guard, max_connections=1
        ) as pool:
            return _exchange(pool, guard, hop, watch.limits)
    except httpcore.TimeoutException as error:
        raise EgressFailed(
            "timeout", f"{where(hop.url)} did not answer within {watch.limits.seconds:g} s.", retryable=True
        ) from error
    except httpcore.RemoteProtocolError as error:
        if "disconnected" in str(error) or "closed" in str(error):
            raise EgressFailed("connection_failed", f"{where(hop.url)} hung up.", retryable=True) from error
        raise EgressFailed("invalid_response", f"{where(hop.url)} does not speak HTTP.") from error
    except (httpcore.NetworkError, httpcore.ProxyError, httpcore.UnsupportedProtocol) as error:
        reason = " safely: its certificate is not trusted" if "CERTIFICATE" in str(error) else ""
        raise EgressFailed(
            "connection_failed", f"{where(hop.url)} could not be reached{reason}.", retryable=True
        ) from error


def _exchange(pool: httpcore.ConnectionPool, guard: _Guard, hop: Hop, limits: Limits) -> Reply:
    # httpx writes Host, Content-Length and the request line's target as servers expect them.
    request = httpx.Request(hop.method, hop.url, headers=list(hop.headers), content=hop.content)
    url = httpcore.URL(
        scheme=hop.url.raw_scheme, host=hop.url.raw_host, port=hop.url.port, target=hop.url.raw_path
    )
    response = pool.handle_request(
        httpcore.Request(hop.method, url, headers=request.headers.raw, content=hop.content)
    )
    try:
        if sum(len(name) + len(value) for name, value in response.headers) > limits.header_bytes:
            raise EgressFailed("response_too_large", f"The headers exceed {limits.header_bytes} bytes.")
        if guard.stream:
            guard.stream.expect_body()
        headers = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers
        )
        reply = Reply(status=response.status, headers=headers, body=b"", where=where(hop.url))
        encoding = reply.header("content-encoding")
        body = b"".join(decoded(response.iter_stream(), encoding=encoding, most=limits.body_bytes))
        return replace(reply, body=body)
    except BodyTooLarge as error:
        raise EgressFailed("response_too_large", str(error)) from error
    except BodyDamaged as error:
        raise EgressFailed("invalid_response", str(error)) from error
    finally:
        response.close()


def _redirected(hop: Hop, status: int, location: str) -> Hop:
    """The request that a redirect asks for; across origins without anything that may be a credential."""
    try:
        joined = hop.url.join(location)
        url = joined.copy_with(username="", password="", fragment=None)
    except (httpx.InvalidURL, ValueError) as error:
        raise EgressFailed("invalid_response", f"{where(hop.url)} redirects to no valid address.") from error
    if url.scheme not in SCHEMES:
        raise EgressFailed("blocked_address", f"{where(hop.url)} redirects to something that is not http.")
    if not is_web(url):
        raise EgressFailed("invalid_response", f"{where(hop.url)} redirects to no valid address.")
    method, content, headers = hop.method, hop.content, hop.headers
    if (status == 303 and method != "HEAD") or (status in {301, 302} and method == "POST"):
        method, content = "GET", None
        headers = tuple(pair for pair in headers if pair[0] not in _BODY_HEADERS)
    if _origin(url) != _origin(hop.url):
        if content is not None:
            raise EgressFailed(
                "redirect_refused", f"{where(hop.url)} redirects a request with a body to another server."
            )
        headers = tuple(pair for pair in headers if pair[0] in _CROSS_ORIGIN_HEADERS)
    return Hop(method=method, url=url, headers=headers, content=content)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host.lower().rstrip("."), url.port or SCHEMES.get(url.scheme)
