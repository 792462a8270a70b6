"""coupon_promo: a customer's coupons, why one does not work, and what is on."""

from datetime import UTC, datetime, timedelta

from rasa_sdk.events import EventType
from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import Coupon, Customer, Promotion
from actions.faq import ActionNearestTopics
from actions.payment_issue import unpaid_orders
from actions.shop import ask_shop, shop
from actions.turn import Turn, TurnAction
from actions.wording import day, lines, moment, order_title, says, wording

SHOWN = 4
SOON = timedelta(days=3)


class ActionCouponPromo(TurnAction):
    """Lists her coupons and what is on; of an unpaid order, which coupon works and why another does not."""

    def name(self) -> str:
        return "action_coupon_promo"

    async def act(self, say: CollectingDispatcher, turn: Turn) -> list[EventType]:
        of_coupons, of_promotions = says("coupons", turn.text), says("promotions", turn.text)
        if turn.text and not of_coupons and not of_promotions:
            return await ActionNearestTopics().act(say, turn)
        if turn.customer and (of_coupons or not of_promotions):
            await self._tell_coupons(say, turn, turn.customer)
            if turn.text and not of_promotions:
                return []
        await self._tell_promotions(say, turn)
        return []

    async def _tell_coupons(self, say: CollectingDispatcher, turn: Turn, customer: Customer) -> None:
        asks_why = says("not_working", turn.text)
        order = next(iter(await unpaid_orders(turn, customer)), None) if asks_why else None
        coupons = await ask_shop(turn, shop().coupons, customer, order_no=order.no if order else None)
        usable = [coupon for coupon in coupons if coupon.usable.allowed]
        others = [coupon for coupon in coupons if not coupon.usable.allowed]
        if asks_why and others:
            say.utter_message(
                response=f"utter_coupon_promo_why_{'order' if order else 'any'}",
                title=order_title(order) if order else "",
                usable=lines(_line(coupon) for coupon in usable[:SHOWN]) or wording()["no_coupon"],
                reasons=lines(f"{c.name}：{c.usable.reason or c.state_text}" for c in others[:SHOWN]),
            )
        elif usable:
            say.utter_message(
                response="utter_coupon_promo_usable",
                count=str(len(usable)),
                coupons=lines(_line(coupon) for coupon in usable[:SHOWN]),
            )
        else:
            waiting = [coupon for coupon in others if coupon.state == "not_started"]
            say.utter_message(
                response=f"utter_coupon_promo_{'later' if waiting else 'none'}",
                coupons=lines(f"{each.name}：{each.text}，{day(each.from_at)}" for each in waiting[:SHOWN]),
            )

    async def _tell_promotions(self, say: CollectingDispatcher, turn: Turn) -> None:
        promotions = await ask_shop(turn, shop().promotions)
        who = "customer" if turn.customer else "visitor"
        say.utter_message(
            response=f"utter_coupon_promo_{'on' if promotions else 'nothing_on'}_{who}",
            promotions=lines(_told(one) for one in promotions[:SHOWN]),
        )


def _line(coupon: Coupon) -> str:
    scope = f"，{coupon.scope_text}" if coupon.scope_text else ""
    soon = coupon.until_at - datetime.now(UTC) < SOON
    form = wording()["coupon_soon" if soon else "coupon"]
    return str(form.format(name=coupon.name, text=coupon.text, scope=scope, until=moment(coupon.until_at)))


def _told(promotion: Promotion) -> str:
    begun = promotion.from_at <= datetime.now(UTC)
    at = promotion.until_at if begun else promotion.from_at
    form = wording()["promotion_on" if begun else "promotion_soon"]
    return str(form.format(title=promotion.title, text=promotion.text, at=moment(at)))
