"""urge_delivery: pressing for dispatch or delivery."""

from actions.backend.contract import Urged
from actions.job import Work
from actions.job_form import JobForm
from actions.shop import shop
from actions.wording import moment


class ValidateUrgeDeliveryForm(JobForm):
    """Presses the warehouse for an order not sent yet, the courier for one on its way."""

    form = "urge_delivery_form"
    intent = "urge_delivery"
    permission = "urge"
    instead = (
        ("already", "logistics", "logistics_track"),
        ("delivered", "logistics", "logistics_track"),
    )

    async def write(self, work: Work, *, key: str, dry_run: bool) -> Urged:
        return await work.ask(shop().urge, work.order.no, key=key, dry_run=dry_run)

    def tell(self, work: Work, what: str, urged: Urged, *buttons: dict[str, str]) -> None:
        sent = "shipped" if work.order.status == "shipped" else "paid"
        if not urged.promised_at:
            work.tell(f"utter_urge_delivery_{what}_{sent}_unknown", *buttons)
            return
        work.tell(f"utter_urge_delivery_{what}_{sent}", *buttons, when=moment(urged.promised_at))
