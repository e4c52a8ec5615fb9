"""Django's settings, all derived from `env`. Each choice that is not Django's default says why."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import django_stubs_ext

from fermata import __version__
from fermata.config import env, logs

django_stubs_ext.monkeypatch()  # `ModelAdmin[User]` and the like are read before anything else of Django

ENVIRONMENT = env.load()
_RUNNING = env.running_servers(ENVIRONMENT.home)

# Without an address (no variable, no `make run` in this home) the settings still load, because
# `makemigrations`, type checks and the schema need no server; the discard port then refuses every connection
# at once.
DATABASE_URL: str = (
    ENVIRONMENT.database_url or _RUNNING.get("database_url") or "postgresql://fermata@127.0.0.1:9/fermata"
)
REDIS_URL: str = ENVIRONMENT.redis_url or _RUNNING.get("redis_url") or "redis://127.0.0.1:9/0"


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the engine and the workers may know of the configuration. Times are in seconds."""

    redis_url: str
    canvas: str
    worker_memory_mb: int
    lease_ttl_seconds: float
    sweep_seconds: float
    rering_seconds: float
    crash_at: str | None
    home: Path
    address: str


FERMATA = EngineSettings(
    redis_url=REDIS_URL,
    canvas=ENVIRONMENT.canvas,
    worker_memory_mb=ENVIRONMENT.worker_memory_mb,
    lease_ttl_seconds=ENVIRONMENT.lease_ttl_seconds,
    sweep_seconds=ENVIRONMENT.sweep_seconds,
    rering_seconds=ENVIRONMENT.rering_seconds,
    crash_at=ENVIRONMENT.crash_at,
    home=ENVIRONMENT.home,
    address=ENVIRONMENT.address,
)
FERMATA_DISPATCHER = ENVIRONMENT.dispatcher
FERMATA_CANVAS: Literal["on", "off", "chaos"] = ENVIRONMENT.canvas
FERMATA_QUEUES = ENVIRONMENT.queues
FERMATA_TASK_MODULES = ENVIRONMENT.task_modules
FERMATA_REACHABLE_HOSTS = ENVIRONMENT.reachable_hosts

# --- Who may talk to us ---

SECRET_KEY = env.secret_key(ENVIRONMENT)
FERMATA_SEALING_KEYS = ENVIRONMENT.sealing_keys or (SECRET_KEY,)
DEBUG = ENVIRONMENT.debug
_PUBLIC = urlsplit(ENVIRONMENT.address)
_SECURE = _PUBLIC.scheme == "https"
ALLOWED_HOSTS = list(
    dict.fromkeys(
        ["localhost", "127.0.0.1", "[::1]", _PUBLIC.hostname or "localhost", *ENVIRONMENT.allowed_hosts]
    )
)
CSRF_TRUSTED_ORIGINS = [f"{_PUBLIC.scheme}://{_PUBLIC.netloc}"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SESSION_ENGINE = "fermata.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 24 * 3600  # unused that long it ends; `accounts.sessions` prolongs it
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
AUTH_USER_MODEL = "accounts.User"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# --- What is installed ---

INSTALLED_APPS = [
    "fermata.config.apps.AdminApp",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "fermata.accounts.apps.AccountsConfig",
    "fermata.workflows.apps.WorkflowsConfig",
    "fermata.engine.apps.EngineConfig",
    "fermata.config.apps.ConfigApp",
]
MIDDLEWARE = [
    "fermata.config.headers.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "fermata.config.static_files.StaticFiles",
    "fermata.config.headers.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "fermata.accounts.sessions.IdleExpiry",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],  # before Django's own of the same name
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
ROOT_URLCONF = "fermata.config.urls"
ASGI_APPLICATION = "fermata.config.asgi.application"
APPEND_SLASH = (
    False  # the interface's paths have no slash at the end and take one; a redirect would lose a POST
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- PostgreSQL ---


def _database(url: str, *, process: str) -> dict[str, Any]:
    """Django's entry for one database.

    A web process has a pool, because its threads come and go. Celery closes a pool after every task, so
    workers keep one connection each and check it before use. A migration may take long; nothing else may.
    """
    parts = env.database_parts(url)
    limits = {"lock_timeout": "2s", "statement_timeout": "15s", "idle_in_transaction_session_timeout": "10s"}
    if process == "migrate":
        limits = {"lock_timeout": "10s", "statement_timeout": "0", "idle_in_transaction_session_timeout": "0"}
    limits["jit"] = "off"  # our statements take milliseconds; compiling one would take a hundred of them
    options: dict[str, Any] = {
        "connect_timeout": 3,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "application_name": f"fermata {process}",
        "options": " ".join(f"-c {name}={value}" for name, value in limits.items()),
        **parts.pop("OPTIONS"),
    }
    if process == "web":
        options["pool"] = {"min_size": 1, "max_size": 20, "timeout": 5}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **parts,
        "CONN_MAX_AGE": 0 if process == "web" else 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


DATABASES = {"default": _database(DATABASE_URL, process=ENVIRONMENT.process)}

# --- Redis ---

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # redis-py gives up a read after 5 s, and the layer blocks for 5 s: idle sockets would be torn down.
        "CONFIG": {"hosts": [env.with_query(REDIS_URL, socket_timeout="30")], "prefix": "fermata:layer"},
    }
}

# --- The interface ---

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "fermata.api.authentication.TokenAuthentication",
        "fermata.api.authentication.CookieAuthentication",
    ],
    "EXCEPTION_HANDLER": "fermata.api.problems.handler",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Fermata",
    "DESCRIPTION": "Durable workflows that can be drawn, run, held, stepped and replayed.",
    "VERSION": __version__,
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
}
STATIC_URL = "/static/"
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_USE_FINDERS = True  # no collecting step and no STATIC_ROOT: files are served from the packages

# --- Time, language, logs ---

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
FORMAT_MODULE_PATH = "fermata.config.formats"
LOGGING = logs.configuration(level=ENVIRONMENT.log_level, process=ENVIRONMENT.process)
