"""Channels that the user allows and denies (call 2)."""

from typing import Any

from loyalty.koshelek_check.calls import CHANNELS
from loyalty.koshelek_check.play import Play

NAME = "channels"
CHANGE = {"allow": ["sms", "email"], "deny": ["call"]}


def play(play: Play) -> None:
    """Change one's mind about channels."""
    if not play.made:
        return
    number = play.made[0].number
    answer = play.ask(CHANNELS, number, body=CHANGE)
    if not play.check("allow and deny", "channels.accepted", answer.done, "200", answer):
        return
    play.check("allow and deny", "channels.empty_body", answer.empty, "empty body", answer)
    for step, rule, body in _MORE:
        answer = play.ask(CHANNELS, number, body=body)
        play.check(step, rule, answer.done, "200", answer)
    unknown = play.ask(CHANNELS, play.people.unknown_card(), body=CHANGE)
    play.refusal("unknown card", "card.unknown", unknown)


_MORE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("same call again", "channels.accepted", CHANGE),
    ("one list only", "channels.accepted", {"deny": ["push"]}),
    ("channel of no meaning", "channels.open_list", {"allow": ["koshelek-check"], "deny": []}),
    ("channel in both lists", "channels.both_lists", {"allow": ["sms"], "deny": ["sms"]}),
)
