"""The customer's coupons and points."""

from collections.abc import Awaitable, Callable, Sequence

from nicegui.element import Element

from actions.backend.contract import Coupon, Customer, Points

from ..context import Context
from ..elements import el, moment, text
from ..telling import money
from .asking import fill

# What is of use comes first.
STATES = ("usable", "not_started", "used", "expired")


def load_coupons(ctx: Context, customer: Callable[[], Customer]) -> Callable[[Element], Awaitable[None]]:
    """What fills the fold of coupons."""

    def load(box: Element) -> Awaitable[None]:
        shop, her = ctx.desk.shop, customer()

        def show(coupons: Sequence[Coupon]) -> None:
            if not coupons:
                text("p", ctx.t("coupons_empty"), "hint")
            known = {state: place for place, state in enumerate(STATES)}
            for coupon in sorted(coupons, key=lambda each: known.get(each.state, len(known))):
                _show_coupon(coupon, ctx)

        return fill(box, ctx.t, lambda: shop.coupons(her), show, "coupons_failed")

    return load


def load_points(ctx: Context, customer: Callable[[], Customer]) -> Callable[[Element], Awaitable[None]]:
    """What fills the fold of points."""

    def load(box: Element) -> Awaitable[None]:
        shop, her = ctx.desk.shop, customer()
        return fill(
            box, ctx.t, lambda: shop.points(her), lambda found: _show_points(found, ctx), "points_failed"
        )

    return load


def _show_coupon(coupon: Coupon, ctx: Context) -> None:
    with el("section", "coupon", data_testid="coupon", data_state=coupon.state):
        with el("div", "card-head"):
            text("strong", coupon.name)
            text("span", coupon.state_text, "chip", data_state=coupon.state)
        text("p", coupon.text)
        with el("p", "hint"):
            if coupon.scope_text:
                text("span", coupon.scope_text)
            text("span", ctx.t("until"))
            moment(coupon.until_at)


def _show_points(points: Points, ctx: Context) -> None:
    t = ctx.t
    with el("p", "points-head"):
        text("strong", f"{points.balance:,}", "number")
        text("span", points.level_text, "chip level")
    if points.next_level_text and points.next_level_fen is not None:
        left = t("next_level", fen=money(points.next_level_fen), level=points.next_level_text)
        text("p", left, "hint")
    for each in points.expiring:
        with el("p", "hint"):
            text("span", t("points_expire", points=f"{each.points:,}"))
            moment(each.at)
    with el("ol", "changes"):
        for change in points.history:
            with el("li"):
                moment(change.at)
                text("span", change.text)
                sign = "gain" if change.points > 0 else "loss"
                text("span", f"{change.points:+,}", f"number {sign}")
