"""What a person sees when a page cannot be shown: plain words and a way on, without asking the database."""

import re
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory, override_settings
from django.urls import reverse

from config import error_pages
from customers.models import Contact
from loyalty.services import staff
from tests.admin.conftest import SYSTEM, Browser
from tests.admin.test_commands import press, shown_secret


def told(answer: Any) -> str:
    html = answer.content.decode()
    assert reverse("admin:index") in html
    assert 'name="viewport"' in html
    return re.sub(r"\s+", " ", re.sub(r"(?s)<style.*?</style>|<[^>]+>", " ", html))


@pytest.mark.django_db
def test_a_page_that_the_role_may_not_open_says_whom_to_ask(browser: Browser) -> None:
    answer = browser("senior_employee").get(reverse("admin:auth_user_changelist"))
    assert answer.status_code == 403
    assert "Your role does not include this" in told(answer)
    assert "Ask an administrator" in told(answer)


@pytest.mark.django_db
def test_an_address_without_a_page_leads_back(browser: Browser) -> None:
    answer = browser("marketer").get("/admin/nothing/here/")
    assert answer.status_code == 404
    assert "There is nothing at this address" in told(answer)


@pytest.mark.django_db
def test_a_form_opened_before_a_log_in_says_how_to_go_on(retailer: Contact) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(
        staff.create(SYSTEM, username="vera", role="cc_operator")[0], "django.contrib.auth.backends.ModelBackend"
    )
    path = reverse("admin:customers_contact_edit", args=[retailer.pk])
    stale = {"csrfmiddlewaretoken": "x" * 64, "surname": "X", "reason": "because"}
    answer = client.post(path, stale)
    assert answer.status_code == 403
    assert "This form is out of date" in told(answer)
    assert Contact.objects.get(pk=retailer.pk).surname != "X"


@pytest.mark.django_db
def test_a_file_that_is_too_large_says_how_large_one_may_be(retailer: Contact, browser: Browser) -> None:
    client = browser("marketer")
    with override_settings(MAX_UPLOAD_BYTES=1_048_576):
        form = {"file": SimpleUploadedFile("numbers.csv", b"1" * 1_100_000), "reason": "new cards"}
        answer = client.post(reverse("admin:cards_cardimport_add"), form)
    assert answer.status_code == 400
    assert "too large" in told(answer)
    assert "1 MB" in told(answer)


def test_no_fault_page_asks_the_database() -> None:
    request = RequestFactory().get("/admin/")
    for answer, status in (
        (error_pages.server_error(request), 500),
        (error_pages.bad_request(request, RequestDataTooBig()), 400),
        (error_pages.forbidden(request, Exception()), 403),
        (error_pages.not_found(request, Exception()), 404),
    ):
        assert answer.status_code == status
        assert "no-store" in answer["Cache-Control"]
        assert told(answer)


@pytest.mark.django_db
def test_who_is_locked_out_is_told_for_how_long_and_a_new_password_opens_at_once(browser: Browser) -> None:
    user, password = staff.create(SYSTEM, username="vera", role="marketer")
    client = Client(REMOTE_ADDR="203.0.113.7")

    def log_in(word: str) -> Any:
        return client.post(reverse("admin:login"), {"username": "vera", "password": word})

    for _ in range(10):
        log_in("wrong")
    AccessAttempt.objects.update(
        attempt_time=(since := AccessAttempt.objects.get().attempt_time - timedelta(minutes=14))
    )
    answer = log_in(password)
    assert answer.status_code == 429
    assert "Wait 15 minutes" in told(answer)
    assert AccessAttempt.objects.get().attempt_time == since, "who tries too early does not wait longer for it"
    renewed = shown_secret(press(browser("administrator", "root"), "auth_user", "password", user.pk))
    assert log_in(renewed).status_code == 302
