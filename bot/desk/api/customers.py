"""Calls about the customer of a conversation: who she is, what she bought, what happened before."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from actions.backend.contract import AfterSalePage, OrderPage, Points, ProductDetail, RefundPage
from actions.backend.contract import Customer as Her
from bot.conversations import past
from bot.desk import order_actions
from bot.desk.shop_calls import ask
from bot.problems import responses

from . import caller
from .answers import customers as answers
from .services import Services

Page = Annotated[int, Query(ge=1, le=10_000)]
PageSize = Annotated[int, Query(ge=1, le=50)]


def create_router(desk: Services) -> APIRouter:
    """``/conversations/{id}/customer`` and what is under it, and ``/products``."""
    router = APIRouter(tags=["customer"], responses=responses(404, 409))
    here = "/conversations/{id}/customer"
    shop = desk.shop

    def signed_in(id: caller.ConversationId, staff: caller.Agent) -> Her:
        return desk.customer(staff, id)

    HerOwn = Annotated[Her, Depends(signed_in)]

    @router.get(here)
    async def profile(her: HerOwn) -> answers.Customer:
        """Who the customer is; a visitor who has not signed in is nobody yet (404 ``no-customer``)."""
        return answers.Customer(id=her.id, profile=await ask(shop.profile, her))

    @router.post(f"{here}/phone")
    async def phone(id: caller.ConversationId, staff: caller.Agent, _her: HerOwn) -> answers.Phone:
        """Her phone in full, to call her. Each call is kept in the audit."""
        found = await ask(desk.phone, staff, id)
        return answers.Phone(phone=found)

    @router.get(f"{here}/orders")
    async def orders(her: HerOwn, page: Page = 1, page_size: PageSize = 10) -> OrderPage:
        """Her orders, the newest first."""
        return await ask(shop.orders, her, page=page, page_size=page_size)

    @router.get(f"{here}/orders/{{no}}")
    async def order(no: caller.ShopId, her: HerOwn) -> answers.OrderNow:
        """One order of hers as it is now, with what may be done."""
        found = await ask(shop.order, her, no)
        forbidden: Any = [
            {"action": action, "reason": reason} for action, reason in order_actions.forbidden(found)
        ]
        return answers.OrderNow(order=found, allowed=order_actions.allowed(found), forbidden=forbidden)

    @router.get(f"{here}/orders/{{no}}/shipments")
    async def shipments(no: caller.ShopId, her: HerOwn) -> answers.Shipments:
        """The order's parcels; none before it is shipped."""
        return answers.Shipments(items=await ask(shop.shipments, her, no))

    @router.get(f"{here}/after-sales")
    async def after_sales(her: HerOwn, page: Page = 1, page_size: PageSize = 10) -> AfterSalePage:
        """Her returns, exchanges, refunds without return and repairs, the newest first."""
        return await ask(shop.after_sales, her, page=page, page_size=page_size)

    @router.get(f"{here}/refunds")
    async def refunds(her: HerOwn, page: Page = 1, page_size: PageSize = 10) -> RefundPage:
        """Money on its way back to her, the newest first."""
        return await ask(shop.refunds, her, page=page, page_size=page_size)

    @router.get(f"{here}/coupons")
    async def coupons(her: HerOwn) -> answers.Coupons:
        """Her coupons, also those of no use any more."""
        return answers.Coupons(items=await ask(shop.coupons, her))

    @router.get(f"{here}/points")
    async def points(her: HerOwn) -> Points:
        """Her points and level."""
        return await ask(shop.points, her)

    @router.get(f"{here}/past")
    def before(id: caller.ConversationId, her: HerOwn) -> answers.PastConversations:
        """Her other conversations with what came of them, the latest first."""
        found = past.of(desk.store, her.id, id)
        return answers.PastConversations(items=[answers.Past.model_validate(each) for each in found])

    @router.get("/products/{no}")
    async def product(no: caller.ShopId, staff: caller.Agent) -> ProductDetail:
        """A product with its variants: what an exchange may bring."""
        return await ask(shop.product, no)

    return router
