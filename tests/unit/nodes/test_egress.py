"""The way out: what may be reached, redirects, caps, and answers of hostile servers."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fermata.errors import LeaseLost
from fermata.nodes import egress
from fermata.nodes.egress import EgressFailed, Hop, Limits, fetch
from tests.sites import reply


def get(site, path="/", *, allowed=None, limits=None, method="GET", url=None, **values):
    hop = Hop(
        method, httpx.URL(url or site.url(path)), values.pop("headers", ()), values.pop("content", None)
    )
    allowed_hosts = (site.name,) if allowed is None else allowed
    return fetch(hop, limits=limits or Limits(seconds=5), allowed_hosts=allowed_hosts, **values)


def refused(site, path="/", **values):
    with pytest.raises(EgressFailed) as caught:
        get(site, path, **values)
    return caught.value


@pytest.fixture
def names(monkeypatch):
    """A resolver of our own: names → addresses; each question is counted."""
    table, asked = {}, []

    def resolve(host, port):
        asked.append(host)
        if host not in table:
            raise OSError("unknown")
        answer = table[host]
        return answer.pop(0) if isinstance(answer[0], list) else answer

    monkeypatch.setattr(egress, "resolve", resolve)
    table["asked"] = asked
    return table


# --- what may be reached ------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f.1",
        "017700000001",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "127.0.0.1.",
    ],
)
def test_loopback_is_blocked_however_it_is_written(site, host):
    failed = refused(site, url=f"http://{host}:{site.port}/", allowed=())
    assert failed.kind in {"blocked_address", "connection_failed"}
    assert site.seen == []


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "fd00::1"]
)
def test_a_name_with_a_private_address_is_blocked(site, names, address):
    names["intranet.example"] = [address]
    failed = refused(site, url="http://intranet.example/", allowed=())
    assert (failed.kind, failed.retryable) == ("blocked_address", False)
    assert address not in failed.message


def test_one_private_address_among_public_ones_blocks_the_name(site, names):
    names["mixed.example"] = ["1.1.1.1", "10.0.0.1"]
    assert refused(site, url="http://mixed.example/", allowed=()).kind == "blocked_address"


def test_a_name_is_resolved_once_and_its_address_pinned(site, names):
    names["rebinding.example"] = [["127.0.0.1"], ["10.0.0.1"]]
    site.answers["/"] = reply(200, b"ok")
    got = get(site, url=f"http://rebinding.example:{site.port}/", allowed=("rebinding.example",))
    assert got.body == b"ok"
    assert names["asked"] == ["rebinding.example"]
    assert site.seen[0].headers["host"] == f"rebinding.example:{site.port}"


@pytest.mark.parametrize("entry", ["127.0.0.1", "127.0.0.1:{port}", " 127.0.0.1 "])
def test_the_allow_list_lets_a_private_host_through(site, entry):
    site.answers["/"] = reply(200, b"ok")
    assert get(site, allowed=(entry.format(port=site.port),)).status == 200


@pytest.mark.parametrize("entry", ["127.0.0.1:1", "127.0.0", "localhost", "", "*"])
def test_the_allow_list_is_exact(site, entry):
    assert refused(site, allowed=(entry,)).kind == "blocked_address"


def test_an_allowed_name_never_means_the_metadata_service(site, names):
    names["intranet.example"] = ["169.254.169.254"]
    assert (
        refused(site, url="http://intranet.example/", allowed=("intranet.example",)).kind == "blocked_address"
    )


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://a.example/", "http:///x"])
def test_other_schemes_are_blocked(site, url):
    assert refused(site, url=url).kind == "blocked_address"


def test_an_unknown_name_is_a_failed_connection(site, names):
    failed = refused(site, url="http://nowhere.example/")
    assert (failed.kind, failed.retryable) == ("connection_failed", True)


def test_a_closed_port_is_a_failed_connection(site, names):
    names["gone.example"] = ["127.0.0.1"]
    failed = refused(site, url="http://gone.example:1/", allowed=("gone.example",))
    assert (failed.kind, failed.retryable) == ("connection_failed", True)


def test_the_next_address_is_tried_when_one_does_not_answer(site, names):
    names["two.example"] = ["127.0.0.2", "127.0.0.1"]
    site.answers["/"] = reply(200, b"ok")
    assert get(site, url=f"http://two.example:{site.port}/", allowed=("two.example",)).status == 200


def test_a_resolver_that_hangs_is_left_behind(site, monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(egress, "resolve", lambda *_: release.wait(10) or [])
    failed = refused(site, url="http://slow.example/", limits=Limits(seconds=0.2))
    release.set()
    assert failed.kind == "timeout"


def test_proxies_of_the_environment_are_not_used(site, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    site.answers["/"] = reply(200, b"ok")
    assert get(site).status == 200


# --- redirects ------------------------------------------------------------


def test_follows_three_redirects_and_no_more(site):
    for number in range(4):
        site.answers[f"/{number}"] = reply(302, location=f"/{number + 1}")
    site.answers["/4"] = reply(200, b"end")
    assert get(site, "/1").where == site.url("/4")
    assert refused(site, "/0").kind == "too_many_redirects"


def test_gives_the_redirect_itself_when_told_not_to_follow(site):
    site.answers["/"] = reply(302, location="/there")
    assert get(site, follow_redirects=False).status == 302


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:1/",
        "//[::1]/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://user:pass@10.0.0.1/",
    ],
)
def test_each_redirect_is_checked_like_the_first_request(site, location):
    site.answers["/"] = reply(302, location=location)
    assert refused(site).kind == "blocked_address"


def test_credentials_stay_with_their_origin(site, new_site):
    other = new_site()
    site.answers["/"] = reply(302, location=other.url("/x"))
    other.answers["/x"] = reply(200)
    headers = (("authorization", "Bearer a"), ("cookie", "b"), ("x-api-key", "c"), ("accept", "text/plain"))
    get(site, headers=headers, allowed=(site.name, other.name))
    assert site.seen[0].headers["authorization"] == "Bearer a"
    assert {"authorization", "cookie", "x-api-key"} & set(other.seen[0].headers) == set()
    assert other.seen[0].headers["accept"] == "text/plain"


def test_credentials_go_along_within_their_origin(site):
    site.answers["/"] = reply(307, location="/x")
    site.answers["/x"] = reply(200)
    get(site, method="POST", headers=(("authorization", "Bearer a"),), content=b"{}")
    assert (site.seen[1].method, site.seen[1].body) == ("POST", b"{}")
    assert site.seen[1].headers["authorization"] == "Bearer a"


def test_a_body_is_not_carried_to_another_origin(site, new_site):
    other = new_site()
    site.answers["/"] = reply(308, location=other.url("/x"))
    failed = refused(site, method="POST", content=b"secret", allowed=(site.name, other.name))
    assert (failed.kind, other.seen) == ("redirect_refused", [])


@pytest.mark.parametrize(("status", "method"), [(301, "POST"), (302, "POST"), (303, "PUT")])
def test_a_redirect_after_a_change_is_read_with_get(site, status, method):
    site.answers["/"] = reply(status, location="/x")
    site.answers["/x"] = reply(200)
    get(site, method=method, content=b"{}", headers=(("content-type", "application/json"),))
    assert (site.seen[1].method, site.seen[1].body) == ("GET", b"")
    assert "content-type" not in site.seen[1].headers


def test_a_redirect_to_no_address_is_an_invalid_answer(site):
    site.answers["/"] = reply(302, location="http://a.example:99999/")
    assert refused(site).kind == "invalid_response"


# --- caps ------------------------------------------------------------


def test_a_body_up_to_the_cap_is_read_and_one_byte_more_is_not(site):
    site.answers["/"] = reply(200, b"x" * 1000)
    assert len(get(site, limits=Limits(body_bytes=1000)).body) == 1000
    assert refused(site, limits=Limits(body_bytes=999)).kind == "response_too_large"


def test_an_endless_body_ends_at_the_cap(site):
    def endless(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while not site.closing.is_set():
            handler.wfile.write(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    site.answers["/"] = endless
    assert refused(site).kind == "response_too_large"


@pytest.mark.parametrize("many", [True, False])
def test_headers_have_a_cap(site, many):
    def big(handler):
        handler.send_response(200)
        for number in range(100 if many else 1):
            handler.send_header(f"X-{number}", "x" * (1000 if many else 200_000))
        handler.end_headers()

    site.answers["/"] = big
    assert refused(site).kind == "response_too_large"


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b"hello " * 1000)),
        ("x-gzip", gzip.compress(b"hello " * 500) + gzip.compress(b"hello " * 500)),
        ("deflate", zlib.compress(b"hello " * 1000)),
        ("deflate", zlib.compress(b"hello " * 1000, wbits=-15)),
        ("identity", b"hello " * 1000),
    ],
)
def test_compressed_bodies_are_unpacked(site, encoding, packed):
    site.answers["/"] = reply(200, packed, content_encoding=encoding)
    assert get(site).body == b"hello " * 1000


def test_a_bomb_bursts_at_the_cap(site):
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1024 * 1024)) for _ in range(200)) + packer.flush()
    assert len(bomb) < 400_000
    site.answers["/"] = reply(200, bomb, content_encoding="gzip")
    tracemalloc.start()
    try:
        assert refused(site).kind == "response_too_large"
        assert tracemalloc.get_traced_memory()[1] < 10 * 1024 * 1024
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"no gzip"),
        ("gzip", gzip.compress(b"x" * 1000)[:-9]),
        ("br", b"x"),
        ("gzip, gzip", b"x"),
        ("deflate", b"\xff" * 9),
    ],
)
def test_damaged_bodies_are_invalid(site, encoding, body):
    site.answers["/"] = reply(200, body, content_encoding=encoding)
    assert refused(site).kind == "invalid_response"


# --- time ------------------------------------------------------------


def test_a_silent_server_times_out(site):
    site.answers["/"] = lambda _: site.closing.wait(10)
    failed = refused(site, limits=Limits(seconds=0.2))
    assert (failed.kind, failed.retryable) == ("timeout", True)


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_server_that_drips_runs_into_the_same_limit(site, part):
    def drip(handler):
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\nX-Slow: " if part == "headers" else b"HTTP/1.1 200 OK\r\n\r\n"
        )
        while not site.closing.wait(0.02):
            handler.wfile.write(b"x")

    site.answers["/"] = drip

    def seconds():
        started = time.monotonic()
        assert refused(site, limits=Limits(seconds=0.3)).kind == "timeout"
        return time.monotonic() - started

    assert any(seconds() < 2 for _ in range(3))  # the best of three: the machine may do much else


def test_a_lost_lease_ends_a_long_request(site):
    asked = []

    def live():
        asked.append(time.monotonic())
        if len(asked) > 1:
            raise LeaseLost

    site.answers["/"] = lambda _: site.closing.wait(20)
    with pytest.raises(LeaseLost):
        get(site, live=live, limits=Limits(seconds=20))
    assert asked[1] - asked[0] < 15  # without the question it would last 20


# --- hostile answers ------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "connection_failed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "connection_failed"),
        (b"SSH-2.0-OpenSSH\r\n", "connection_failed"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "invalid_response"),
        (b"HTTP/1.1 999999 ?\r\n\r\n", "invalid_response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "invalid_response"),
    ],
)
def test_what_is_not_http_has_its_class(site, raw, kind):
    site.answers["/"] = lambda handler: handler.wfile.write(raw)
    assert refused(site).kind == kind


def test_the_address_shown_has_no_user_no_query_and_an_end():
    url = httpx.URL("https://user:pass@a.example:8443/path?token=1#x")
    assert egress.where(url) == "https://a.example:8443/path"
    assert len(egress.where(httpx.URL("https://a.example/" + "x" * 1000))) == 300


# --- TLS ------------------------------------------------------------


@pytest.fixture
def tls_site(site, tmp_path):
    """The site's answers over TLS, with a certificate for secure.example alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "secure.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("secure.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "pem").write_bytes(pem + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem")
    trusting = ssl.create_default_context(cadata=pem.decode())
    return context, trusting


