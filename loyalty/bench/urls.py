"""Every route of the service, and the bare views beside them: ROOT_URLCONF of config.settings.bench."""

from django.urls import include, path

from loyalty.bench import bare_views

urlpatterns = [
    path("bare/balance/<str:number>", bare_views.balance),
    path("bare/points/<str:number>", bare_views.points_by_date),
    path("bare/purchase", bare_views.purchase),
    path("", include("config.urls")),
]
