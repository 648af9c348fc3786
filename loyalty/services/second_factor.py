"""The second factor of a back-office log-in: one authenticator app a person (setting TWO_FACTOR).

Authenticator apps go by the time of the telephone, so this is the one rule that the test clock does not move.
"""

from django.contrib.auth.models import User
from django_otp.plugins.otp_totp.models import TOTPDevice

from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.services import journal, locks, staff
from loyalty.services.unit_of_work import unit_of_work

DEVICE_NAME = "authenticator"


def confirmed(user: User) -> TOTPDevice | None:
    """Return the app that the person has enrolled, None before that."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def begin(user: User) -> TOTPDevice:
    """Return the device that waits to be confirmed, made on the first call. Its key is shown as a QR code."""
    with unit_of_work():
        locks.lock_staff(user.pk)
        waiting = TOTPDevice.objects.filter(user=user, confirmed=False).first()
        return waiting or TOTPDevice.objects.create(user=user, name=DEVICE_NAME, confirmed=False)


def prove(actor: Actor, user: User, token: str) -> TOTPDevice:
    """Check a code; the first right one enrols the app. Return the device.

    Raises InvalidParameter (name `token`) for a wrong code, and for any code while too many were wrong.
    """
    with unit_of_work():
        device = locks.lock_device(user)
        refusal = _check(device, token)
        if device is not None and refusal is None and not device.confirmed:
            device.confirmed = True
            device.save(update_fields=["confirmed"])
            journal.record(actor, "staff.enrol_second_factor", user.username)
    # Raised after the commit, so that a wrong code counts.
    if device is None or refusal is not None:
        raise InvalidParameter(refusal, name="token")
    return device


def remove(actor: Actor, user_id: int, reason: str) -> User:
    """Forget a lost telephone: the person enrols another at the next log-in.

    Raises InvalidParameter for one's own log-in: a second person makes sure who asks.
    """
    with unit_of_work():
        user = locks.lock_staff(user_id)
        staff.refuse_self(actor, user)
        TOTPDevice.objects.filter(user=user).delete()
        journal.record(actor, "staff.remove_second_factor", user.username, reason=reason)
    return user


def _check(device: TOTPDevice | None, token: str) -> str | None:
    if device is None:
        return "Enrol an authenticator app first."
    allowed, _ = device.verify_is_allowed()
    if not allowed:
        return "Too many wrong codes. Wait a moment, then type the code that the app shows."
    return None if device.verify_token(token) else "This code is not right. Type the code that the app shows now."
