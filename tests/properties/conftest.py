"""How hard hypothesis tries: the same cases every time, or with HYPOTHESIS_PROFILE=thorough new and many of them."""

import os

from hypothesis import HealthCheck, Phase, settings

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

# Without shrinking, which may take minutes: a failure is made small with the thorough profile.
settings.register_profile(
    "quick",
    max_examples=30,
    stateful_step_count=25,
    derandomize=True,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=_SLOW,
)
settings.register_profile(
    "thorough", max_examples=150, stateful_step_count=50, deadline=None, suppress_health_check=_SLOW
)
# For hours by hand: new histories each time, and a failure is told at once, not made small first.
settings.register_profile(
    "search",
    max_examples=200,
    stateful_step_count=40,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=_SLOW,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
