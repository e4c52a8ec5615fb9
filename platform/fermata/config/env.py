"""Every environment variable Fermata reads: one typed place, with a sentence for each mistake.

`load()` reads, checks and answers an `Environment`. All mistakes are reported together. `.env.example` is
generated from the same list (`render_example`), and a test fails when the two differ.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from fermata.config import private_files
from fermata.errors import Misconfigured

ROOT = Path(__file__).resolve().parents[3]
"""The folder that holds `manage.py` (of a checkout)."""

KNOWN_SECRETS = frozenset(
    {"changeme", "change-me", "secret", "insecure", "django-insecure", "fermata", "test"}
)
"""Values that stand in examples; a service that signs cookies with one of them is open to everybody."""

SHORTEST_SECRET = 32


def _text(value: str) -> str:
    return value


def _flag(value: str) -> bool:
    lowered = value.lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("must be on or off")


def _port(value: str) -> int:
    if not value.isdigit() or not 1 <= int(value) <= 65535:
        raise ValueError("must be a port number from 1 to 65535")
    return int(value)


def _seconds(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        raise ValueError("must be a number of seconds, such as 15 or 0.5") from None
    if not 0 < seconds <= 3600:
        raise ValueError("must be more than 0 and at most 3600 seconds")
    return seconds


def _count(value: str) -> int:
    if not value.isdigit() or not 1 <= int(value) <= 1024:
        raise ValueError("must be a whole number from 1 to 1024")
    return int(value)


def _canvas(value: str) -> str:
    if value not in {"on", "off", "chaos"}:
        raise ValueError("must be on, off or chaos")
    return value


def _level(value: str) -> str:
    if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return value.upper()


def _hosts(value: str) -> tuple[str, ...]:
    hosts = tuple(part.strip() for part in value.split(",") if part.strip())
    if "*" in hosts:
        raise ValueError("must name the hosts: with * any web site could open the stream in a visitor's name")
    return hosts


def _names(value: str) -> tuple[str, ...]:
    names = tuple(part.strip() for part in value.split(",") if part.strip())
    if not all(re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name) for name in names):
        raise ValueError("must be names of letters, digits, dots, dashes and underlines, separated by commas")
    return names


def _reachable(value: str) -> tuple[str, ...]:
    hosts = tuple(part.strip() for part in value.split(",") if part.strip())
    form = r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]{1,253})(:[0-9]{1,5})?"
    if not all(re.fullmatch(form, host) for host in hosts):
        raise ValueError(
            "must be hosts such as db.internal, 10.0.0.5:8080 or [::1]:8080, separated by commas"
        )
    return hosts


def _sealing_keys(value: str) -> tuple[str, ...]:
    keys = tuple(part.strip() for part in value.split(",") if part.strip())
    if any(len(key) < SHORTEST_SECRET or key.lower() in KNOWN_SECRETS for key in keys):
        raise ValueError(f"must be keys of {SHORTEST_SECRET} characters or more, separated by commas")
    return keys


def _database(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.hostname or len(parts.path) < 2:
        raise ValueError("must look like postgresql://user:password@host:5432/database")
    _ = parts.port  # raises ValueError with a sentence of its own
    return value


def _redis(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise ValueError("must look like redis://:password@host:6379/0 (or rediss:// for TLS)")
    return value


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must look like https://fermata.example.org")
    return value.rstrip("/")


def _variable(
    name: str,
    default: str | None,
    help_text: str,
    *,
    parse: Callable[[str], Any] = _text,
    internal: bool = False,
) -> Any:
    """A dataclass field that is read from the variable `name`; default None means: unset."""
    return field(
        metadata={"name": name, "default": default, "help": help_text, "parse": parse, "internal": internal}
    )


@dataclass(frozen=True, slots=True)
class Environment:
    """What the environment says, checked. Times are in seconds, addresses are URLs."""

    database_url: str | None = _variable(
        "DATABASE_URL",
        None,
        "PostgreSQL 15 or newer. Unset: an embedded one is started in FERMATA_HOME.",
        parse=_database,
    )
    redis_url: str | None = _variable(
        "REDIS_URL",
        None,
        "Redis 6.2 or newer, or Valkey. Unset: an embedded Valkey is started in FERMATA_HOME.",
        parse=_redis,
    )
    home: Path = _variable(
        "FERMATA_HOME", ".fermata", "Folder for the embedded servers' state and the secret key.", parse=Path
    )
    host: str = _variable("FERMATA_HOST", "127.0.0.1", "Address the web server listens on.")
    port: int = _variable("FERMATA_PORT", "8000", "Port the web server listens on.", parse=_port)
    public_url: str | None = _variable(
        "FERMATA_PUBLIC_URL",
        None,
        "Address people open. With https:// cookies become secure-only. Unset: http://localhost:FERMATA_PORT.",
        parse=_url,
    )
    allowed_hosts: tuple[str, ...] = _variable(
        "FERMATA_ALLOWED_HOSTS",
        "",
        "Host names the service answers to, separated by commas, beside localhost and FERMATA_PUBLIC_URL's.",
        parse=_hosts,
    )
    secret_key: str | None = _variable(
        "FERMATA_SECRET_KEY",
        None,
        "Signs cookies and, without FERMATA_SEALING_KEYS, seals secrets: 32 characters or more. "
        "Unset: generated into FERMATA_HOME/secret_key when PostgreSQL is embedded; required otherwise.",
    )
    sealing_keys: tuple[str, ...] = _variable(
        "FERMATA_SEALING_KEYS",
        "",
        "Keys that seal the workspaces' secrets, 32 characters or more each, separated by commas: "
        "the first seals, all open. Unset: FERMATA_SECRET_KEY does both.",
        parse=_sealing_keys,
    )
    admin_password: str | None = _variable(
        "FERMATA_ADMIN_PASSWORD",
        None,
        "Password of the first administrator, `admin`. Unset: generated and printed once.",
    )
    debug: bool = _variable(
        "FERMATA_DEBUG", "off", "Django's debug pages (never in production).", parse=_flag
    )
    log_level: str = _variable("FERMATA_LOG_LEVEL", "INFO", "DEBUG, INFO, WARNING or ERROR.", parse=_level)
    concurrency: int = _variable(
        "FERMATA_CONCURRENCY", "2", "Workers started by `make run`, a process each.", parse=_count
    )
    screen: bool = _variable("FERMATA_SCREEN", "on", "Whether `make run` builds the web UI.", parse=_flag)
    dispatcher: str = _variable(
        "FERMATA_DISPATCHER", "workers.dispatcher.CeleryDispatcher", "Dotted path of what rings the workers."
    )
    queues: tuple[str, ...] = _variable(
        "FERMATA_QUEUES",
        "",
        "Queues a worker consumes beside `default`, separated by commas.",
        parse=_names,
    )
    task_modules: tuple[str, ...] = _variable(
        "FERMATA_TASK_MODULES",
        "",
        "Modules with Celery tasks of your own for `celery_task` nodes, separated by commas.",
        parse=_names,
    )
    reachable_hosts: tuple[str, ...] = _variable(
        "FERMATA_REACHABLE_HOSTS",
        "",
        "Hosts inside your network that http_request nodes may call (host or host:port), "
        "separated by commas.",
        parse=_reachable,
    )
    canvas: Literal["on", "off", "chaos"] = _variable(
        "FERMATA_CANVAS",
        "on",
        "Chains and chords: on, off (the ledger rings alone) or chaos (rings lost and doubled; for tests).",
        parse=_canvas,
    )
    worker_memory_mb: int = _variable(
        "FERMATA_WORKER_MEMORY_MB",
        "1024",
        "A worker of a fleet that needed more ends after its step, and another takes its place.",
        parse=_count,
    )
    lease_ttl_seconds: float = _variable(
        "FERMATA_LEASE_TTL_SECONDS", "15", "How long a silent worker keeps its step.", parse=_seconds
    )
    sweep_seconds: float = _variable(
        "FERMATA_SWEEP_SECONDS", "0.5", "Pause between two sweeps for timers and lost steps.", parse=_seconds
    )
    rering_seconds: float = _variable(
        "FERMATA_RERING_SECONDS", "2", "Age after which a ready step is rung again.", parse=_seconds
    )
    crash_at: str | None = _variable(
        "FERMATA_CRASH_AT", None, "Name of a fault point at which the process kills itself (for tests)."
    )
    crash_once: str | None = _variable(
        "FERMATA_CRASH_ONCE",
        None,
        "File that marks that the crash has happened, so it is not repeated (for tests).",
    )
    process: str = _variable(
        "FERMATA_PROCESS",
        "manage",
        "Which part this process is: web, worker, beat, manage. Set by the supervisor.",
        internal=True,
    )

    @property
    def is_embedded(self) -> bool:
        """True when the supervisor owns PostgreSQL."""
        return self.database_url is None

    @property
    def address(self) -> str:
        """The URL people open, without a trailing slash."""
        return self.public_url or f"http://localhost:{self.port}"


FIELDS = fields(Environment)
"""The variables in the order of `.env.example`; each carries name, default, help, parse, internal."""


def load(environ: Mapping[str, str] | None = None) -> Environment:
    """Read and check the environment (`os.environ` unless given).

    An empty value counts as unset. Raises `Misconfigured` with one line per mistake; values are never
    repeated in the message, because they may hold passwords.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    mistakes: list[str] = []
    for item in FIELDS:
        name, parse = item.metadata["name"], item.metadata["parse"]
        raw = source.get(name, "").strip() or item.metadata["default"]
        try:
            values[item.name] = None if raw is None else parse(raw)
        except ValueError as error:
            mistakes.append(f"{name} {error}.")
    if mistakes:
        raise Misconfigured(
            "\n".join(mistakes), cure="Correct the variables named; .env.example explains each."
        )
    if not values["home"].is_absolute():
        values["home"] = ROOT / values["home"]
    return Environment(**values)


