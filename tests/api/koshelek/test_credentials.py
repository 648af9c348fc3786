"""HTTP Basic: who may call, and what guessing costs."""

from typing import Any

import pytest
from django.test import Client

from loyalty.core import actors
from loyalty.models import ApiClient, Surface
from loyalty.services import api_clients
from tests.api.koshelek.conftest import Reply, Wallet, basic


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!",
        "Basic " + "A" * 10_000,
        "Bearer abc",
        "Basic /w==",
        basic("wallet-app", ""),
        basic("", ""),
        basic("wallet-app\x00", "x"),
        basic("кошелёк", "секрет"),
        basic("wallet-app' OR 1=1 --", "x"),
    ],
)
def test_wrong_credentials_are_401(wallet: Wallet, header: str) -> None:
    wallet.headers = {"Authorization": header}
    reply = wallet.find(msisdn="79001234567")
    assert (reply.status, reply.code) == (401, "1001")
    assert reply.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(("surface", "role"), [(Surface.CASH_DESK, "administrator"), (Surface.LOYALTY_DATA, "")])
def test_a_credential_of_another_surface_is_refused(wallet: Wallet, surface: str, role: str) -> None:
    client, secret = api_clients.create(actors.system("test"), surface=surface, login="other", role=role)
    wallet.headers = {"Authorization": basic(client.login, secret)}
    assert wallet.find(msisdn="79001234567").status == 401


def test_a_credential_that_was_switched_off_is_refused(wallet: Wallet) -> None:
    api_clients.switch(actors.system("test"), ApiClient.objects.get(login=wallet.login).pk, active=False)
    assert wallet.find(msisdn="79001234567").status == 401


def test_guessing_is_throttled_for_one_login_and_address_and_the_right_secret_still_passes(
    wallet: Wallet, settings: Any
) -> None:
    settings.API_FAILURE_LIMIT = 3

    def guess(login: str, address: str) -> int:
        headers = {"Authorization": basic(login, "wrong")}
        return Client().get("/v1/card", headers=headers, REMOTE_ADDR=address).status_code

    assert [guess(wallet.login, "192.0.2.1") for _ in range(5)] == [401, 401, 401, 429, 429]
    assert guess(wallet.login, "192.0.2.2") == 401
    assert guess("another", "192.0.2.1") == 401
    reply = Reply(
        Client().get("/v1/card", headers={"Authorization": basic(wallet.login, "x")}, REMOTE_ADDR="192.0.2.1")
    )
    assert (reply.code, reply.headers["Retry-After"]) == ("1006", str(settings.API_LOCKOUT_SECONDS))
    right = Client().get("/v1/card/1", headers=wallet.headers, REMOTE_ADDR="192.0.2.1")
    assert right.status_code == 422
