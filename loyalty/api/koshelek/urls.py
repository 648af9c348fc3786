"""The addresses of the wallet API under `/v1/` (specs/koshelek.md). Whatever else is asked there answers 404."""

from django.urls import path, re_path, register_converter
from django.urls.converters import StringConverter

from loyalty.api.koshelek import views


class CardNumberConverter(StringConverter):
    """Anything but the words that the contract matches before a card number."""

    regex = r"(?!(?:anonymous|getAllUsers|getAllUsersExtended)(?:/|$))[^/]+"


register_converter(CardNumberConverter, "wallet_card")

urlpatterns = [
    path("card", views.CardSearch.as_view()),
    path("card/anonymous", views.AnonymousCard.as_view()),
    path("card/anonymous/<str:card_number>", views.ReservedCard.as_view()),
    path("card/getAllUsers", views.AllUsers.as_view()),
    path("card/getAllUsersExtended", views.AllUsersExtended.as_view()),
    path("card/<wallet_card:card_number>", views.CardPage.as_view()),
    path("card/<wallet_card:card_number>/communication", views.CardChannels.as_view()),
    path("card/<wallet_card:card_number>/purchases", views.CardPurchases.as_view()),
    path("card/<wallet_card:card_number>/promotions", views.CardPromotions.as_view()),
    path("promo/code", views.TypedCode.as_view()),
    path("promo/qrCode", views.ReceiptCode.as_view()),
    re_path(r"", views.UnknownAddress.as_view()),
]
