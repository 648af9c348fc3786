"""How often a customer may be wrong about promo codes: counted in Valkey, never in the database.

The count belongs to one customer at one credential, so nobody locks out anybody else. It is taken before the code is
looked at and given back when the code was no guess: calls at once cannot slip through together, and a locked-out
guesser learns nothing, not even from a right code.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog
from django.conf import settings
from django.core.cache import cache

from loyalty.core import clock
from loyalty.core.actors import Actor
from loyalty.services.errors import TooManyWrongCodes
from promos.errors import (
    PromoCodeExhausted,
    PromoCodeExpired,
    PromoCodeNotForCustomer,
    PromoCodeNotValidNow,
    PromoCodeUnknown,
)

log = structlog.get_logger(__name__)

# What a guesser would hear. "Already used" is what a customer hears whose answer was lost, however often it asks;
# a misspelled code is refused without a look, so nothing can be learnt from it.
GUESSES = (
    PromoCodeUnknown,
    PromoCodeExpired,
    PromoCodeExhausted,
    PromoCodeNotValidNow,
    PromoCodeNotForCustomer,
)


@contextmanager
def guarded(actor: Actor, contact_id: int) -> Iterator[None]:
    """Run one try of a customer; a wrong guess stays counted. Raises TooManyWrongCodes beyond the limit."""
    window, passed = divmod(int(clock.now().timestamp()), settings.PROMO_CODE_LOCKOUT_SECONDS)
    left = settings.PROMO_CODE_LOCKOUT_SECONDS - passed
    key = f"promo-code-failures:{actor}:{contact_id}:{window}"
    if _count(key) > settings.PROMO_CODE_FAILURE_LIMIT:
        raise TooManyWrongCodes(retry_after=left)
    try:
        yield
    except GUESSES:
        raise
    except Exception:
        _give_back(key)
        raise
    else:
        _give_back(key)


def _count(key: str) -> int:
    try:
        cache.add(key, 0, settings.PROMO_CODE_LOCKOUT_SECONDS)
        return int(cache.incr(key))
    except Exception as error:
        # Without the cache nothing can be counted; codes are too long to be guessed all the same.
        log.warning("wrong_codes_not_counted", error=type(error).__name__)
        return 0


def _give_back(key: str) -> None:
    with suppress(Exception):
        cache.decr(key)
