"""The people of the back office: log-ins made here, passwords generated and shown once, one role each."""

import re
import secrets
import string

from axes.utils import reset
from django.contrib.auth.models import Group, User

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.core.errors import InvalidParameter
from loyalty.models import StaffRole
from loyalty.models.api_clients import LOGIN_PATTERN
from loyalty.services import journal, locks
from loyalty.services.unit_of_work import unit_of_work

PASSWORD_LENGTH = 20
# Letters and digits that nobody confuses when reading them out: no O, 0, I, l, 1.
_ALPHABET = "".join(sorted(set(string.ascii_letters + string.digits) - set("O0Il1")))


def create(actor: Actor, *, username: str, role: str) -> tuple[User, str]:
    """Make a log-in with a role; return it with its password, which cannot be shown again.

    Raises InvalidParameter (`name`: username or role) for a wrong form, a name in use, an unknown role.
    """
    if not re.fullmatch(LOGIN_PATTERN, username):
        raise InvalidParameter("A log-in is letters, digits and dashes, up to 40.", name="username")
    password = _generate()
    with unit_of_work():
        # Log-ins that differ only in case would be read as one by people.
        if User.objects.filter(username__iexact=username).exists():
            raise InvalidParameter("This log-in exists already. Choose another name.", name="username")
        user = User(username=username, is_staff=True, date_joined=clock.now())
        user.set_password(password)
        user.save(force_insert=True)
        _give_role(user, role)
        journal.record(actor, "staff.create", username, role_given=role)
    return user, password


def renew_password(actor: Actor, user_id: int) -> tuple[User, str]:
    """Replace a forgotten password; sessions opened with the old one end, and so does a lock-out after wrong ones.

    Return it with the new password. Raises InvalidParameter for one's own log-in: whoever sits down at an open page
    must not take it over, and one's own password is changed with the old one.
    """
    password = _generate()
    with unit_of_work():
        user = locks.lock_staff(user_id)
        refuse_self(actor, user)
        user.set_password(password)
        user.save(update_fields=["password"])
        reset(username=user.username)
        journal.record(actor, "staff.renew_password", user.username)
    return user, password


def change_role(actor: Actor, user_id: int, role: str, reason: str) -> User:
    """Give a person another role instead of the present one. Raises InvalidParameter for one's own log-in."""
    with unit_of_work():
        user = locks.lock_staff(user_id)
        refuse_self(actor, user)
        before = sorted(user.groups.values_list("name", flat=True))
        _give_role(user, role)
        journal.record(actor, "staff.change_role", user.username, reason=reason, before=before, role_given=role)
    return user


def switch(actor: Actor, user_id: int, *, active: bool, reason: str) -> User:
    """Let a person in, or not any more. Raises InvalidParameter for one's own log-in."""
    with unit_of_work():
        user = locks.lock_staff(user_id)
        refuse_self(actor, user)
        user.is_active = active
        user.save(update_fields=["is_active"])
        journal.record(actor, "staff.switch", user.username, reason=reason, active=active)
    return user


def note_own_password(actor: Actor) -> None:
    """Write down that a person has changed its own password."""
    with unit_of_work():
        journal.record(actor, "staff.change_password", actor.name)


def _generate() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(PASSWORD_LENGTH))


def _give_role(user: User, role: str) -> None:
    if role not in StaffRole.values:
        raise InvalidParameter(f"The role is one of: {', '.join(StaffRole.values)}.", name="role")
    user.groups.set([Group.objects.get_or_create(name=role)[0]])


def refuse_self(actor: Actor, user: User) -> None:
    """Raise InvalidParameter for one's own log-in: the last administrator could lock everybody out with one click,
    and whoever finds the page open could weaken it.
    """
    if (actor.kind, actor.name) == ("staff", user.username):
        raise InvalidParameter("Nobody changes their own rights. Ask another administrator.", name="")
