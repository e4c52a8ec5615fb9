"""Users of the installation, passwords, and how sessions end."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.test import Client

from fermata.accounts import sessions, throttle
from fermata.accounts.models import ApiToken, User
from fermata.api import shapes
from tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "a good password"
BETTER = "quite another phrase"


class Browser(Client):
    """Signs in and sends the CSRF token, as the pages do."""

    def __init__(self) -> None:
        super().__init__(enforce_csrf_checks=True)

    def sign_in(self, user: User, password: str = PASSWORD, *, status: int = 200) -> Browser:
        answer = self.send("POST", "/session", {"username": user.username, "password": password})
        assert answer.status_code == status, answer.content
        return self

    def send(self, method: str, path: str, body: object = None):
        token = self.cookies["csrftoken"].value if "csrftoken" in self.cookies else ""
        options = {"content_type": "application/json", "HTTP_X_CSRFTOKEN": token}
        return getattr(self, method.lower())(f"/api/v1{path}", body, **({} if method == "GET" else options))

    def is_signed_in(self) -> bool:
        return self.get("/api/v1/me").status_code == 200


@pytest.fixture
def admin(db):
    return Browser().sign_in(UserFactory(username="root", is_superuser=True, is_staff=True))


def test_an_administrator_makes_lists_and_reads_users(admin):
    made = admin.send("POST", "/users", {"username": "mia", "name": "Mia May", "email": "mia@example.org"})
    assert made.status_code == 201
    new = shapes.NewUser.model_validate(made.json())
    assert new.password
    Browser().sign_in(User.objects.get(id=new.id), new.password)
    given = admin.send("POST", "/users", {"username": "tom", "password": BETTER}).json()
    assert given["password"] is None
    Browser().sign_in(User.objects.get(username="tom"), BETTER)
    page = admin.send("GET", "/users?search=MAY").json()
    assert [row.username for row in shapes.UserPage.model_validate(page).results] == ["mia"]
    names, cursor = [], ""
    for _ in range(3):
        part = admin.send("GET", f"/users?limit=1{cursor}").json()
        names += [row["username"] for row in part["results"]]
        cursor = f"&cursor={part['next']}"
    assert names == ["mia", "root", "tom"]
    read = admin.send("GET", f"/users/{new.id}").json()
    assert shapes.User.model_validate(read).workspaces == []


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"username": "a b"}, 422, "/username"),
        ({"username": "ROOT"}, 409, None),
        ({"username": "x", "password": "short"}, 422, "/password"),
        ({"username": "x", "password": "password1234"}, 422, "/password"),
        ({"username": "x", "email": "no address"}, 422, "/email"),
        ({"username": ""}, 400, "/username"),
        ({"username": "x", "is_superuser": "yes"}, 400, "/is_superuser"),
    ],
)
def test_a_user_that_will_not_do_is_refused(admin, body, status, pointer):
    refused = admin.send("POST", "/users", body)
    assert refused.status_code == status, refused.content
    if pointer:
        assert refused.json()["problems"][0]["pointer"] == pointer
    assert User.objects.count() == 1


def test_a_deactivated_user_can_do_nothing_from_that_moment(admin, caller_of):
    caller = caller_of("owner")
    browser = Browser().sign_in(caller.user)
    assert browser.is_signed_in()
    answer = admin.send("PATCH", f"/users/{caller.user.id}", {"is_active": False})
    assert answer.status_code == 200
    assert not browser.is_signed_in()
    caller.call("GET", "/workflows", status=401)
    Browser().sign_in(caller.user, status=401)
    admin.send("PATCH", f"/users/{caller.user.id}", {"is_active": True})
    assert not browser.is_signed_in()  # neither session nor token comes back to life
    caller.call("GET", "/workflows", status=401)
    assert not ApiToken.objects.filter(user=caller.user, revoked_at=None).exists()
    Browser().sign_in(caller.user)
    assert admin.is_signed_in()


def test_there_is_always_an_administrator(admin):
    root = User.objects.get(username="root")
    for body in ({"is_active": False}, {"is_superuser": False}):
        assert admin.send("PATCH", f"/users/{root.id}", body).status_code == 409
    other = UserFactory(is_superuser=True)
    assert admin.send("PATCH", f"/users/{root.id}", {"is_superuser": False}).status_code == 409
    assert admin.send("PATCH", f"/users/{other.id}", {"is_superuser": False}).status_code == 200
    assert User.objects.filter(is_superuser=True).get() == root


def test_an_administrator_resets_a_password_but_not_their_own(admin):
    user = UserFactory()
    browser = Browser().sign_in(user)
    answer = admin.send("PATCH", f"/users/{user.id}", {"password": BETTER})
    assert answer.status_code == 200
    assert BETTER not in answer.content.decode()
    assert not browser.is_signed_in()
    browser.sign_in(user, BETTER)
    root = User.objects.get(username="root")
    refused = admin.send("PATCH", f"/users/{root.id}", {"password": BETTER})
    assert refused.status_code == 422
    assert "/me/password" in refused.json()["problems"][0]["cure"]


def test_a_new_password_needs_the_old_one_and_ends_every_other_session():
    user = MembershipFactory().user
    here, there = Browser().sign_in(user), Browser().sign_in(user)
    wrong = here.send("PUT", "/me/password", {"old_password": "nope", "new_password": BETTER})
    assert wrong.json()["problems"][0]["pointer"] == "/old_password"
    weak = here.send("PUT", "/me/password", {"old_password": PASSWORD, "new_password": "12345678901"})
    assert weak.json()["problems"][0]["pointer"] == "/new_password"
    assert there.is_signed_in()
    before = here.cookies["sessionid"].value
    done = here.send("PUT", "/me/password", {"old_password": PASSWORD, "new_password": BETTER})
    assert done.status_code == 204
    assert here.is_signed_in()
    assert here.cookies["sessionid"].value != before
    assert not there.is_signed_in()
    Browser().sign_in(user, status=401)
    Browser().sign_in(user, BETTER)


def test_the_old_password_cannot_be_guessed_with_a_stolen_session(caller_of):
    user = MembershipFactory().user
    browser = Browser().sign_in(user)
    body = {"old_password": "nope", "new_password": BETTER}
    for _ in range(throttle.MOST_BY_NAME):
        assert browser.send("PUT", "/me/password", body).status_code == 422
    assert browser.send("PUT", "/me/password", body).status_code == 429
    caller_of("owner").call("PUT", "/me/password", body, status=403)


def stored(browser: Browser) -> SessionStore:
    return SessionStore(browser.cookies["sessionid"].value)


def test_a_session_in_use_is_prolonged_now_and_then_and_an_idle_one_ends(django_assert_num_queries):
    browser = Browser().sign_in(MembershipFactory().user)
    row = Session.objects.filter(session_key=stored(browser).session_key)
    first = row.get().expire_date
    assert browser.is_signed_in()
    assert row.get().expire_date == first  # not a write for every request
    session = stored(browser)
    session[sessions.SEEN] -= sessions.SEEN_PRECISION.total_seconds() + 1
    session.save()
    row.update(expire_date=first - timedelta(hours=1))
    assert browser.is_signed_in()
    assert row.get().expire_date >= first
    row.update(expire_date=first - timedelta(days=2))
    assert not browser.is_signed_in()


def test_a_session_ends_two_weeks_after_the_sign_in_however_much_it_is_used():
    user = MembershipFactory().user
    browser = Browser().sign_in(user)
    session = stored(browser)
    session[sessions.SINCE] = time.time() - sessions.LONGEST.total_seconds() - 1
    session.save()
    assert not browser.is_signed_in()
    assert browser.sign_in(user).is_signed_in()