def serve_tls(context, names_seen, body):
    context.sni_callback = lambda _, name, __: names_seen.append(name)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        with listener:
            plain, _ = listener.accept()
            try:
                with context.wrap_socket(plain, server_side=True) as connection:
                    connection.recv(65536)
                    time.sleep(1.2)  # longer than a slice of waiting, which must not end the connection
                    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
            except ssl.SSLError:
                plain.close()

    thread = threading.Thread(target=serve)
    thread.start()
    return listener.getsockname()[1], thread


def test_tls_keeps_the_name_while_the_address_is_pinned(tls_site, site, names, monkeypatch):
    context, trusting = tls_site
    seen = []
    port, thread = serve_tls(context, seen, b"sealed")
    monkeypatch.setattr(egress, "tls_context", lambda: trusting)
    names["secure.example"] = ["127.0.0.1"]
    got = get(site, url=f"https://secure.example:{port}/", allowed=("secure.example",))
    thread.join()
    assert (got.body, seen) == (b"sealed", ["secure.example"])


@pytest.mark.parametrize("host", ["secure.example", "other.example"])
def test_a_certificate_that_is_not_trusted_or_not_for_the_name_is_refused(
    tls_site, site, names, monkeypatch, host
):
    context, trusting = tls_site
    if host == "other.example":
        monkeypatch.setattr(egress, "tls_context", lambda: trusting)
    port, thread = serve_tls(context, [], b"sealed")
    names[host] = ["127.0.0.1"]
    failed = refused(site, url=f"https://{host}:{port}/", allowed=(host,))
    thread.join()
    assert failed.kind == "connection_failed"
    assert "certificate" in failed.message


def test_the_default_trust_has_roots():
    assert egress.tls_context().cert_store_stats()["x509_ca"] > 0
