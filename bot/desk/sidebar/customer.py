"""Who the customer is, as the shop knows her now."""

from datetime import UTC, datetime, timedelta

from nicegui.element import Element
from sqlalchemy.exc import SQLAlchemyError

from actions.backend.contract import Customer, Profile, Refused, ShopError
from bot.conversations.models import Conversation

from .. import customers
from ..context import Context
from ..elements import button, el, moment, text
from ..shop_calls import ask
from .asking import fill
from .packet import fact

SOON = timedelta(days=30)


class CustomerBox:
    """Made inside the column."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._points: Element | None = None
        with el("section", "box", data_testid="profile"):
            text("h2", ctx.t("customer"))
            self._box = el("div", "customer")

    async def show(self, conversation: Conversation) -> None:
        """Show the conversation's customer; that she was looked at is audited first, once."""
        ctx, customer_id = self._ctx, conversation.customer_id
        self._box.clear()
        with self._box:
            if customer_id is None:
                text("p", ctx.t("visitor_hint"), "hint")
                return
            with el("div", "profile-head") as self._head:
                text("strong", conversation.customer_name or customer_id)
            box = el("div", "profile")
        audited = False

        def look() -> Profile:
            nonlocal audited
            if not audited:
                customers.note_view(ctx.desk.store, ctx.staff, "view_customer", conversation.id)
                audited = True
            return ctx.desk.shop.profile(Customer(customer_id))

        self._points = None
        await fill(box, ctx.t, look, lambda profile: self._show(conversation, profile), "profile_failed")
        if self._points and not self._points.is_deleted:
            await self._show_expiring(self._points, Customer(customer_id))

    async def _show_expiring(self, line: Element, customer: Customer) -> None:
        """What may be left out where the shop does not tell it."""
        try:
            expiring = (await ask(self._ctx.desk.shop.points, customer)).expiring
        except ShopError:
            return
        soon = [each for each in expiring if each.at < datetime.now(UTC) + SOON]
        if soon and not line.is_deleted:
            next_ = min(soon, key=lambda each: each.at)
            with line, el("span", "hint expiring", data_testid="expiring"):
                text("span", self._ctx.t("points_expire", points=f"{next_.points:,}"))
                moment(next_.at)

    def _show(self, conversation: Conversation, profile: Profile) -> None:
        t = self._ctx.t
        self._head.clear()
        with self._head:
            text("strong", profile.name)
            if profile.level_text:
                text("span", profile.level_text, "chip level", title=t("level"))
        with el("dl", "facts"):
            with el("div"):
                text("dt", t("phone"))
                with el("dd", "phone") as line:
                    self._show_phone(line, conversation, profile.phone)
            if profile.points is not None:
                with el("div"):
                    text("dt", t("points"))
                    with el("dd") as self._points:
                        text("span", f"{profile.points:,}", "number")
            for address in profile.addresses[:1]:
                fact(t("address"), address.text)

    def _show_phone(self, line: Element, conversation: Conversation, masked: str) -> None:
        with line:
            number = text("span", masked, "number", data_testid="phone")
            if not masked:
                return
            show = button(self._ctx.t("phone_show"), "link", data_testid="phone-show")
            show.props["title"] = self._ctx.t("phone_show_hint")

            async def reveal() -> None:
                ctx = self._ctx
                if not await ctx.signed_in():
                    return
                try:
                    phone = await ask(customers.phone, ctx.desk.store, ctx.desk.shop, ctx.staff, conversation)
                except Refused:
                    ctx.tell("phone_not_given")
                    return
                except (ShopError, SQLAlchemyError):
                    ctx.tell("phone_failed")
                    return
                if not line.is_deleted:
                    number.set_text(phone)
                    show.delete()

            show.on("click", reveal, args=[])
