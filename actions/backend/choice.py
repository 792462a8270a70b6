"""Which shop the bot talks to, as the settings say."""

from importlib import import_module
from typing import Any

from actions.backend.contract import Shop
from actions.backend.rest import RestShop
from actions.backend.woocommerce import WooCommerceShop
from bot.settings import Settings


class WrongShop(Exception):
    """The settings name no shop that can be talked to; one sentence says what to do."""


def connect(settings: Settings, **limits: Any) -> Shop:
    """The shop that the settings name.

    Args:
        settings: of this installation.
        limits: of ``Transport``: connections, open_after, open_seconds; for our own adapters.

    Raises:
        WrongShop: it cannot be made.
    """
    if settings.shop_adapter == "rest":
        return RestShop(settings.shop_api, settings.shop_service_secret, **limits)
    if settings.shop_adapter == "woocommerce":
        return _woocommerce(settings, limits)
    module, _, factory = settings.shop_adapter.partition(":")
    try:
        make = getattr(import_module(module), factory)
    except (ImportError, AttributeError, ValueError) as error:
        raise WrongShop(
            f"GUITAI_SHOP_ADAPTER is {settings.shop_adapter!r} ({error}): set it to rest, woocommerce or"
            " module:factory, a function that takes the settings and gives the shop."
        ) from None
    try:
        shop: Shop = make(settings)
    except (LookupError, TypeError, ValueError) as error:
        raise WrongShop(
            f"{settings.shop_adapter} cannot make the shop ({type(error).__name__}: {error}): has it all"
            " settings that it needs?"
        ) from None
    return shop


def _woocommerce(settings: Settings, limits: dict[str, Any]) -> WooCommerceShop:
    needed = ("woocommerce_url", "woocommerce_key", "woocommerce_secret")
    if missing := [f"GUITAI_{name.upper()}" for name in needed if not getattr(settings, name)]:
        raise WrongShop(
            f"GUITAI_SHOP_ADAPTER is woocommerce, which needs settings too: {', '.join(missing)}."
        )
    try:
        return WooCommerceShop(
            settings.woocommerce_url,
            settings.woocommerce_key,
            settings.woocommerce_secret,
            settings.shop_service_secret,
            **limits,
        )
    except ValueError as error:
        raise WrongShop(f"GUITAI_WOOCOMMERCE_URL is wrong: {error}.") from None
