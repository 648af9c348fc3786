"""A worker dies in the middle of a long list for a segment: nobody is in it by halves, and the next one does it all."""

from datetime import timedelta

import pytest

from loyalty.core import clock
from loyalty.models import JournalEntry
from loyalty.services import segments
from promos.models import SegmentChange, SegmentChangeStatus, SegmentMember
from tests.concurrency.brake import brake
from tests.concurrency.worker import broker, send, until, worker
from tests.factories import ContactFactory
from tests.promos.marketing import MARKETER

pytestmark = [pytest.mark.race, pytest.mark.worker, pytest.mark.django_db(transaction=True)]

STRANGERS = 40_000


def test_a_worker_killed_in_the_middle_of_a_list_leaves_the_segment_as_it_was(tmp_path):
    people = [ContactFactory() for _ in range(40)]
    phones = [str(each.phone) for each in people[:20]]
    phones += [f"+7995{number:07d}" for number in range(STRANGERS)]
    phones += [str(each.phone) for each in people[20:]]
    segment = segments.create_segment(MARKETER, "Coffee lovers", "", "spring")
    content = "\n".join(["phone", *phones]).encode()
    order = segments.upload(
        MARKETER, segment.pk, mode="replace", file_name="list.csv", content=content, reason="spring"
    )
    log = tmp_path / "worker.log"
    with broker():
        with brake("promos_segmentchange", "OLD.done > 0 AND NEW.done > OLD.done") as reached, worker(log) as first:
            send(segments.TASK)
            until(reached, log)
            first.kill()
        half = SegmentChange.objects.get(pk=order.pk)
        assert (half.status, half.done < half.lines) == (SegmentChangeStatus.RUNNING, True)
        assert not SegmentMember.objects.exists()
        # It counts as dead when it has told nothing for a while.
        later = int((segments.STALE + timedelta(minutes=1)).total_seconds())
        with worker(log, CLOCK_OFFSET=str(later)):
            send(segments.TASK)
            until(lambda: SegmentChange.objects.get(pk=order.pk).status == SegmentChangeStatus.DONE, log)
    done = SegmentChange.objects.get(pk=order.pk)
    assert (done.found, done.added, done.problem_count) == (40, 40, STRANGERS)
    assert set(SegmentMember.objects.values_list("contact", flat=True)) == {each.pk for each in people}
    assert JournalEntry.objects.filter(action="segment.change").count() == 1
    assert done.finished_at is not None
    assert done.finished_at > clock.now()
