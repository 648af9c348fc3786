"""A worker dies in the middle of an order of promo codes: the next one makes what is missing, to the last code."""

import pytest

from loyalty.models import JobRun
from loyalty.services import code_orders
from promos.models import CodeBatch, PromoCode
from tests.concurrency.brake import brake
from tests.concurrency.worker import broker, send, until, worker
from tests.promos.marketing import MARKETER, coded

pytestmark = [pytest.mark.race, pytest.mark.worker, pytest.mark.django_db(transaction=True)]

COUNT = 20_000


def test_a_worker_killed_in_the_middle_of_an_order_leaves_neither_gap_nor_surplus(tmp_path):
    batch = code_orders.order_codes(MARKETER, coded().pk, count=COUNT, prefix="", length=12, reason="flyer")
    log = tmp_path / "worker.log"
    with broker():
        slow = {"PROMO_CODES_PER_CHUNK": "200"}
        with brake("promos_codebatch", f"NEW.made > {COUNT // 10}") as reached, worker(log, **slow) as first:
            send(code_orders.TASK)
            until(reached, log)
            first.kill()
        half = CodeBatch.objects.get(pk=batch.pk)
        assert half.status == "running"
        assert 0 < half.made == PromoCode.objects.count() < COUNT
        assert JobRun.objects.get().finished_at is None
        with worker(log):
            send(code_orders.TASK)
            until(lambda: CodeBatch.objects.get(pk=batch.pk).status == "done", log)
    assert PromoCode.objects.filter(batch=batch).count() == CodeBatch.objects.get(pk=batch.pk).made == COUNT