def read_file(path: Path) -> dict[str, str]:
    """The `NAME=value` lines of a `.env` file, without comments and quotes around a value."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    pairs = (
        line.strip().removeprefix("export ").partition("=")
        for line in lines
        if not line.lstrip().startswith("#")
    )
    return {name.strip(): value.strip().strip("\"'") for name, equals, value in pairs if equals}


def secret_key(environment: Environment) -> str:
    """The key that signs and seals; generated once into the home folder when PostgreSQL is embedded.

    Raises `Misconfigured` for a key that is missing, known or short.
    """
    key = environment.secret_key
    if key is None and environment.is_embedded:
        return _kept_key(environment.home)
    cure = "Set it to the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
    if key is None:
        raise Misconfigured("FERMATA_SECRET_KEY must be set when DATABASE_URL is.", cure=cure)
    if key.lower() in KNOWN_SECRETS or key.startswith("django-insecure"):
        raise Misconfigured("FERMATA_SECRET_KEY is a value known from examples.", cure=cure)
    if len(key) < SHORTEST_SECRET:
        raise Misconfigured(f"FERMATA_SECRET_KEY is shorter than {SHORTEST_SECRET} characters.", cure=cure)
    return key


def _kept_key(home: Path) -> str:
    """Read the generated key, or make it."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return private_files.keep(home / "secret_key", secrets.token_urlsafe(48)).strip()
    except OSError as error:
        raise Misconfigured(
            f"The secret key cannot be kept in {home}: {error.strerror}.",
            cure="Make the folder writable, choose another with FERMATA_HOME, or set FERMATA_SECRET_KEY.",
        ) from error


