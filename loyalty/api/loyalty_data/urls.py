"""The addresses of the loyalty-data API under `/priv/` (specs/loyalty_data.md). Whatever else stands there: 404."""

from django.urls import path, re_path

from loyalty.api.loyalty_data import views

urlpatterns = [
    path("v1/apps/<str:api_key>/users/search", views.UserSearch.as_view()),
    path("v1/apps/<str:api_key>/users/<str:user_id>", views.UserPage.as_view()),
    path("v1/apps/<str:api_key>/external/users/<str:external_id>", views.ExternalUserPage.as_view()),
    re_path(r"", views.UnknownAddress.as_view()),
]
