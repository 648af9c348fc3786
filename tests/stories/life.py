"""A shopper's life of years: after each step all that the shopper has is said in one line, and asked at each door.

What was said is kept. At the end the books are asked again for every moment of it, and checked against every law.
"""

import json
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from io import StringIO
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from django.core.management import call_command
from django.db import connection

from cards.models import Card, CardStatus
from customers.models import Contact, ContactStatus
from loyalty.core import actors, clock
from loyalty.ledger import balances, expiry
from loyalty.ledger.balances import Balance
from loyalty.models import Program
from loyalty.services import expiry as expiry_job
from loyalty.services import points, year_end
from tests.conftest import MOSCOW, MovingClock
from tests.stories.shop import Door, Shop
from tiers import rules
from tiers import selectors as tiers
from tiers.models import Standing

BEAT = actors.system("beat")
JOBS = {
    "rollover": lambda: points.roll_over_escrow(BEAT),
    "expiry": lambda: expiry_job.expire_points(BEAT),
    "year end": lambda: year_end.assess_due(BEAT),
}
CASH, STATUS = "0", "1"
ACTIVE, INACTIVE, BURNED, FROZEN, NEAREST_EXPIRY = "01234"


@dataclass(frozen=True)
class Seen:
    """All that a shopper has. The four: spendable, in escrow, tier-qualifying, tier-qualifying in escrow."""

    four: str
    ever: str
    burned: str
    debt: str
    ends: str
    tier: str


