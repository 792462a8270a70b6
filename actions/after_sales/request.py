"""A request for after-sales: what the shop is asked for, and how it is told of."""

from typing import Any

from actions.backend.contract import AfterSale, AfterSaleItem, AfterSaleRequest, Allowed, Item, Part
from actions.job import Work
from actions.wording import expected, money, wording


def request_of(work: Work, kind: str) -> AfterSaleRequest:
    """What the shop is asked for, by what the job knows."""
    values = work.job.values
    return AfterSaleRequest(
        order_no=work.order.no,
        kind=kind,
        items=[Part(part["sku"], part["qty"]) for part in values["items"]],
        reason=values["reason"],
        note=values.get("note", ""),
        evidence=values.get("evidence", []),
        target_sku=values.get("variant") if kind == "exchange" else None,
    )


def facts(sale: AfterSale) -> dict[str, Any]:
    """What the responses about a request say of it."""
    words = wording()
    address = sale.return_address
    return_to = (
        words["return_to"].format(name=address.name, phone=address.phone, text=address.text)
        if address
        else ""
    )
    return dict(
        items=told(sale.items),
        target=told([sale.target]) if sale.target else "",
        kind=sale.kind_text,
        state=sale.state_text,
        reason=sale.reason_text,
        amount=money(sale.refund_fen),
        method=sale.method_text,
        when=expected(sale.expected_at, "money"),
        postage=words["postage"].get(sale.postage_by or "", ""),
        next_step=sale.next_step,
        return_to=return_to,
    )


def told(items: list[Item] | list[AfterSaleItem]) -> str:
    """Goods as the shopper is told of them: ``跑鞋 月光白 38``, with the number where it is more than one."""
    form = wording()["after_sale_item"]
    return "、".join(title(each) + (form.format(qty=each.qty) if each.qty > 1 else "") for each in items)


def title(item: Item | AfterSaleItem) -> str:
    """One piece of it: ``跑鞋 月光白 38``."""
    return f"{item.name} {item.spec}".strip()


def item_of(work: Work, sku: str) -> Item:
    """The item of the order that has this number."""
    return next(item for item in work.order.items if item.sku == sku)


def allows(can: dict[str, Allowed], kind: str) -> bool:
    """Whether the shop does not forbid ``kind`` of after-sales from the first."""
    return kind not in can or can[kind].allowed
