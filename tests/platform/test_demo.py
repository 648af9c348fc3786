"""The demo retailer comes whole or not at all: whoever interrupts the first start may simply start again."""

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from cards.models import Card, CardStatus
from customers.models import Contact
from loyalty.ledger import invariants
from loyalty.management import demo, demo_campaigns
from loyalty.models import ApiClient, JobRun, Purchase, Store

pytestmark = pytest.mark.django_db(transaction=True)


class Interrupted(BaseException):
    """What a Ctrl-C is to a command."""


@pytest.fixture
def a_short_story(monkeypatch, settings, tmp_path):
    """A demo retailer of few shoppers and days, so that the tests are quick."""
    settings.DATA_DIR = tmp_path
    monkeypatch.setattr(demo, "SHOPPERS", 12)
    monkeypatch.setattr(demo, "DAYS", 35)


def interrupt(*_given):
    raise Interrupted()


def rows():
    return [model.objects.count() for model in (Contact, Card, Purchase, Store, JobRun, User, ApiClient)]


@pytest.mark.usefixtures("a_short_story")
def test_an_interrupted_start_leaves_nothing_and_the_next_one_fills_the_database(monkeypatch, tmp_path, capsys):
    before = rows()
    with monkeypatch.context() as patched:
        patched.setattr(demo_campaigns, "launch", interrupt)
        with pytest.raises(Interrupted):
            call_command("seed_demo")
    assert rows() == before
    assert not list(tmp_path.iterdir())
    call_command("seed_demo")
    assert Contact.objects.count() == 12
    assert Purchase.objects.exists()
    assert Card.objects.filter(status=CardStatus.BLOCKED).count() == 1
    assert invariants.broken() == []
    assert "demo-administrator:" in (tmp_path / "demo_credentials.txt").read_text()
    call_command("seed_demo")
    assert "nothing was added" in capsys.readouterr().err
    assert Contact.objects.count() == 12
