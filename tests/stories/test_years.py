"""Tiers through the years: what a shopper sees is the same before the job of the year end and after it."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from loyalty.core import actors
from loyalty.models import Program, Purchase
from loyalty.selectors import loyalty_data
from loyalty.selectors.loyalty_data import Key
from loyalty.services import points, tiers, year_end
from tests.conftest import MOSCOW, MovingClock
from tests.factories import tier_named
from tests.stories.shop import Shop, points_of
from tests.stories.test_returns import refund
from tiers.models import ExpiryPolicy, Standing, Tier, TierSystem

pytestmark = pytest.mark.django_db

MARKETER = actors.staff("maria", "marketer")
PHONE = "79001234567"
ANNA = {"firstname": "Anna", "surname": "Orlova", "birthDate": "1990-05-17"}


class Year(Shop):
    """A shop whose jobs come when the story says so; whatever they book must change nothing that anybody sees."""

    def __init__(self, clock: MovingClock) -> None:
        super().__init__()
        self.clock = clock
        self.card = self.give_card(PHONE, **ANNA)
        self.receipts = 0

    def buy(self, amount: str, **fields: object) -> dict[str, object]:
        self.receipts += 1
        return self.sell(self.card, f"R-{self.receipts}", amount, **fields)  # type: ignore[arg-type]

    def on(self, moment: str, zone: ZoneInfo = MOSCOW) -> None:
        self.clock.set(datetime.fromisoformat(moment).replace(tzinfo=zone))

    def sees(self) -> object:
        found = loyalty_data.find(Key.PHONE, f"+{PHONE}", incentives=True)
        assert found.ladder is not None
        standing = found.ladder.standing
        assert standing is not None
        return (
            found.ladder.tier.name, standing.public_id, standing.entered_at, standing.in_tier_since, standing.ends_at,
            standing.reason, found.points.qualifying, found.points.qualifying_escrow, found.points.burned,
            [(account.amount, account.lifetime) for account in found.points.accounts], self.balances(self.card),
        )  # fmt: skip

    def jobs(self, *, rollover_first: bool = True) -> None:
        """Both jobs, in either order: each finds what is due and nobody sees that they came."""
        before = self.sees()
        todo = [lambda: year_end.assess_due(actors.system("beat")), self.nightly_job]
        for job in reversed(todo) if rollover_first else todo:
            job()
            assert self.sees() == before
        assert year_end.assess_due(actors.system("beat")).contacts == 0  # type: ignore[union-attr]

    def standings(self) -> list[tuple[str, str, str, str]]:
        """Tier, reason, entered, ends: as booked."""
        rows = Standing.objects.filter(contact_id=self._contact(self.card)).order_by("id")
        assert [row.left_at for row in rows[: len(rows) - 1]] == [row.entered_at for row in rows[1:]]
        return [(row.tier.name, row.reason, told(row.entered_at), told(row.ends_at)) for row in rows]


def told(moment: datetime | None) -> str:
    return f"{moment.astimezone(MOSCOW):%Y-%m-%d %H:%M:%S}" if moment else ""


@pytest.fixture
def shop(story_clock: MovingClock, db: None) -> Year:
    return Year(story_clock)


@pytest.mark.parametrize("rollover_first", [True, False])
def test_three_years_of_anna(shop: Year, rollover_first: bool) -> None:
    shop.buy("2500.00")
    shop.on("2026-04-01T12:00:00")
    # Nobody has run a job: the clock has made her Silver.
    assert shop.tier(shop.card) == "Silver"
    shop.jobs(rollover_first=rollover_first)

    # 2027: she keeps Silver by qualifying again, on the day the points land.
    shop.on("2027-05-10T10:00:00")
    assert shop.balances(shop.card).qualifying == 0
    shop.jobs(rollover_first=rollover_first)
    shop.buy("9000.00")
    shop.on("2027-06-09T10:00:00")
    shop.jobs(rollover_first=rollover_first)

    # New Year 2028: the points begin anew, Silver goes on for one more year.
    shop.on("2027-12-31T23:59:59")
    assert (shop.tier(shop.card), shop.balances(shop.card).qualifying) == ("Silver", 9000)
    shop.on("2028-01-01T00:00:00")
    assert (shop.tier(shop.card), shop.balances(shop.card).qualifying) == ("Silver", 0)
    shop.jobs(rollover_first=rollover_first)
    shop.buy("1999.00")

    # 2028 is not enough: with the year ends Silver.
    shop.on("2028-12-31T23:59:59")
    assert shop.tier(shop.card) == "Silver"
    shop.on("2029-01-01T00:00:00")
    assert shop.tier(shop.card) == "Base"
    shop.on("2029-02-01T00:00:00")
    shop.jobs(rollover_first=rollover_first)
    assert shop.standings() == [
        ("Base", "enrolled", "2026-03-02 12:00:00", ""),
        ("Silver", "upgraded", "2026-04-01 12:00:00", "2028-01-01 00:00:00"),
        ("Silver", "extended", "2027-06-09 10:00:00", "2029-01-01 00:00:00"),
        ("Base", "assessed", "2029-01-01 00:00:00", ""),
    ]


def test_a_rollover_in_january_counts_december_for_the_old_year(shop: Year) -> None:
    shop.on("2026-12-01T23:59:59")
    shop.buy("2000.00")
    shop.on("2026-12-05T00:00:00")
    shop.buy("10000.00")
    # The first matured at 23:59:59 on 31 December, the second on 4 January; the jobs come on the 5th.
    shop.on("2027-01-05T09:00:00")
    assert shop.tier(shop.card) == "Gold"
    assert shop.balances(shop.card).qualifying == 10_000
    shop.jobs()
    assert shop.standings()[1:] == [
        ("Silver", "upgraded", "2026-12-31 23:59:59", "2028-01-01 00:00:00"),
        ("Gold", "upgraded", "2027-01-04 00:00:00", "2029-01-01 00:00:00"),
    ]


def test_a_purchase_at_the_last_second_of_the_year_counts_for_the_year_in_which_it_lands(shop: Year) -> None:
    shop.on("2026-12-31T23:59:59")
    shop.buy("2000.00")
    shop.on("2027-01-01T00:00:00")
    assert shop.balances(shop.card) == points_of("0", "2000", "0", "2000")
    shop.on("2027-01-30T23:59:59")
    assert (shop.tier(shop.card), shop.balances(shop.card).qualifying) == ("Silver", 2000)
    shop.jobs()
    assert shop.standings()[-1][2:] == ("2027-01-30 23:59:59", "2029-01-01 00:00:00")


def test_without_escrow_the_last_second_counts_for_the_old_year(shop: Year) -> None:
    Program.objects.update(escrow_days=0)
    shop.on("2026-12-31T23:59:59")
    shop.buy("2000.00")
    assert shop.tier(shop.card) == "Silver"
    shop.on("2027-01-01T00:00:00")
    shop.buy("1500.00")
    assert shop.balances(shop.card).qualifying == 1500
    shop.jobs()
    assert shop.standings()[-1][2:] == ("2026-12-31 23:59:59", "2028-01-01 00:00:00")


def test_a_till_that_was_offline_over_new_year_uploads_points_of_the_new_year(shop: Year) -> None:
    """November's purchase is learned of in January. 2026 is closed; the points count from when they come."""
    shop.on("2027-01-02T00:00:00")
    shop.jobs()
    answer = shop.buy("2500.00", at=shop.clock.moment - timedelta(days=45), Offline=True)
    assert answer["Key"] == "OK"
    assert (shop.tier(shop.card), shop.balances(shop.card)) == ("Silver", points_of("2500", "0", "2500", "0"))
    shop.jobs()
    assert shop.standings()[-1] == ("Silver", "upgraded", "2027-01-02 00:00:00", "2029-01-01 00:00:00")


