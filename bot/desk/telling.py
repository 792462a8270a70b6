"""What an order action does, in words: before it is confirmed, and when it was done. No pages in it."""

from datetime import datetime
from zoneinfo import ZoneInfo

from actions.backend.contract import (
    Address,
    AfterSale,
    AfterSaleItem,
    Cancellation,
    Invoice,
    PriceProtection,
    Urged,
)
from bot.staff.texts import Texts

from .order_actions import Outcome, Wish

SHOP_ZONE = ZoneInfo("Asia/Shanghai")

Fact = tuple[str, str | datetime]


def facts(wish: Wish, result: object, t: Texts) -> list[Fact]:
    """Label and value of each thing that happens."""
    found: list[tuple[str, str | datetime | None]]
    match result:
        case Cancellation():
            nothing = "" if result.refund_fen else t("nothing_paid")
            found = [
                (t("card_refund"), nothing or money_back(result.refund_fen, result.method_text, t)),
                (t("arrives"), result.expected_at),
            ]
        case Address():
            found = [(t("recipient"), f"{result.name} {result.phone}"), (t("address"), result.text)]
        case Urged():
            found = [(t("promised"), result.promised_at)]
        case Invoice():
            found = [
                (t("invoice_title"), result.title),
                (t("tax_no"), result.tax_no),
                (t("amount"), money(result.amount_fen)),
                (t("email"), result.email),
                (t("expected_by"), result.expected_at),
            ]
        case PriceProtection():
            prices = [
                (item.name, f"{money(item.paid_fen)} → {money(item.price_fen)}") for item in result.items
            ]
            refund = money_back(result.refund_fen, result.method_text, t)
            found = [*prices, (t("card_refund"), refund), (t("arrives"), result.expected_at)]
        case AfterSale():
            found = _of_after_sale(result, t)
        case _:
            found = [(t("remark"), str(wish.values.get("text", "")))]
    return [(label, value.strip() if isinstance(value, str) else value) for label, value in found if value]


def note(wish: Wish, outcome: Outcome, t: Texts) -> str:
    """What colleagues read beside the conversation."""
    act = t("note_act", act=t(f"act_{wish.action}"), no=wish.order_no)
    if outcome.kind == "unsure":
        return f"{act}{t('note_unsure')}"
    if outcome.kind == "refused":
        return f"{act}{t('note_refused', reason=outcome.reason or t('refused_plainly'))}"
    told = [f"{label} {_plain(value)}" for label, value in facts(wish, outcome.result, t)]
    return f"{act}{t('note_done')}{t('semicolon').join(told)}"


def _plain(value: str | datetime) -> str:
    return value.astimezone(SHOP_ZONE).strftime("%m-%d %H:%M") if isinstance(value, datetime) else value


def _of_after_sale(sale: AfterSale, t: Texts) -> list[tuple[str, str | datetime | None]]:
    back = sale.return_address
    return [
        (t("kind"), sale.kind_text),
        (t("goods"), t("comma").join(map(_goods, sale.items))),
        (t("target"), _goods(sale.target) if sale.target else None),
        (t("reason"), sale.reason_text),
        (t("card_refund"), money_back(sale.refund_fen, sale.method_text, t) if sale.refund_fen else None),
        (t("postage"), t(f"postage_{sale.postage_by}") if sale.postage_by else None),
        (t("return_to"), f"{back.name} {back.phone} {back.text}" if back else None),
        (t("next_step"), sale.next_step),
        (t("arrives"), sale.expected_at if sale.refund_fen else None),
    ]


def money(fen: int) -> str:
    """An amount as people read it."""
    return f"¥{fen // 100:,}.{fen % 100:02d}"


def money_back(fen: int, method: str, t: Texts) -> str:
    """How much comes back, and how."""
    return t("money_back", amount=money(fen), method=method) if method else money(fen)


def _goods(item: AfterSaleItem) -> str:
    count = f" ×{item.qty}" if item.qty > 1 else ""
    return f"{item.name} {item.spec}".strip() + count
