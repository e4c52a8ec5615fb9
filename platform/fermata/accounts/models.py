"""The tables of accounts."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models

from fermata.accounts.permissions import Role


class User(AbstractUser):
    """A person, or a program's account."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    locale = models.CharField(
        max_length=16, default="en", help_text="language of the interface, such as en or de"
    )

    class Meta:
        db_table = "fermata_user"


class Workspace(models.Model):
    """The wall between teams: every object belongs to one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(unique=True, max_length=64)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "fermata_workspace"
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.name

    @property
    def workspace_id(self) -> uuid.UUID:
        """Every object belongs to a workspace; a workspace to itself."""
        return self.id


class Membership(models.Model):
    """One user's role in one workspace."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=[(role.value, role.value) for role in Role])
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "fermata_membership"
        constraints = (models.UniqueConstraint(fields=["user", "workspace"], name="membership_once"),)

    def __str__(self) -> str:
        return f"{self.user} is {self.role} in {self.workspace}"


class ApiToken(models.Model):
    """A program's key, ``fmt_<id>_<secret>``: of one user, for one workspace, narrowed by scopes.

    Only the SHA-256 of the 256-bit secret is stored: at that length a slow hash would protect nothing and
    cost every request. Empty ``scopes``: everything the user may do in the workspace.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=200)
    secret_digest = models.BinaryField(max_length=32, editable=False)
    scopes = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="to the minute")
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "fermata_api_token"
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"


class SignInAttempt(models.Model):
    """Attempts to sign in, counted by name and address; see :mod:`fermata.accounts.throttle`."""

    key = models.BinaryField(primary_key=True, max_length=32, help_text="sha-256 of address and name")
    attempts = models.IntegerField()
    since = models.DateTimeField()

    class Meta:
        db_table = "fermata_sign_in_attempt"

    def __str__(self) -> str:
        return f"{self.attempts} since {self.since}"


class Ticket(models.Model):
    """A short-lived right to open one stream, used once.

    For programs that cannot send headers with a WebSocket.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    secret_digest = models.BinaryField(max_length=32)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    token = models.ForeignKey(ApiToken, null=True, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=200, help_text="what it opens, such as execution:<id>")
    expires_at = models.DateTimeField()

    class Meta:
        db_table = "fermata_ticket"
        indexes = (models.Index(fields=["expires_at"], name="ticket_expiry"),)

    def __str__(self) -> str:
        return f"ticket of {self.user} for {self.purpose}"


class DataKey(models.Model):
    """The key that seals a workspace's secrets, itself wrapped; see :mod:`fermata.accounts.sealing`."""

    workspace = models.OneToOneField(
        Workspace, primary_key=True, on_delete=models.CASCADE, related_name="data_key"
    )
    wrapped = models.BinaryField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    wrapped_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "fermata_data_key"

    def __str__(self) -> str:
        return f"data key of {self.workspace_id}"


class Secret(models.Model):
    """A sealed text that nodes with outside effects may read as ``secrets.<name>``.

    ``version`` grows with every value; it is part of what the seal is bound to.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="secrets")
    name = models.CharField(max_length=64)
    description = models.TextField(default="", blank=True)
    hosts = models.JSONField(default=list, blank=True, help_text="where it may be sent; empty: anywhere")
    sealed = models.BinaryField(editable=False)
    version = models.IntegerField(default=1)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    updated_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    last_used_at = models.DateTimeField(null=True, blank=True, help_text="to the minute")

    class Meta:
        db_table = "fermata_secret"
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(fields=["workspace", "name"], name="secret_name_once"),)

    def __str__(self) -> str:
        return self.name