class Life(Shop):
    """A shop with one shopper in it; the jobs come when the story says so, and nobody may notice that they came."""

    def __init__(self, clock: MovingClock, phone: str, zone: ZoneInfo = MOSCOW, **person: str) -> None:
        super().__init__()
        Program.objects.update(zone=zone.key)
        self.clock, self.zone = clock, zone
        self.crm = Door("loyalty_data", "crm")
        self.call_centre = Door("cash_desk", "call-centre", "cc_operator")
        self._begin(phone, **person)

    def another(self, phone: str, **person: str) -> "Life":
        """Somebody else who shops there."""
        life = copy(self)
        life._begin(phone, **person)
        return life

    def _begin(self, phone: str, **person: str) -> None:
        self.phone, self.past = phone, dict[datetime, Seen]()
        self.card = self.give_card(phone, **person)
        self.code = str(self.till.get(f"/api/card/balance/by/{self.card}")["Code"])

    @property
    def contact(self) -> Contact:
        """The shopper as a contact, whatever became of the card."""
        return Contact.objects.get(code=self.code)

    # Steps.

    def on(self, moment: str, *, again: bool = False) -> "Life":
        """Move to a moment of the retailer's wall clock; `again`: the second time it shows it, in autumn."""
        self.clock.set(self.at(moment, again=again).astimezone(UTC))
        return self

    def at(self, moment: str, *, again: bool = False) -> datetime:
        """A moment of the retailer's wall clock."""
        return datetime.fromisoformat(moment).replace(tzinfo=self.zone, fold=int(again))

    def buys(self, receipt: str, amount: str, *, pays: str = "0", earns: str | None = None, **fields: Any) -> None:
        """A purchase: a point for each rouble that bonuses do not pay, unless `earns` says otherwise."""
        earned = Decimal(amount) - Decimal(pays) if earns is None else Decimal(earns)
        bonuses = {"BonusesToPay": pays} if Decimal(pays) else {}
        at = fields.pop("at", clock.now()).astimezone(self.zone)
        answer = self.sell(self.card, receipt, amount, at=at, **bonuses, **fields)
        assert (answer["Key"], answer["Accrued"], answer["Paid"]) == ("OK", earned, Decimal(pays))
        assert answer["Balance"] == self._may_spend()

    def brings_back(
        self, receipt: str, refund: str, *, amount: str = "", goods: str = "", taken: str, restored: str = "0"
    ) -> None:
        """Goods come back, by money or by Sku; the till is told what was taken back and restored, twice the same."""
        worth = {"Lines": [{"Sku": goods, "Quantity": 1}]} if goods else {"Amount": amount}
        body = {"PurchaseId": receipt, "RefundId": refund} | worth
        answer = self.till.post("/api/purchase/refund", body)
        assert self.till.post("/api/purchase/refund", body) == answer
        told = answer["Key"], answer["TakenBack"], answer["Restored"]
        assert told == ("OK", Decimal(taken), Decimal(restored))
        assert answer["Balance"] == self._may_spend()

    def _may_spend(self) -> Decimal:
        frozen = self.contact.status == ContactStatus.BLOCKED
        return Decimal(0) if frozen else self._held().available

    def is_refused(self, receipt: str, amount: str, key: str, **fields: Any) -> None:
        """A purchase that the till may not make; nothing comes of it."""
        before = self.sees()
        assert self.sell(self.card, receipt, amount, **fields)["Key"] == key
        assert self.sees() == before

    def jobs(self, *names: str) -> None:
        """Jobs come, all of them unless named, as late as the story has it: everybody sees what they saw before."""
        before = self.sees()
        for name in names or JOBS:
            JOBS[name]()
            assert self.sees() == before, name

    # What there is.

    def has(self, four: str, *, ever: str, tier: str, burned: str = "0", debt: str = "0", ends: str = "") -> None:
        """Everything the shopper has now. What is not named is nothing.

        `four`: spendable, escrow, tier-qualifying, its escrow; `ever`: all that ever entered those; `ends`: the points
        that expire first and their last day.
        """
        said = Seen(four, ever, burned, debt, ends, tier)
        assert self.sees() == said
        self.past[clock.now()] = said

    def sees(self) -> Seen:
        """What the books say by the clock; the till and the partners are told the same."""
        now, held = clock.now(), self._held()
        self._till_agrees(held)
        standing = tiers.standing_at(self._contact(self.card), now, self.zone)
        self._partner_agrees(held, standing)
        ends = held.expiring
        return Seen(
            four=row(max(held.spendable, Decimal(0)), held.spendable_escrow, held.qualifying, held.qualifying_escrow),
            ever=row(*(account.lifetime for account in held.accounts)),
            burned=row(held.burned),
            debt=row(max(-held.spendable, Decimal(0))),
            ends=f"{row(ends.amount)} {expiry.last_day(ends.expires_at, self.zone)}" if ends else "",
            tier=self._stands(standing),
        )

    # The end of the story.

    def looks_back(
        self,
        *standings: tuple[str, ...],
        learned_late: Mapping[str, str] | None = None,
        tiers_undone: Mapping[str, str] | None = None,
    ) -> None:
        """Every job has come; the laws hold; any past balance and tier is told as it was seen then.

        `standings`: tier, reason, entered, ends, as booked. `learned_late`: the four balances of moments that look
        different by now, because something that had happened before them was heard of only after them; `tiers_undone`:
        the standings of moments at which somebody else's tier counted, which has been undone since.
        """
        self.jobs()
        # The check wants a transaction of its own; here the test's is as good.
        with patch("loyalty.services.books.snapshot", connection.cursor):
            call_command("verify_ledger", stdout=StringIO())
        rows = Standing.objects.filter(contact_id=self._contact(self.card)).order_by("entered_at", "id")
        assert [each.left_at for each in rows][:-1] == [each.entered_at for each in rows][1:]
        booked = [(each.tier.name, each.reason, self._wall(each.entered_at), self._wall(each.ends_at)) for each in rows]
        assert booked == [(*each, "")[:4] for each in standings]
        late, undone = dict(learned_late or {}), dict(tiers_undone or {})
        for moment, seen in self.past.items():
            four = late.pop(self._wall(moment), self._as_booked(seen))
            assert self._told_of(moment) == four, self._wall(moment)
            standing = tiers.standing_at(self._contact(self.card), moment, self.zone)
            assert self._stands(standing) == undone.pop(self._wall(moment), seen.tier), self._wall(moment)
        assert (late, undone) == ({}, {})

    def _told_of(self, moment: datetime) -> str:
        """The four balances of a past moment, from the command."""
        out = StringIO()
        call_command("balance_as_of", "--contact", self.code, "--at", moment.isoformat(), "--json", stdout=out)
        return row(*(Decimal(amount) for amount in json.loads(out.getvalue()).values()))

    @staticmethod
    def _as_booked(seen: Seen) -> str:
        """The books keep a debt as a spendable balance below zero."""
        return seen.four if seen.debt == "0" else f"-{seen.debt} {seen.four.split(' ', 1)[1]}"

    def _held(self) -> Balance:
        now = clock.now()
        return balances.read(self._contact(self.card), now, since=rules.year_began(now, self.zone))

    def _till_agrees(self, held: Balance) -> None:
        bonuses = self.till.get(f"/api/card/balance/by/{self.card}")["Bonuses"]
        told = {(each["TypeCode"], each["StatusCode"]): each for each in bonuses}
        card = Card.objects.select_related("contact").get(number=self.card)
        assert card.contact is not None
        blocked = card.status == CardStatus.BLOCKED or card.contact.status == ContactStatus.BLOCKED
        assert told[CASH, FROZEN if blocked else ACTIVE]["Amount"] == held.available
        assert told[CASH, ACTIVE if blocked else FROZEN]["Amount"] == 0
        assert told[CASH, INACTIVE]["Amount"] == held.spendable_escrow
        assert told[CASH, BURNED]["Amount"] == held.burned
        assert told[STATUS, ACTIVE]["Amount"] == held.qualifying
        assert told[STATUS, INACTIVE]["Amount"] == held.qualifying_escrow
        ends = told.get((CASH, NEAREST_EXPIRY))
        if blocked or held.expiring is None:
            assert ends is None
        else:
            last_day = expiry.last_day(held.expiring.expires_at, self.zone).isoformat()
            assert ends is not None
            assert (ends["Amount"], ends["ExpireDate"]) == (held.expiring.amount, last_day)

    def _partner_agrees(self, held: Balance, standing: Standing | None) -> None:
        query = {"mobile_number": self.phone, "expand_incentives": "true"}
        user = self.crm.get("/priv/v1/apps/crm/users/search", **query)["user"]
        told = user["tier_details"]["point_account_balances"]
        assert user["available_points"] == held.available
        assert user["tier_points"] == held.qualifying
        assert [(each["available_balance"], each["life_time_value"]) for each in told["details"]] == [
            (account.amount, account.lifetime) for account in held.accounts
        ]
        assert told["summary"]["life_time_points"] == held.accounts[0].lifetime + held.accounts[2].lifetime
        entered = standing.in_tier_since if standing and standing.tier.rank else None
        if standing is None:
            assert user["tier"] == "UNENROLLED"
        else:
            ends = (entered or standing.in_tier_since, standing.ends_at)
            assert user["tier"] == standing.tier.name.upper()
            assert (user["tier_entered_at"], user["tier_resets_at"]) == tuple(
                f"{each.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if each else None for each in ends
            )

    def _stands(self, standing: Standing | None) -> str:
        if standing is None:
            return "Unenrolled"
        told = f"{standing.tier.name} since {self._wall(standing.in_tier_since)}"
        return f"{told} until {self._wall(standing.ends_at)}" if standing.ends_at else told

    def _wall(self, moment: datetime | None) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d %H:%M:%S}" if moment else ""


def row(*amounts: Decimal) -> str:
    """Amounts as a story writes them: no idle zeros."""
    return " ".join(f"{amount.quantize(Decimal('0.01')).normalize():f}" for amount in amounts)
