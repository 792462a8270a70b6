"""The sample shop: the order contract (docs/order-backend.md) over sample data, and a demo page."""
