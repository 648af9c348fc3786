"""What happens in the shops, by the same use cases as the doors call: join, buy, spend, bring back."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from customers.services import PersonalData
from loyalty.core import actors, clock
from loyalty.ledger import rounding
from loyalty.ledger.accounts import Account
from loyalty.selectors import card_balances
from loyalty.services import adjustments, holding, purchases, refunds, wallet
from loyalty.services.adjustments import Wanted
from loyalty.services.errors import RefundExceedsPurchase
from loyalty.services.holding import HoldCall
from loyalty.services.purchases import Sale
from loyalty.services.refunds import RefundRequest
from loyalty.simulator.faults import Faults
from loyalty.simulator.people import Return, Shopper, Visit

APP = actors.client("simulated-app", "", "koshelek")
TILL = actors.client("simulated-till", "till", "cash_desk")
_SHARE = Decimal("0.5")
_APOLOGY, _LARGEST_APOLOGY = Decimal("0.1"), Decimal(200)


@dataclass(frozen=True, slots=True)
class Delayed:
    """A receipt that lies in an offline till, and for how many days."""

    sale: Sale
    days: int


class Shops:
    """All shops as one shopper meets them; `faults` stands between a till and the platform."""

    def __init__(self, shopper: Shopper, faults: Faults) -> None:
        self._shopper = shopper
        self._faults = faults

    def join(self) -> None:
        """Give the shopper a card."""
        shopper = self._shopper
        person = PersonalData(
            phone=shopper.phone, first_name="Shopper", surname=f"No {shopper.name}", birth_date=shopper.birth_date
        )
        card = self._faults.send(lambda: wallet.issue_virtual(APP, person))
        shopper.number, shopper.contact_id = card.number, card.contact_id or 0

    def sell(self, visit: Visit) -> tuple[str, Delayed | None]:
        """Sell a basket; return the receipt's id, and the sale when an offline till keeps it for later."""
        shopper = self._shopper
        receipt = f"SIM-{shopper.name}-{shopper.visits}"
        pays = self._payable(visit) if visit.spends else rounding.ZERO
        sale = _sale(shopper, visit, receipt, clock.now(), pays)
        # Who pays with points has to be online.
        days = 0 if pays else self._faults.days_offline()
        if days:
            return receipt, Delayed(replace(sale, offline=True), days)
        if pays and visit.holds_first:
            sale = self._with_hold(visit, sale)
        self.upload(sale)
        return receipt, None

    def upload(self, sale: Sale) -> None:
        """Send a receipt."""
        self._faults.send(lambda: purchases.add_purchase(TILL, sale))

    def bring_back(self, receipt: str, visit: Visit, regret: Return) -> None:
        """Take goods back: the whole sale is cancelled, a part is refunded by its amount."""
        if regret.part == 1:
            self._faults.send(lambda: refunds.cancel(TILL, receipt))
            return
        amount = rounding.down(visit.amount * regret.part)
        request = RefundRequest(receipt, f"{receipt}-R", amount=amount)
        try:
            self._faults.send(lambda: refunds.refund(TILL, request))
        except RefundExceedsPurchase as error:
            raise RuntimeError(f"{receipt} cannot give back {amount} of {visit.amount}") from error

    def make_up(self, receipt: str, visit: Visit) -> None:
        """Let the call centre hear a complaint and give some points for it, in the shopper's own person's name."""
        contact_id = self._shopper.contact_id
        # One person alone may give so much a day: here each shopper is looked after by another.
        operator = actors.staff(f"operator-{self._shopper.serial}", "")
        amount = rounding.down(min(visit.amount * _APOLOGY, _LARGEST_APOLOGY))
        wanted = Wanted(f"{receipt}-C", contact_id, Account.SPENDABLE, amount, "stale goods")
        self._faults.send(lambda: adjustments.ask(operator, wanted).status)

    def _payable(self, visit: Visit) -> Decimal:
        """Return the whole points that may pay the basket."""
        points = card_balances.by_number(self._shopper.number).points
        available = points.available if points is not None else rounding.ZERO
        return Decimal(int(min(available, visit.amount * _SHARE)))

    def _with_hold(self, visit: Visit, sale: Sale) -> Sale:
        call = HoldCall(sale.purchase_id, self._shopper.number, "", visit.amount, sale.bonuses_to_pay)
        held = self._faults.send(lambda: holding.hold(TILL, call))
        return replace(sale, hold_id=UUID(str(held["hold_id"])))


def _sale(shopper: Shopper, visit: Visit, receipt: str, moment: datetime, pays: Decimal) -> Sale:
    return Sale(
        purchase_id=receipt,
        number=shopper.number,
        phone="",
        purchased_at=moment,
        store=visit.store,
        till="1",
        amount=visit.amount,
        lines=visit.lines,
        bonuses_to_pay=pays,
    )
