"""A WooCommerce shop, through its REST API v3."""

from actions.backend.woocommerce.shop import WooCommerceShop

__all__ = ["WooCommerceShop"]
