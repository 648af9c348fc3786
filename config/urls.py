"""Every route. A test walks them and fails on one that does not declare who may call it."""

from django.urls import include, path, re_path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from config.health import healthz, readyz
from loyalty.admin.site import site
from loyalty.api.koshelek.views import UnknownAddress as UnknownWalletAddress
from loyalty.api.offer_images import offer_image

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", site.urls),
    path("offers/<str:name>", offer_image, name="offer_image"),
    re_path(r"^v1\Z", UnknownWalletAddress.as_view(schema=None)),
    path("v1/", include("loyalty.api.koshelek.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("api/", include("loyalty.api.cash_desk.urls")),
    path("priv/", include("loyalty.api.loyalty_data.urls")),
]

handler400 = "config.error_pages.bad_request"
handler403 = "config.error_pages.forbidden"
handler404 = "config.error_pages.not_found"
handler500 = "config.error_pages.server_error"
