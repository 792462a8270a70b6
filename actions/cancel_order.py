"""cancel_order: calling off an order before it is sent."""

from actions.backend.contract import Cancellation
from actions.job import Work
from actions.job_form import JobForm
from actions.shop import shop
from actions.wording import button, expected, money, says


class ValidateCancelOrderForm(JobForm):
    """Cancels an order that was not sent; a parcel on its way can be refused or returned."""

    form = "cancel_order_form"
    intent = "cancel_order"
    permission = "cancel"
    instead = (("shipped", "logistics", "logistics_track"), ("delivered", "return", "return_request"))

    async def write(self, work: Work, *, key: str, dry_run: bool) -> Cancellation:
        return await work.ask(shop().cancel, work.order.no, key=key, dry_run=dry_run)

    def tell(self, work: Work, what: str, told: Cancellation, *buttons: dict[str, str]) -> None:
        several = sum(item.qty for item in work.order.items) > 1
        if what == "propose" and several and says("part_of_order", work.turn.text):
            work.tell("utter_cancel_order_whole")
            work.job.doubt = True
            buttons += (button("modify", f'/modify_order{{"order_no": "{work.order.no}"}}'),)
        work.tell(
            f"utter_cancel_order_{what}_{'paid' if told.refund_fen else 'unpaid'}",
            *buttons,
            amount=money(told.refund_fen),
            method=told.method_text,
            when=expected(told.expected_at, "money"),
        )
