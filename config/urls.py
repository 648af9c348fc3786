"""Every route. A test walks them and fails on one that does not declare who may call it."""

from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from config.health import healthz, readyz
from loyalty.admin.site import site

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("", RedirectView.as_view(url="/admin/")),
    path("admin/", site.urls),
    path("v1/", include("loyalty.api.koshelek.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("api/", include("loyalty.api.cash_desk.urls")),
]
