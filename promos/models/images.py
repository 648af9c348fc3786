"""Pictures of offers, kept with the data: a backup holds them, and every process serves them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
IMAGE_TYPES = tuple(EXTENSIONS)


class OfferImage(models.Model):
    """A picture under the digest of its content: the same picture is kept once, and may be cached for ever."""

    sha256 = models.CharField(max_length=64, unique=True)
    content = models.BinaryField()
    content_type = models.CharField(max_length=20)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(content_type__in=IMAGE_TYPES), name="offer_image_type"),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]