def test_a_leap_day_and_a_zone_with_daylight_saving(shop: Year) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    Program.objects.update(zone="Europe/Berlin")
    shop.on("2028-01-30T12:00:00", berlin)
    shop.buy("2000.00")
    # Thirty days later is 29 February. The year in Berlin is over two hours after Moscow's.
    shop.on("2028-02-29T12:00:00", berlin)
    assert shop.tier(shop.card) == "Silver"
    shop.jobs()
    shop.on("2029-12-31T23:59:59", berlin)
    assert shop.tier(shop.card) == "Silver"
    shop.on("2030-01-01T00:00:00", berlin)
    assert shop.tier(shop.card) == "Base"
    shop.jobs(rollover_first=False)
    assert shop.standings()[-2:] == [
        ("Silver", "upgraded", "2028-02-29 14:00:00", "2030-01-01 02:00:00"),
        ("Base", "assessed", "2030-01-01 02:00:00", ""),
    ]


def test_the_multiplier_counts_from_the_moment_of_the_upgrade_job_or_no_job(shop: Year) -> None:
    Tier.objects.filter(name="Silver").update(multiplier=Decimal(2))
    shop.buy("2000.00")
    shop.on("2026-04-01T11:59:59")
    assert shop.buy("100.00")["Accrued"] == 100
    shop.on("2026-04-01T12:00:00")
    assert shop.buy("100.00")["Accrued"] == 200
    assert Purchase.objects.latest("id").qualifying == 100
    # What was bought a second before and comes now still earns as Base.
    assert shop.buy("100.00", at=shop.clock.moment - timedelta(seconds=1))["Accrued"] == 100
    # Silver ends with 2027, job or no job.
    shop.on("2027-12-31T23:59:59")
    assert shop.buy("100.00")["Accrued"] == 200
    shop.on("2028-01-01T00:00:00")
    assert shop.buy("100.00")["Accrued"] == 100
    shop.jobs()


