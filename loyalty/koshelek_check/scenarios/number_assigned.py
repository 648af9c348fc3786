"""Assigning a number in the answer: personal data go in, a card comes out, also for two calls at once (call 8)."""

from loyalty.koshelek_check.answers import Answer
from loyalty.koshelek_check.calls import ISSUE
from loyalty.koshelek_check.people import Person
from loyalty.koshelek_check.play import Play, Question
from loyalty.koshelek_check.scenarios import issuing
from loyalty.koshelek_check.shapes import card_problem, number_of

NAME = "number assigned in the answer"


def play(play: Play) -> None:
    """Issue a card to one person twice at the same moment."""
    if not (play.options.write and play.options.serves(ISSUE)):
        return
    person = play.people.new()
    question = Question(ISSUE, body=person.body())
    answers = [each for each in play.ask_together(question, question) if each.judged]
    done = [each for each in answers if each.done]
    if not done:
        play.record.excuse("issue.assigns_number", "no card was issued")
        return
    _form(play, done[0])
    if len(answers) == 2:
        came = f"{len(done)} of 2 succeeded"
        play.check("two calls at once", "issue.retry", len(done) == 2, "200 twice", came, ISSUE)
    _one_card(play, person, [number_of(each.value) for each in done])


def _form(play: Play, answer: Answer) -> None:
    number = number_of(answer.value)
    play.check("all data", "issue.assigns_number", bool(number), "a card number", answer)
    if number:
        problem = card_problem(answer.value)
        play.check("all data", "issue.answer", not problem, "card", problem or "card", ISSUE)


def _one_card(play: Play, person: Person, numbers: list[str]) -> None:
    if len(numbers) == 2:
        ok = numbers[0] == numbers[1]
        came = "one card" if ok else "two card numbers"
        play.check("two calls at once", "card.one_per_user", ok, "one card", came, ISSUE)
        if not ok:
            return
    customer = play.customer(person, numbers[0]) if numbers[0] else None
    if customer is not None and issuing.is_found(play, "all data", customer):
        play.made.append(customer)
