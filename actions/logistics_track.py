"""logistics_track: where a parcel is."""

from datetime import UTC, datetime, timedelta

from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import Order, Shipment
from actions.cards import logistics_card, order_card
from actions.order_answers import OrderAction, sure_actor
from actions.order_choice import ValidateOrderForm
from actions.policies import dispatch_hours
from actions.shop import ask_shop, shop
from actions.turn import Turn
from actions.wording import expected, human_offer, moment, order_title, says

SENT = {"shipped", "delivered", "completed"}
UNDER_WAY = {"collected", "in_transit"}


class ValidateLogisticsTrackForm(ValidateOrderForm):
    """Finds the order whose parcels are asked for; offers those that were sent."""

    form = "logistics_track_form"
    intent = "logistics_track"

    def offered(self, orders: list[Order]) -> list[Order]:
        # sorted() keeps newest first among equals: those on the way come first.
        sent = sorted((o for o in orders if o.status in SENT), key=lambda o: o.status != "shipped")
        return sent or orders


class ActionLogisticsTrack(OrderAction):
    """Tells where the parcels of the order are that the form found, a card for each."""

    intent = "logistics_track"

    def name(self) -> str:
        return "action_logistics_track"

    async def tell(
        self, say: CollectingDispatcher, turn: Turn, order: Order, others: list[dict[str, str]]
    ) -> None:
        parcels = await ask_shop(turn, shop().shipments, sure_actor(turn, order), order.no)
        if not parcels:
            self._tell_unsent(say, order, others)
        elif len(parcels) > 1:
            say.utter_message(
                response="utter_several_parcels", title=order_title(order), count=str(len(parcels))
            )
        for parcel in parcels:
            unseen = parcel.status == "delivered" and says("unseen", turn.text)
            self._tell(say, order, parcel, others if parcel is parcels[-1] else [], unseen)

    def _tell(
        self,
        say: CollectingDispatcher,
        order: Order,
        parcel: Shipment,
        buttons: list[dict[str, str]],
        unseen: bool,
    ) -> None:
        status = "in_transit" if parcel.status in UNDER_WAY else parcel.status
        if status not in {"in_transit", "out_for_delivery", "delivered", "exception"}:
            status = "in_transit"
        if status == "exception" or unseen:
            buttons = [*human_offer(), *buttons]
        scan = parcel.events[0] if parcel.events else None
        if scan is None:
            status = "no_scan"
        elif unseen:
            status = "delivered_unseen"
        say.utter_message(
            response=f"utter_parcel_{status}",
            title=order_title(order),
            courier=parcel.courier,
            tracking_no=parcel.tracking_no,
            at=moment(scan.at) if scan else "",
            place=scan.place if scan else "",
            scan=scan.text if scan else "",
            expected=expected(parcel.expected_at),
            buttons=buttons,
            json_message={"card": logistics_card(order.no, parcel)},
        )

    def _tell_unsent(self, say: CollectingDispatcher, order: Order, buttons: list[dict[str, str]]) -> None:
        """There is no parcel yet: say when there will be one."""
        response, by = "utter_no_parcel", ""
        if order.status in {"pending_payment", "cancelled"}:
            response = f"utter_not_sent_{order.status}"
        elif order.status == "paid":
            due = (order.paid_at or order.placed_at) + timedelta(hours=dispatch_hours())
            late = due < datetime.now(UTC)
            response, by = f"utter_not_sent_{'late' if late else 'paid'}", moment(due)
            if late:
                buttons = [*human_offer(), *buttons]
        say.utter_message(
            response=response,
            title=order_title(order),
            by=by,
            buttons=buttons,
            json_message={"card": order_card(order)},
        )
