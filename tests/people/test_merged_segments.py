"""Lists that change while two people become one, and two again."""

import pytest

from loyalty.core import clock
from loyalty.core.roles import Role
from loyalty.services import erasure, segments
from promos.models import Segment, SegmentMember
from tests.factories import CardFactory
from tests.people.conftest import BOSS, merge, unmerge

pytestmark = pytest.mark.django_db


def test_a_list_that_was_replaced_while_two_were_one_gets_neither_back(story_clock):
    stays, goes, other = CardFactory(), CardFactory(), CardFactory()
    now = clock.now()
    list_ = Segment.objects.create(name="list", created_at=now, updated_at=now)
    SegmentMember.objects.create(segment=list_, contact=goes.contact, added_at=now)
    merged = merge(stays.contact_id, goes.contact_id)
    upload(list_, "replace", other.number)
    unmerge(merged)
    assert list(SegmentMember.objects.values_list("contact", flat=True)) == [other.contact_id]


def test_who_is_merged_or_erased_while_a_list_is_read_stands_in_it_as_who_they_are_now(story_clock, monkeypatch):
    stays, goes, erased = CardFactory(), CardFactory(), CardFactory()
    now = clock.now()
    list_ = Segment.objects.create(name="list", created_at=now, updated_at=now)
    look_up = segments._look_up

    def look_up_and_change(order):
        found = look_up(order)
        merge(stays.contact_id, goes.contact_id)
        code = erased.contact.code
        erasure.erase_contact(BOSS, Role.ADMINISTRATOR, erased.contact_id, "asked", confirmed=code)
        return found

    monkeypatch.setattr(segments, "_look_up", look_up_and_change)
    done = upload(list_, "add", goes.number, erased.number)
    assert (done.found, done.added) == (1, 1)
    assert list(SegmentMember.objects.values_list("contact", flat=True)) == [stays.contact_id]


def upload(segment, mode, *numbers):
    content = "\n".join(numbers).encode()
    return segments.upload(BOSS, segment.pk, mode=mode, file_name="list.csv", content=content, reason="agreed")
