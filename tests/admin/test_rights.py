"""Every address of the back office, for every role and for nobody, against the table in loyalty/admin/roles.py."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from customers.models import Contact
from loyalty.admin import roles
from loyalty.admin.base import ReadOnly
from loyalty.admin.site import site
from loyalty.models import StaffRole
from tests.admin.conftest import Browser

EVERYBODY = [*StaffRole.values, "nobody"]
OPEN, REFUSED, WRONG_METHOD = 200, 403, 405


def pages() -> Iterator[ReadOnly]:
    for page in site._registry.values():
        assert isinstance(page, ReadOnly), page
        yield page


def address(page: ReadOnly, name: str, *args: object) -> str:
    return reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_{name}", args=args)


def pk_of(page: ReadOnly) -> object:
    return apps.get_model(page.label).objects.order_by("pk").values_list("pk", flat=True)[0]


def answer(client: Client, path: str, method: str = "get") -> int:
    """The status; a way to the settings' form counts as open, a way to the log-in as refused."""
    response = getattr(client, method)(path)
    if response.status_code == 302:
        return REFUSED if "login" in response["Location"] else OPEN
    return int(response.status_code)


def test_every_page_stands_in_the_table() -> None:
    assert {page.label for page in pages()} == roles.labels()


def test_a_role_that_is_not_in_the_table_may_nothing() -> None:
    assert not roles.allows("", "customers.contact", "view")
    assert not roles.allows("till", "customers.contact", "view")
    assert not roles.allows("marketer", "auth.group", "view")


@pytest.mark.parametrize("role", EVERYBODY)
def test_the_table_decides_every_address(role: str, retailer: Contact, person: User, browser: Browser) -> None:
    client = browser(None if role == "nobody" else role)
    wrong = []
    for page in pages():
        sees = roles.allows(role, page.label, "view")
        pk = pk_of(page)
        shown = OPEN if sees else REFUSED
        settings_locked = page.label == "loyalty.program" and not roles.allows(role, page.label, "edit")
        written = REFUSED if not sees or settings_locked else (422 if page.label == "loyalty.program" else WRONG_METHOD)
        expected = {
            (address(page, "changelist"), "get"): shown,
            (address(page, "change", pk), "get"): shown,
            (address(page, "change", pk), "post"): written,
            (address(page, "delete", pk), "get"): REFUSED,
            (address(page, "delete", pk), "post"): REFUSED,
            (address(page, "history", pk), "get"): REFUSED,
            (address(page, "add"), "get"): OPEN if page.creates and roles.allows(role, page.label, "add") else REFUSED,
        }
        for command in page.commands:
            opened = OPEN if roles.allows(role, page.label, command.name) else REFUSED
            expected[address(page, command.name, pk), "get"] = opened
        for (path, method), status in expected.items():
            if (found := answer(client, path, method)) != status:
                wrong.append((path, method, found, status))
    assert wrong == []


@pytest.mark.parametrize("role", StaffRole.values)
def test_the_menu_offers_what_may_be_opened_and_nothing_else(role: str, browser: Browser) -> None:
    html = browser(role).get(reverse("admin:index")).content.decode()
    for page in pages():
        assert (address(page, "changelist") in html) == roles.allows(role, page.label, "view"), page.label


def test_what_packages_register_by_themselves_is_not_in_the_back_office() -> None:
    foreign = {"axes", "otp_totp", "otp_static"}
    assert not foreign & {model._meta.app_label for model in site._registry}


def test_a_person_without_a_role_sees_nothing(browser: Browser) -> None:
    client = browser("marketer")
    User.objects.get().groups.clear()
    assert "no role yet" in client.get(reverse("admin:index")).content.decode()
    assert client.get(reverse("admin:customers_contact_changelist")).status_code == REFUSED


def test_a_person_who_was_switched_off_is_out(browser: Browser) -> None:
    client = browser("administrator")
    User.objects.update(is_active=False)
    assert answer(client, reverse("admin:index")) == REFUSED
