"""Log-ins of the back office: made with a role, locked out after guesses, with a second factor when wanted."""

import time
from io import StringIO
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client, override_settings
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from loyalty.core import actors
from loyalty.core.errors import InvalidParameter
from loyalty.models import JournalEntry
from loyalty.services import staff
from tests.admin.conftest import SYSTEM, Browser
from tests.admin.test_commands import press, shown_secret

pytestmark = pytest.mark.django_db
ADDRESS = "203.0.113.7"


def log_in(username: str, password: str, address: str = ADDRESS) -> Client:
    client = Client(REMOTE_ADDR=address)
    client.post(reverse("admin:login"), {"username": username, "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("admin:index")).status_code == 200


def create(**options: str) -> str:
    output = StringIO()
    call_command("create_staff", stdout=output, **options)
    return output.getvalue()


def test_the_command_prints_name_and_password_and_they_work() -> None:
    output = create(username="vera-1", role="cc_operator")
    name, _, password = output.strip().rpartition("\n")[2].partition(":")
    assert (name, output.count("\n")) == ("vera-1", 1)
    assert is_in(log_in(name, password))
    entry = JournalEntry.objects.get(action="staff.create")
    assert (entry.actor, entry.target) == ("system:create_staff", "vera-1")
    assert password not in str(entry.details)


@pytest.mark.parametrize("username", ["", "a b", "вера", "x" * 41, "a\n", "a@b", "../x"])
def test_the_command_refuses_odd_names(username: str) -> None:
    with pytest.raises(CommandError, match="letters, digits and dashes"):
        create(username=username, role="marketer")
    assert not User.objects.exists()


def test_the_command_refuses_a_name_in_use_whatever_its_case() -> None:
    create(username="vera", role="marketer")
    for name in ("vera", "Vera"):
        with pytest.raises(CommandError, match="exists already"):
            create(username=name, role="marketer")
    with pytest.raises(CommandError, match="invalid choice"):
        create(username="olga", role="queen")


def test_lock_out_is_per_name_and_address_together() -> None:
    _, password = staff.create(SYSTEM, username="vera", role="marketer")
    _, others = staff.create(SYSTEM, username="olga", role="marketer")
    for _ in range(10):
        log_in("vera", "wrong")
    assert not is_in(log_in("vera", password))
    assert is_in(log_in("olga", others)), "a colleague at the same address works on"
    assert is_in(log_in("vera", password, "203.0.113.8")), "from another address the person comes in"


@pytest.mark.parametrize("told", ["198.51.100.{}", "203.0.113.66, 198.51.100.{}", "2001:db8::{}"])
def test_behind_a_proxy_each_person_has_an_address_of_its_own(told: str) -> None:
    _, password = staff.create(SYSTEM, username="vera", role="administrator")
    form = {"username": "vera", "password": password}
    proxy = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_PROTO": "https", "HTTP_HOST": "localhost"}
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        stranger = Client(**proxy, HTTP_X_FORWARDED_FOR=told.format(7))  # type: ignore[arg-type]
        for _ in range(11):
            stranger.post(reverse("admin:login"), form | {"password": "wrong"})
        assert stranger.post(reverse("admin:login"), form).status_code == 429
        vera = Client(**proxy, HTTP_X_FORWARDED_FOR=told.format(8))  # type: ignore[arg-type]
        vera.post(reverse("admin:login"), form)
        assert is_in(vera), "a stranger must not lock an administrator out through the proxy"
        assert shown_secret(vera.post(reverse("admin:auth_user_add"), {"username": "olga", "role": "marketer"}))
    assert JournalEntry.objects.get(target="olga").address == told.format(8).rpartition(", ")[2]


@pytest.mark.parametrize("told", ["unknown", "", "198.51.100.7:4711", "x" * 5000, "fe80::1%" + "x" * 300])
def test_an_address_that_is_none_is_that_of_the_proxy(told: str) -> None:
    staff.create(SYSTEM, username="vera", role="administrator")
    client = Client(REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=told)
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        answer = client.post(reverse("admin:login"), {"username": "vera", "password": "wrong"})
    assert answer.status_code == 200
    assert AccessAttempt.objects.get().ip_address == "10.0.0.1"


def test_an_administrator_makes_people_and_renews_passwords(browser: Browser) -> None:
    root = browser("administrator", "root")
    password = shown_secret(root.post(reverse("admin:auth_user_add"), {"username": "vera", "role": "director"}))
    vera = User.objects.get(username="vera")
    session = log_in("vera", password)
    assert is_in(session)
    renewed = shown_secret(press(root, "auth_user", "password", vera.pk))
    assert not is_in(session), "sessions opened with the old password end"
    assert is_in(log_in("vera", renewed))
    press(root, "auth_user", "role", vera.pk, role="marketer", reason="moved")
    assert list(vera.groups.values_list("name", flat=True)) == ["marketer"]
    press(root, "auth_user", "switch-off", vera.pk, reason="left")
    assert not is_in(log_in("vera", renewed))
    acts = set(JournalEntry.objects.filter(actor="staff:root").values_list("action", flat=True))
    assert acts == {"staff.create", "staff.renew_password", "staff.change_role", "staff.switch"}


def test_nobody_switches_off_or_degrades_themselves(browser: Browser) -> None:
    root = browser("administrator", "root")
    user = User.objects.get(username="root")
    answer = press(root, "auth_user", "switch-off", user.pk, reason="oops")
    assert answer.status_code == 422
    assert "another administrator" in answer.content.decode()
    with pytest.raises(InvalidParameter):
        staff.change_role(actors.staff("root", "administrator"), user.pk, "marketer", "oops")


def test_nobody_takes_away_their_own_second_factor_or_password(browser: Browser) -> None:
    root, olga = browser("administrator", "root"), browser("administrator", "olga")
    user = User.objects.get(username="root")
    TOTPDevice.objects.create(user=user, name="app", confirmed=True)
    page = root.get(reverse("admin:auth_user_change", args=[user.pk])).content.decode()
    for name in ("second-factor", "password"):
        assert reverse(f"admin:auth_user_{name}", args=[user.pk]) not in page, "no button leads there"
        answer = press(root, "auth_user", name, user.pk, reason="oops")
        assert answer.status_code == 422
        assert "another administrator" in answer.content.decode()
    assert TOTPDevice.objects.filter(user=user, confirmed=True).count() == 1
    assert not JournalEntry.objects.filter(action__in=("staff.remove_second_factor", "staff.renew_password")).exists()
    assert press(olga, "auth_user", "second-factor", user.pk, reason="lost the telephone").status_code == 302
    assert not TOTPDevice.objects.exists()


def test_no_page_shows_a_password(browser: Browser, person: User) -> None:
    root = browser("administrator")
    page = root.get(reverse("admin:auth_user_change", args=[person.pk])).content.decode()
    assert person.password not in page
    assert "md5" not in page


def test_people_change_their_own_password_and_the_journal_knows() -> None:
    _, password = staff.create(SYSTEM, username="vera", role="marketer")
    client = log_in("vera", password)
    new = "a-very-long-passphrase-7"
    form = {"old_password": password, "new_password1": new, "new_password2": new}
    assert client.post(reverse("admin:password_change"), form).status_code == 302
    assert is_in(log_in("vera", new))
    assert JournalEntry.objects.filter(action="staff.change_password", actor="staff:vera").count() == 1


def code_of(device: TOTPDevice, shift: int = 0) -> str:
    totp = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    totp.time = time.time() + shift * device.step
    return f"{totp.token():06d}"


def enter(client: Client, token: str) -> Any:
    return client.post(reverse("admin:two_factor"), {"token": token})


@override_settings(TWO_FACTOR=True)
def test_with_two_factors_a_password_is_half_the_way() -> None:
    user, password = staff.create(SYSTEM, username="vera", role="administrator")
    client = log_in("vera", password)
    assert not is_in(client)
    assert client.get(reverse("admin:loyalty_apiclient_changelist")).status_code == 302
    answer = client.get(reverse("admin:login"), {"next": "/admin/cards/card/"}, follow=True)
    assert "data:image/svg+xml" in answer.content.decode()
    assert enter(client, "000000").status_code == 200
    assert not is_in(client)
    device = TOTPDevice.objects.get(user=user)
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    assert enter(client, code_of(device)).status_code == 302
    assert is_in(client)
    assert JournalEntry.objects.filter(action="staff.enrol_second_factor", target="vera").exists()


@override_settings(TWO_FACTOR=True)
def test_an_enrolled_key_is_never_shown_again_and_wrong_codes_are_throttled() -> None:
    user, password = staff.create(SYSTEM, username="vera", role="administrator")
    device = TOTPDevice.objects.create(user=user, name="app", confirmed=True)
    thief = log_in("vera", password)
    page = thief.get(reverse("admin:two_factor")).content.decode()
    assert "data:image" not in page
    assert device.key not in page
    assert enter(thief, "000000").status_code == 200
    assert "Too many wrong codes" in enter(thief, code_of(device)).content.decode()
    assert not is_in(thief)
    assert TOTPDevice.objects.count() == 1


@override_settings(TWO_FACTOR=True)
def test_the_second_factor_page_is_for_people_with_the_first() -> None:
    answer = Client().get(reverse("admin:two_factor"))
    assert answer.status_code == 302
    assert not TOTPDevice.objects.exists()


def test_an_administrator_removes_a_lost_second_factor(browser: Browser, person: User) -> None:
    TOTPDevice.objects.create(user=person, name="app", confirmed=True)
    press(browser("administrator"), "auth_user", "second-factor", person.pk, reason="lost the telephone")
    assert not TOTPDevice.objects.exists()
