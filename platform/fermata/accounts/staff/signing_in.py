"""The admin's sign-in, throttled as the interface's: both count the same attempts."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from fermata.accounts import throttle

TOO_MANY = "too_many_attempts"


class ThrottledSignIn(AdminAuthenticationForm):
    """Name and password, counted before they are looked at."""

    wait: int | None = None

    def clean(self) -> dict[str, Any]:
        """Refuse when there were too many attempts, also the right password."""
        username = str(self.cleaned_data.get("username") or "")
        address = self.request.META.get("REMOTE_ADDR", "") if self.request is not None else ""
        self.wait = throttle.attempt(username, address=address)
        if self.wait is not None:
            raise ValidationError(f"Too many attempts. Try again in {self.wait} seconds.", code=TOO_MANY)
        cleaned: dict[str, Any] = super().clean()
        throttle.forget(username, address=address)
        return cleaned
