"""The page around the application: who is signed in, its appearance, the build, and a policy of its own."""

from __future__ import annotations

import html
import secrets
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_safe

from fermata.accounts import queries
from fermata.api import problems
from fermata.api.rendering import dumps
from fermata.api.session import me
from fermata.config.screen import build, files

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; "
    "style-src-attr 'none'; img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
THEMES = ("light", "dark")

PAGE = """<!doctype html>
<html lang="{locale}" data-contrast="{contrast}"{theme}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="csp-nonce" content="{nonce}">
<title>Fermata</title>
<link rel="icon" type="image/svg+xml" href="/static/webui/mark.svg">
<script nonce="{nonce}">{appearance}</script>
{links}
</head>
<body>
<div id="root"></div>
<script type="application/json" id="me">{me}</script>
<script type="module" src="{script}"></script>
</body>
</html>
"""

APPEARANCE = (
    "var d=document.documentElement;d.dataset.theme||(d.dataset.theme="
    'matchMedia("(prefers-color-scheme: dark)").matches?"dark":"light")'
)
"""Before the first paint, for those who follow their system."""

WAITING = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{refresh}<title>Fermata</title>
<style nonce="{nonce}">
body {{ margin: 15vh auto; max-width: 36rem; padding: 0 1rem; font: 1rem/1.5 system-ui }}
h1, p {{ overflow-wrap: anywhere }}
body {{ color: #1b1f26; background: #fff }}
@media (prefers-color-scheme: dark) {{
  body {{ color: #e8ebf0; background: #14171c }}
  a {{ color: #9aa0ff }}
}}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{text}</p>
<p>The interface is there already: <a href="/api/docs">its description</a>,
<a href="/admin/">administration</a>.</p>
</body>
</html>
"""


@require_safe
def screen(request: HttpRequest, path: str = "") -> HttpResponse:
    """The application at every address that is nothing else; programs get a problem document there."""
    if path and "text/html" not in request.headers.get("Accept", ""):
        return problems.no_such_address(request)
    nonce = secrets.token_urlsafe(16)
    built = files.current()
    text = _waiting(nonce) if built is None else _page(request, built, nonce)
    response = HttpResponse(text, status=200 if built else 503)
    response["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    response["Cache-Control"] = "no-store"
    if built is None:
        response["Retry-After"] = "3"
    return response


def _page(request: HttpRequest, built: files.Build, nonce: str) -> str:
    get_token(request)  # the application needs the cookie with its first change
    caller = _caller(request)
    theme = request.COOKIES.get("fermata_theme", "")
    links = [f'<link rel="stylesheet" href="{href}">' for href in built.styles]
    links += [f'<link rel="modulepreload" href="{href}">' for href in built.preloads]
    return PAGE.format(
        locale=html.escape((caller or {}).get("locale") or "en"),
        contrast="more" if request.COOKIES.get("fermata_contrast") == "more" else "normal",
        theme=f' data-theme="{theme}"' if theme in THEMES else "",
        nonce=nonce,
        appearance=APPEARANCE,
        links="\n".join(links),
        me=_embedded(caller),
        script=built.script,
    )


def _embedded(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    return dumps(value).decode().replace("<", "\\u003C").replace(">", "\\u003E").replace("&", "\\u0026")


def _caller(request: HttpRequest) -> dict[str, Any] | None:
    user = request.user
    if not user.is_authenticated or not user.is_active:
        return None
    return me(queries.principal_of_user(user))


def _waiting(nonce: str) -> str:
    state = build.read_state(settings.FERMATA.home)
    if state.get("state") == "failed":
        title, text = str(state["message"]), str(state["cure"])
        return WAITING.format(nonce=nonce, refresh="", title=html.escape(title), text=html.escape(text))
    title = "The screen is being built"
    text = "This takes a minute the first time. The page comes by itself."
    if not state:
        title, text = "The screen is not built", "Start the platform with make run, or build it: make screen."
    refresh = '<meta http-equiv="refresh" content="3">\n'
    return WAITING.format(nonce=nonce, refresh=refresh, title=title, text=text)