def running_servers(home: Path) -> dict[str, str]:
    """Addresses of the embedded servers that run in this home now: {"database_url", "redis_url"}, or {}.

    This lets `manage.py` in a second terminal reach the servers of `make run`.
    """
    try:
        state = json.loads((home / "run" / "servers.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: state[name] for name in ("database_url", "redis_url") if isinstance(state.get(name), str)}


def with_query(url: str, **query: str) -> str:
    """The URL with these query parameters set, others kept."""
    parts = urlsplit(url)
    merged = dict(parse_qsl(parts.query)) | query
    return urlunsplit(parts._replace(query=urlencode(merged)))


def database_parts(url: str) -> dict[str, Any]:
    """A PostgreSQL URL as Django wants it: NAME, USER, PASSWORD, HOST, PORT and OPTIONS from the query."""
    parts = urlsplit(url)
    return {
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or 5432),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def render_example() -> str:
    """The text of `.env.example`: every public variable, its meaning and its default, commented out."""
    lines = [
        "# Every variable Fermata reads. Copy to .env and uncomment what you change; manage.py reads .env.",
        "# Generated from platform/fermata/config/env.py by `make generate`.",
    ]
    for item in FIELDS:
        if item.metadata["internal"]:
            continue
        lines += [
            "",
            f"# {item.metadata['help']}",
            f"#{item.metadata['name']}={item.metadata['default'] or ''}",
        ]
    return "\n".join(lines) + "\n"


def render_table() -> str:
    """The Markdown table of the same variables, for the README."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for item in FIELDS:
        if not item.metadata["internal"]:
            default = f"`{item.metadata['default']}`" if item.metadata["default"] else "unset"
            lines.append(f"| `{item.metadata['name']}` | {default} | {item.metadata['help']} |")
    return "\n".join(lines) + "\n"
