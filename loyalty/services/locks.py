"""Row locks on the programme's own records: the people of the back office."""

from django.contrib.auth.models import User
from django_otp.plugins.otp_totp.models import TOTPDevice


def lock_staff(user_id: int) -> User:
    """Lock and return a person of the back office; it must exist."""
    return User.objects.select_for_update(of=("self",)).get(pk=user_id, is_staff=True)


def lock_device(user: User) -> TOTPDevice | None:
    """Lock and return the person's second factor, the enrolled one before one that waits; None without any."""
    return TOTPDevice.objects.select_for_update(of=("self",)).filter(user=user).order_by("-confirmed").first()
