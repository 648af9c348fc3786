"""Submit cash receipt data: the QR code of a fiscal receipt (call 12)."""

from datetime import timedelta

from loyalty.koshelek_check.calls import RECEIPT
from loyalty.koshelek_check.people import Customer
from loyalty.koshelek_check.play import Play, Question

NAME = "cash receipt QR"


def play(play: Play) -> None:
    """Scan receipts: new ones, one again, one twice at once, and what is no receipt of a sale."""
    if not play.made or play.is_absent(RECEIPT):
        return
    customer = play.made[0]
    body = {"msisdn": customer.person.phone, "qrCode": _code(play)}
    if _accepted(play, "by phone", body):
        play.refusal("same receipt again", "receipt.twice", play.ask(RECEIPT, body=body))
        if _accepted(play, "by card number", {"cardNumber": customer.number, "qrCode": _code(play)}):
            again = play.ask(RECEIPT, body={"cardNumber": customer.number, "qrCode": body["qrCode"]})
            play.refusal("same receipt by card number", "receipt.twice", again)
        _any_order(play, customer)
        _at_once(play, customer)
    _refusals(play, customer)


def _accepted(play: Play, step: str, body: dict[str, str]) -> bool:
    answer = play.ask(RECEIPT, body=body)
    ok = play.check(step, "receipt.accepted", answer.done, "200", answer)
    if answer.done:
        play.check(step, "receipt.empty_body", answer.empty, "empty body", answer)
    return ok


def _any_order(play: Play, customer: Customer) -> None:
    code = "&".join(reversed(_code(play).split("&")))
    answer = play.ask(RECEIPT, body={"msisdn": customer.person.phone, "qrCode": code})
    play.check("keys turned round", "receipt.any_order", answer.done, "200", answer)


def _at_once(play: Play, customer: Customer) -> None:
    question = Question(RECEIPT, body={"msisdn": customer.person.phone, "qrCode": _code(play)})
    answers = play.ask_together(question, question)
    if all(answer.judged for answer in answers):
        done = sum(answer.done for answer in answers)
        play.check("two calls at once", "receipt.race", done == 1, "accepted once", f"accepted {done} times", RECEIPT)


def _refusals(play: Play, customer: Customer) -> None:
    code = _code(play)
    wrong = {
        "key missing": code.replace("&fp=", "&xx="),
        "key twice": f"{code}&n=1",
        "sum with a comma": _code(play, amount="943,26"),
        "document number 0": _code(play, document="0"),
    }
    for step, text in wrong.items():
        answer = play.ask(RECEIPT, body={"cardNumber": customer.number, "qrCode": text})
        play.refusal(step, "receipt.bad_qr", answer)
    for kind in ("2", "3", "4"):
        body = {"cardNumber": customer.number, "qrCode": _code(play, kind=kind)}
        play.refusal(f"n is {kind}", "receipt.only_sales", play.ask(RECEIPT, body=body))


def _code(play: Play, amount: str = "943.26", document: str = "", kind: str = "1") -> str:
    """Return the QR code of a receipt of yesterday that nobody has scanned."""
    day = (play.options.today - timedelta(days=1)).strftime("%Y%m%d")
    storage, sign = f"9282{play.people.digits(12)}", f"29{play.people.digits(8)}"
    return f"t={day}T1216&s={amount}&fn={storage}&i={document or f'1{play.people.digits(5)}'}&fp={sign}&n={kind}"
