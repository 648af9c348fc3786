"""Row locks on the programme's own records: purchases, and the people of the back office."""

from django.contrib.auth.models import User
from django.db.models import Model
from django_otp.plugins.otp_totp.models import TOTPDevice

from loyalty.models import AdjustmentRequest, Merge, Purchase, Store


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
