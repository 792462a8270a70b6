"""What must be known before an order action can be proposed: its fields, and how they are read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nicegui import ui
from nicegui.elements.mixins.value_element import ValueElement

from actions.backend.contract import (
    AFTER_SALES,
    REASONS,
    Address,
    AfterSaleRequest,
    Customer,
    Item,
    NewAddress,
    Order,
    Part,
    Shop,
    Variant,
)
from bot.staff.texts import Texts

from ..elements import el, text

TEXT_LIMIT = 200
PICTURES = 9  # that go along with a request
NEW = "new"

E = TypeVar("E", bound=ValueElement[Any])
Read = Callable[[], dict[str, Any]]


class Lacking(Exception):
    """A field is empty that must not be; the text is the key of the sentence that says so."""


@dataclass(frozen=True)
class Known:
    """What the fields offer to choose from."""

    addresses: Sequence[Address] = ()
    variants: Mapping[str, Sequence[Variant]] = field(default_factory=dict)
    """Of each product."""


def look_up(shop: Shop, customer: Customer, order: Order, action: str) -> Known:
    """Ask the shop for what the fields of this action offer. Raises ShopError."""
    if action == "change_address":
        return Known(addresses=[a for a in shop.profile(customer).addresses if a.id is not None])
    if action == "after_sale" and "exchange" in kinds(order):
        products = {item.product for item in order.items if item.product}
        return Known(variants={id: shop.product(id).variants for id in sorted(products)})
    return Known()


def kinds(order: Order) -> list[str]:
    """The kinds of after-sales that the shop allows for the order."""
    return [kind for kind in AFTER_SALES if (can := order.can.get(kind)) and can.allowed]


def build(action: str, order: Order, known: Known, pictures: Sequence[str], t: Texts) -> Read:
    """Show the fields of an action; answers how to read them.

    Raises (what it answers): Lacking.
    """
    match action:
        case "change_address":
            return _address(known, t)
        case "remark":
            return _remark(order, t)
        case "invoice":
            return _invoice(t)
        case "after_sale":
            return _AfterSaleFields(order, known, pictures, t).read
    raise ValueError(action)


NEEDED = ("change_address", "remark", "invoice", "after_sale")


def _address(known: Known, t: Texts) -> Read:
    saved = {str(a.id): f"{a.name} {a.phone} {a.text}" for a in known.addresses}
    chosen = ui.radio({**saved, NEW: t("address_new")}, value=next(iter(saved), NEW)).props("dense")
    with el("div", "fields") as typed:
        where = _field(ui.textarea(t("address_text")), "field-address", rows=2)
        name = _field(ui.input(t("address_name")), "field-name")
        phone = _field(ui.input(t("address_phone")), "field-phone")
    typed.bind_visibility_from(chosen, "value", value=NEW)

    def read() -> dict[str, Any]:
        if chosen.value != NEW:
            return {"address": NewAddress(address_id=int(chosen.value))}
        if not _said(where):
            raise Lacking("lacks_address")
        parts = (_said(where), _said(name) or None, _said(phone) or None)
        return {"address": NewAddress(text=parts[0], name=parts[1], phone=parts[2])}

    return read


def _remark(order: Order, t: Texts) -> Read:
    if order.remark:
        text("p", t("remark_before", remark=order.remark), "hint")
    wish = _field(ui.textarea(t("remark_text")), "field-remark", rows=2)

    def read() -> dict[str, Any]:
        if not _said(wish):
            raise Lacking("lacks_remark")
        return {"text": _said(wish)}

    return read


def _invoice(t: Texts) -> Read:
    kind = ui.radio({"personal": t("invoice_personal"), "company": t("invoice_company")}, value="personal")
    kind.props("inline dense")
    title = _field(ui.input(t("invoice_title"), value=t("person")), "field-title")
    tax_no = _field(ui.input(t("tax_no")), "field-tax-no")
    tax_no.bind_visibility_from(kind, "value", value="company")
    email = _field(ui.input(t("email_optional")), "field-email")

    def turned() -> None:
        if title.value == t("person"):
            title.value = ""
        elif not title.value and kind.value == "personal":
            title.value = t("person")

    kind.on_value_change(turned)

    def read() -> dict[str, Any]:
        company = kind.value == "company"
        if not _said(title):
            raise Lacking("lacks_title")
        if company and not _said(tax_no):
            raise Lacking("lacks_tax_no")
        number = _said(tax_no).upper() if company else ""
        return {"kind": kind.value, "title": _said(title), "tax_no": number, "email": _said(email)}

    return read


class _AfterSaleFields:
    def __init__(self, order: Order, known: Known, pictures: Sequence[str], t: Texts) -> None:
        self._order, self._known, self._pictures = order, known, list(pictures)[-PICTURES:]
        offered = {kind: t(f"kind_{kind}") for kind in kinds(order)}
        self._kind = ui.radio(offered, value=next(iter(offered))).props("inline dense")
        self._kind.props["data-testid"] = "field-kind"
        self._parts: list[tuple[Item, ui.checkbox, ui.number | None]] = []
        with el("div", "fields goods"):
            for item in order.items:
                self._show_item(item, chosen=len(order.items) == 1)
        self._target = _field(ui.select({}, label=t("target")), "field-target")
        self._reason = _field(
            ui.select({reason: t(f"reason_{reason}") for reason in REASONS}, label=t("reason")),
            "field-reason",
        )
        self._note = _field(ui.textarea(t("after_sale_note")), "field-note", rows=2)
        self._along: ui.checkbox | None = None
        if pictures:
            self._along = ui.checkbox(t("pictures_along", count=len(self._pictures)), value=True).props(
                "dense"
            )
        for chooses in (self._kind, *(box for _, box, _ in self._parts)):
            chooses.on_value_change(self._offer_variants)
        self._offer_variants()

    def _show_item(self, item: Item, chosen: bool) -> None:
        with el("div", "goods-line"):
            box = ui.checkbox(f"{item.name} {item.spec}".strip(), value=chosen)
            box.props("dense").props["data-testid"] = f"field-item-{item.sku}"
            number = None
            if item.qty > 1:
                number = ui.number(value=item.qty, min=1, max=item.qty, precision=0)
                number.props("outlined dense").classes("goods-qty")
        self._parts.append((item, box, number))

    def _offer_variants(self) -> None:
        exchanged = self._kind.value == "exchange"
        self._target.set_visibility(exchanged)
        if not exchanged:
            return
        chosen = [item for item, box, _ in self._parts if box.value]
        own = {item.sku for item in chosen}
        found = self._known.variants.get(chosen[0].product, ()) if chosen else ()
        self._target.set_options({v.sku: v.spec for v in found if v.stock and v.sku not in own}, value=None)

    def read(self) -> dict[str, Any]:
        parts = [
            Part(item.sku, int(number.value or 1) if number else item.qty)
            for item, box, number in self._parts
            if box.value
        ]
        if not parts:
            raise Lacking("lacks_goods")
        exchanged = self._kind.value == "exchange"
        if exchanged and not self._target.value:
            raise Lacking("lacks_target")
        if not self._reason.value:
            raise Lacking("lacks_reason")
        request = AfterSaleRequest(
            order_no=self._order.no,
            kind=str(self._kind.value),
            items=parts,
            reason=str(self._reason.value),
            note=_said(self._note),
            evidence=self._pictures if self._along and self._along.value else [],
            target_sku=str(self._target.value) if exchanged else None,
        )
        return {"request": request}


def _field(element: E, name: str, **props: object) -> E:
    element.props("outlined dense").classes("act-field")
    element.props["maxlength"] = TEXT_LIMIT
    element.props["data-testid"] = name
    for key, value in props.items():
        element.props[key] = value
    return element


def _said(element: ValueElement[Any]) -> str:
    # A lone surrogate or NUL cannot be sent everywhere.
    words = str(element.value or "").encode("utf-8", "replace").decode()
    return words.replace("\0", "").strip()[:TEXT_LIMIT]
