"""Row locks on the programme's own records: purchases, scanned receipts, and the people of the back office."""

from collections.abc import Iterable
from decimal import Decimal

from django.contrib.auth.models import User
from django.db.models import Model, Q
from django_otp.plugins.otp_totp.models import TOTPDevice

from loyalty.models import AdjustmentRequest, Merge, Purchase, Store
from loyalty.selectors.scanned_receipts import Window
from promos.models import FiscalReceipt, FiscalReceiptStatus


def lock_staff(user_id: int) -> User:
    """Lock and return a person of the back office; it must exist."""
    return User.objects.select_for_update(of=("self",)).get(pk=user_id, is_staff=True)


def lock_device(user: User) -> TOTPDevice | None:
    """Lock and return the person's second factor, the enrolled one before one that waits; None without any."""
    return TOTPDevice.objects.select_for_update(of=("self",)).filter(user=user).order_by("-confirmed").first()


def lock_purchase(purchase_id: str) -> Purchase | None:
    """Lock and return the purchase with the till's id, None if there is none: first in the order of locks."""
    return Purchase.objects.select_for_update(of=("self",), no_key=True).filter(purchase_id=purchase_id).first()


def lock_merge(merge_id: int) -> Merge | None:
    """Lock and return a merge, to undo it: before its purchases."""
    return Merge.objects.select_for_update(of=("self",), no_key=True).filter(pk=merge_id).first()


def lock_records(model: type[Model], **of: object) -> list[int]:
    """Lock the rows of purchases, receipts and the like, in the order of their keys; return the keys."""
    found = model._default_manager.select_for_update(of=("self",), no_key=True).filter(**of).order_by("pk")
    return list(found.values_list("pk", flat=True))


def lock_store(store_id: int) -> Store:
    """Lock and return a store; it must exist."""
    return Store.objects.select_for_update(of=("self",), no_key=True).get(pk=store_id)


def lock_adjustment(request_id: int) -> AdjustmentRequest:
    """Lock and return a request for an adjustment; it must exist. A command: first in the order of locks."""
    return AdjustmentRequest.objects.select_for_update(of=("self",)).get(pk=request_id)


def lock_receipt(receipt_id: int) -> FiscalReceipt | None:
    """Lock and return a receipt that waits for its decision: first in the order of locks.

    None when it was decided, and when another worker is deciding it now: nobody waits for that.
    """
    waiting = FiscalReceipt.objects.filter(pk=receipt_id, status=FiscalReceiptStatus.ACCEPTED)
    return waiting.select_for_update(of=("self",), no_key=True, skip_locked=True).first()


def lock_credited_receipts(
    contact_id: int, windows: Iterable[Window], amounts: Iterable[Decimal], store: str
) -> list[FiscalReceipt]:
    """Lock and return the contact's credited receipts that may be a purchase at the till, in the order of their keys.

    The caller holds the card. Who decides a receipt holds the receipt first, but that one is not credited yet; who
    takes one back for another customer's purchase holds the cards first, too: so the order is kept.
    """
    around = Q()
    for since, until in windows:
        around |= Q(purchased_at__gte=since, purchased_at__lte=until)
    found = FiscalReceipt.objects.filter(
        around,
        contact_id=contact_id,
        status=FiscalReceiptStatus.CREDITED,
        amount__in=set(amounts),
        store__in={"", store},
    )
    return list(found.select_for_update(of=("self",), no_key=True).order_by("pk"))


def lock_to_match(purchase_id: int) -> Purchase | None:
    """Lock and return a purchase whose receipt is to be found: first in the order of locks.

    None when it was found, and when another worker is at it now: nobody waits for that.
    """
    waiting = Purchase.objects.filter(pk=purchase_id, to_match=True)
    return waiting.select_for_update(of=("self",), no_key=True, skip_locked=True).first()


def lock_credited_receipt(receipt_id: int) -> FiscalReceipt | None:
    """Lock and return a credited receipt; None when it is not credited any more, and when somebody else holds it.

    The caller holds its customer's cards, as the customer's own till does; a merge holds receipts before cards, so
    nobody waits here.
    """
    credited = FiscalReceipt.objects.filter(pk=receipt_id, status=FiscalReceiptStatus.CREDITED)
    return credited.select_for_update(of=("self",), no_key=True, skip_locked=True).first()
