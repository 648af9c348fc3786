"""Promo codes as they are made, printed and typed: a wrong character is found, and no two codes are taken for one."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_37_2

from loyalty.core.errors import InvalidParameter
from promos import codes
from promos.codes import ALPHABET
from promos.errors import PromoCodeMisspelled, PromoCodeUnknown

LOOK_ALIKE = {"B": "8", "G": "6", "S": "5", "U": "V", "Z": "2"}
letters = st.sampled_from(ALPHABET)
lengths = st.integers(codes.SHORTEST_GENERATED, codes.LONGEST_GENERATED)
prefixes = st.text(letters, max_size=codes.LONGEST_PREFIX)
shared = st.text(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"), min_size=4, max_size=32)


@st.composite
def made(draw):
    """A generated code, of any length, under any prefix; its letters are drawn, so that failures shrink."""
    body = draw(prefixes) + "".join(draw(st.lists(letters, min_size=7, max_size=23)))
    return body + mod_37_2.calc_check_digit(body, ALPHABET)


def heard(text):
    """The stored form, or the name of the refusal."""
    try:
        return codes.read(text)
    except (PromoCodeMisspelled, PromoCodeUnknown) as refused:
        return refused.code


@given(made())
def test_a_code_is_read_as_it_was_made(code):
    assert codes.read(code) == code


@given(made(), st.data())
def test_any_single_wrong_character_is_found(code, data):
    place = data.draw(st.integers(0, len(code) - 1))
    for wrong in set(ALPHABET) - {code[place]}:
        assert heard(code[:place] + wrong + code[place + 1 :]) == "PromoCodeMisspelled"


@given(made())
def test_any_swap_of_neighbours_is_found(code):
    for place, (first, second) in enumerate(pairwise(code)):
        swapped = code[:place] + second + first + code[place + 2 :]
        assert heard(swapped) == (code if first == second else "PromoCodeMisspelled")


@given(made(), st.integers(1, 5), st.sampled_from([" ", "-", "–", "\u00a0", " - ", "\u00ad"]), st.booleans())
def test_blanks_dashes_and_small_letters_do_not_matter(code, size, between, small):
    text = between.join(code[place : place + size] for place in range(0, len(code), size))
    assert codes.read(f"  {text.lower() if small else text} ") == code


@given(made())
def test_letters_that_look_alike_are_read_as_the_ones_that_were_printed(code):
    turned = code
    for typed, printed in LOOK_ALIKE.items():
        turned = turned.replace(printed, typed)
    assert codes.read(turned) == codes.read(turned.lower()) == code


@given(made())
def test_a_russian_keyboard_will_do(code):
    cyrillic = code.translate(str.maketrans("KMHPCTYX", "КМНРСТУХ"))
    assert codes.read(cyrillic) == codes.read(cyrillic.lower()) == code


@pytest.mark.parametrize(("typed", "stored"), [
    ("summer2026", "SUMMER2026"), ("Summer-2026", "SUMMER2026"), (" SUMMER 2026 ", "SUMMER2026"),
    ("ВЕКО", "BEKO"), ("теа10", "TEA10"), ("8888", "8888"), ("BBBB", "BBBB"),
])  # fmt: skip
def test_shared_codes_are_read_as_marketers_wrote_them(typed, stored):
    assert codes.read(typed) == codes.read_shared(typed) == stored


@pytest.mark.parametrize(
    "text", ["", "abc", "x" * 33, "ЛЕТО2026", "tea!", "tea\x00tea", "straße", "💥💥💥💥", "ſale10"]
)
def test_what_can_be_no_code_is_unknown_and_cannot_be_made(text):
    assert heard(text) == "PromoCodeUnknown"
    with pytest.raises(InvalidParameter) as refused:
        codes.read_shared(text)
    assert refused.value.data["name"] == "code"


@given(shared)
def test_a_shared_code_is_never_mistaken_for_a_generated_one(text):
    """Whatever a marketer may add is read back as it is; what would be read otherwise cannot be added."""
    try:
        stored = codes.read_shared(text)
    except InvalidParameter:
        assert heard(text) == "PromoCodeMisspelled" or set(heard(text)) <= set(ALPHABET)
    else:
        assert codes.read(text) == stored == text


@given(shared, shared)
def test_two_shared_codes_never_become_one(first, second):
    if first != second and heard(first) == first and heard(second) == second:
        assert codes.read(first) != codes.read(second)


@pytest.mark.parametrize("text", ["HHHHHHHH", "TRYMY5TH", "BUZZBUZZ"])
def test_a_word_of_the_form_of_generated_codes_is_refused_with_what_to_do(text):
    with pytest.raises(InvalidParameter, match="one of A, E, I, L, O, Q, 0, 1"):
        codes.read_shared(text)


@given(st.integers(1, 300), prefixes, lengths)
def test_codes_are_made_as_they_were_ordered(count, prefix, length):
    found = codes.make(count, prefix, length)
    assert len(found) == count
    for code in found[:20]:
        assert len(code) == len(prefix) + length
        assert code.startswith(prefix)
        printed = codes.printed(code, prefix)
        assert printed.replace("-", "") == codes.read(printed) == code
        groups = printed.removeprefix(f"{prefix}-").split("-")
        assert {len(group) for group in groups} <= {3, 4, 5}


def test_every_letter_comes_as_often_as_any_other():
    """A biased letter would halve the work of a guesser. 230,000 letters: each 10,000 times, within six sigmas."""
    letters_of = "".join(code[:-1] for code in codes.make(10_000, "", 24))
    assert len(letters_of) == 230_000
    for letter in ALPHABET:
        assert abs(letters_of.count(letter) - 10_000) < 600, letter


def test_no_code_comes_twice_and_none_follows_from_another():
    found = codes.make(20_000, "", 12)
    assert len(set(found)) == 20_000
    assert len({code[:6] for code in found}) > 19_990


@pytest.mark.parametrize(("number", "length"), [(1, 8), (34, 8), (35, 9), (1_000, 10), (100_000, 11), (1_000_000, 12)])
def test_nobody_guesses_a_code_in_a_hundred_million_tries(number, length):
    assert codes.shortest_length(number) == length
    assert codes.space(length) >= number * 100_000_000


def test_the_alphabet_is_prime_and_holds_no_two_that_look_alike():
    assert len(ALPHABET) == len(set(ALPHABET)) == 23
    assert not set("01AEILOQ") & set(ALPHABET)
    assert all(typed not in ALPHABET and printed in ALPHABET for typed, printed in LOOK_ALIKE.items())


@pytest.mark.parametrize("text", ["VIP", "SALE", "ННННННННН", "2" * 9, "a b"])
def test_a_prefix_of_letters_that_may_be_mistaken_is_refused(text):
    with pytest.raises(InvalidParameter) as refused:
        codes.read_prefix(text)
    assert refused.value.data["name"] == "prefix"


def test_a_prefix_may_be_typed_as_it_comes():
    assert [codes.read_prefix(text) for text in ("", " ny-26 ", "НУ26")] == ["", "NY26", "HY26"]
