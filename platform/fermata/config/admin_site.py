"""Django's admin as Fermata has it: its name, a throttled sign-in, an index with what matters now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from fermata.accounts import sessions
from fermata.accounts.models import User
from fermata.accounts.staff.pages import roles, user_of
from fermata.accounts.staff.signing_in import TOO_MANY, ThrottledSignIn
from fermata.engine import queries as engine


@dataclass(frozen=True, slots=True)
class Figure:
    """A number on the index that leads to its rows; ``capped``: at least so many."""

    count: int
    text: str
    address: str
    capped: bool = False
    alarming: bool = False


class Site(admin.AdminSite):
    """The admin site."""

    site_title = "Fermata"
    site_header = "Fermata"
    index_title = "What is there"
    site_url = None
    index_template = "admin/fermata_index.html"
    login_form = ThrottledSignIn
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff."""
        user = request.user
        return isinstance(user, User) and user.is_active and user.is_staff

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Django's; too many attempts are a 429, and the session's age counts from here."""
        response = super().login(request, extra_context)
        if request.method == "POST" and request.user.is_authenticated:
            sessions.begin(request.session)
        form = response.context_data.get("form") if isinstance(response, TemplateResponse) else None  # type: ignore[union-attr]
        if isinstance(form, ThrottledSignIn) and form.has_error("__all__", TOO_MANY):
            response.status_code = 429
            response.headers["Retry-After"] = str(form.wait)
        return response

    def index(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Django's index with the figures of now above it."""
        return super().index(request, {"figures": figures(request), **(extra_context or {})})


def figures(request: HttpRequest) -> list[Figure]:
    """Live executions by status, steps held, approvals pending: capped counts, each from an index."""
    everything = user_of(request).is_superuser
    found = engine.overview(workspace_ids=None if everything else list(roles(request)))
    live = [
        Figure(count, status, _list("engine_execution", status=status), capped=count >= engine.MOST_COUNTED)
        for status, count in found["executions"].items()
    ]
    return [
        *live,
        Figure(found["held"], "steps held", _list("engine_step", state="held"), alarming=found["held"] > 0),
        Figure(found["approvals"], "approvals pending", _list("engine_approval", state="pending")),
    ]


def _list(name: str, **parameters: str) -> str:
    return f"{reverse(f'admin:{name}_changelist')}?{urlencode(parameters)}"
