"""What a file's parts must have to do with each other."""

from collections.abc import Iterable, Mapping

from bot.shop.loading.declared import File, Order
from bot.shop.loading.reading import Place, Source

# What must have happened to an order in each state.
_HAPPENED = {
    "pending_payment": (),
    "paid": ("paid",),
    "shipped": ("paid", "shipped"),
    "delivered": ("paid", "shipped", "delivered"),
    "completed": ("paid", "shipped", "delivered"),
    "cancelled": (),
}


def check(source: Source, file: File) -> None:
    """Raise CannotLoad unless ``file`` makes sense by itself."""
    _once(source, "customers", [c.id for c in file.customers])
    _once(source, "products", [p.id for p in file.products])
    _once(source, "promotions", [p.id for p in file.promotions])
    for at, product in enumerate(file.products):
        for position, variant in enumerate(product.variants):
            if variant.price_fen is None and product.price_fen is None:
                source.fail(
                    ("products", at, "variants", position),
                    "no price; write price_fen here or at the product",
                )
    customers = {c.id for c in file.customers}
    for at, order in enumerate(file.orders):
        if order.customer not in customers:
            source.fail(
                ("orders", at, "customer"), f"{order.customer!r} is not among this file's customers; add her"
            )
        if (order.no is None) == (order.serial is None):
            source.fail(("orders", at), "write either no, the whole number, or serial, its last eight digits")
        for name in _HAPPENED[order.status]:
            if getattr(order, name) is None:
                source.fail(
                    ("orders", at),
                    f"an order that is {order.status} needs {name}; write e.g. {name}: T-1d 10:00",
                )


def check_goods(source: Source, file: File, prices: Mapping[str, int]) -> None:
    """Raise CannotLoad unless the orders' goods can be had; ``prices`` are those of all skus."""
    for at, order in enumerate(file.orders):
        _goods(source, ("orders", at), order, prices)


def _once(source: Source, name: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for at, id in enumerate(ids):
        if id in seen:
            source.fail((name, at, "id"), f"{id!r} stands here twice; give each an id of its own")
        seen.add(id)


def _goods(source: Source, place: Place, order: Order, prices: Mapping[str, int]) -> None:
    qty: dict[str, int] = {}
    for at, item in enumerate(order.items):
        if item.sku not in prices:
            source.fail(
                (*place, "items", at, "sku"),
                f"{item.sku!r} is sold neither in this file nor in the shop; write the sku of a variant",
            )
        if item.sku in qty:
            source.fail((*place, "items", at, "sku"), f"{item.sku!r} stands here twice; write qty instead")
        qty[item.sku] = item.qty
    goods = sum((prices[i.sku] if i.price_fen is None else i.price_fen) * i.qty for i in order.items)
    if order.discount_fen > goods:
        source.fail((*place, "discount_fen"), f"the goods cost only {goods}; write that or less")
    for at, one in enumerate(order.after_sales):
        for position, part in enumerate(one.items):
            spot = (*place, "after_sales", at, "items", position)
            left = qty.get(part.sku)
            if left is None:
                source.fail(spot, f"{part.sku!r} is not in the order; write one of {', '.join(qty)}")
            if one.state not in ("rejected", "withdrawn"):
                qty[part.sku] = left - part.qty
            if left < part.qty:
                source.fail(spot, f"of {part.sku!r} there are only {left} left; write that or less")
        here = (*place, "after_sales", at)
        if len({part.sku for part in one.items}) < len(one.items):
            source.fail((*here, "items"), "an item stands here twice; write qty instead")
        if one.kind == "exchange" and one.target_sku not in prices:
            source.fail(here, "an exchange needs target_sku, the sku of a variant")
        if one.kind != "exchange" and one.target_sku:
            source.fail((*here, "target_sku"), "only an exchange has this; take it out")