def test_a_return_after_the_year_was_closed_takes_nothing_from_the_new_year(shop: Year) -> None:
    shop.on("2026-11-20T12:00:00")
    shop.buy("3000.00")
    shop.on("2026-12-31T12:00:00")
    shop.buy("500.00")
    shop.on("2027-02-01T12:00:00")
    # No job has come: the return itself closes the year before it takes anything.
    returned = refund(shop, "R-1", "F-1", "3000.00")
    assert (returned["Key"], returned["TakenBack"]) == ("OK", Decimal(3000))
    assert shop.balances(shop.card) == points_of("500", "0", "500", "0")
    # The tier stays until its own end.
    assert shop.tier(shop.card) == "Silver"
    shop.jobs()
    assert shop.balances(shop.card) == points_of("500", "0", "500", "0")


def test_a_return_before_the_job_does_not_undo_what_the_clock_has_given(shop: Year) -> None:
    shop.on("2026-12-01T12:00:00")
    shop.buy("2000.00")
    shop.on("2027-01-03T12:00:00")
    refund(shop, "R-1", "F-1", "500.00")
    shop.jobs()
    assert shop.standings()[-1] == ("Silver", "upgraded", "2026-12-31 12:00:00", "2028-01-01 00:00:00")


@pytest.mark.parametrize(("policy", "follows"), [("balance_based", "Base"), ("one_down", "Silver")])
def test_gold_without_points_falls_as_the_retailer_has_chosen(shop: Year, policy: str, follows: str) -> None:
    TierSystem.objects.update(assessment=policy)
    shop.buy("10000.00")
    shop.on("2027-12-31T23:59:59")
    assert shop.tier(shop.card) == "Gold"
    shop.on("2028-01-01T00:00:00")
    assert shop.tier(shop.card) == follows
    shop.jobs()
    # One year more for what was left, then the same again.
    shop.on("2029-01-01T00:00:00")
    assert shop.tier(shop.card) == "Base"
    shop.jobs()


def test_a_tier_of_365_days_ends_in_the_middle_of_a_year(shop: Year) -> None:
    Tier.objects.filter(name="Silver").update(expiry_policy=ExpiryPolicy.DAYS, expiry_days=365)
    shop.buy("2000.00")
    shop.on("2027-04-01T11:59:59")
    assert shop.tier(shop.card) == "Silver"
    shop.on("2027-04-01T12:00:00")
    assert shop.tier(shop.card) == "Base"
    shop.jobs()
    assert shop.standings()[-1] == ("Base", "assessed", "2027-04-01 12:00:00", "")


def test_a_tier_between_two_lifts_who_meets_it_and_takes_from_nobody(shop: Year) -> None:
    shop.buy("6000.00")
    shop.on("2026-06-01T12:00:00")
    shop.jobs()
    assert shop.tier(shop.card) == "Silver"
    values = {"name": "Rose", "target": Decimal(5000), "multiplier": Decimal("1.5"), "expiry_policy": "next_year_end",
              "expiry_days": None}  # fmt: skip
    tiers.add_tier(MARKETER, tier_named("Silver").pk, values, "more to reach for")
    assert list(Tier.objects.order_by("rank").values_list("name", "rank")) == [
        ("Unenrolled", 0), ("Base", 1), ("Silver", 2), ("Rose", 3), ("Gold", 4),
    ]  # fmt: skip
    # A till that sells before the job knows it already.
    assert shop.tier(shop.card) == "Rose"
    assert shop.buy("100.00")["Accrued"] == 150
    shop.on("2026-06-01T12:01:00")
    shop.jobs()
    assert TierSystem.objects.get().ladder_changed_at is None
    assert shop.standings()[-1] == ("Rose", "upgraded", "2026-06-01 12:00:00", "2028-01-01 00:00:00")

    # A target that falls lifts by the same job; one that rises takes from nobody.
    tiers.change_tier(MARKETER, tier_named("Gold").pk, {"target": Decimal(5500)}, "spring")
    shop.on("2026-06-01T12:02:00")
    shop.jobs()
    assert shop.tier(shop.card) == "Gold"
    tiers.change_tier(MARKETER, tier_named("Gold").pk, {"target": Decimal(50_000)}, "too cheap")
    shop.on("2027-12-31T23:59:59")
    shop.jobs()
    assert shop.tier(shop.card) == "Gold"


def test_points_that_closed_are_not_burned_and_stand_in_history(shop: Year) -> None:
    shop.buy("700.00")
    shop.on("2027-02-01T12:00:00")
    shop.jobs()
    found = loyalty_data.find(Key.PHONE, f"+{PHONE}", incentives=True).points
    assert (found.burned, found.spendable, found.qualifying) == (0, 700, 0)
    from loyalty.ledger.models import Operation, Transfer

    close = Operation.objects.get(kind="year_close")
    assert told(close.effective_at) == "2027-01-01 00:00:00"
    assert Transfer.objects.get(operation_id=close.pk).amount == 700
    assert points.preview_rollover(shop.clock.moment).lots == 0
