"""change_address: sending an order elsewhere, before it is sent."""

from dataclasses import asdict

from actions.addresses import Typed, is_house, is_province, typed
from actions.backend.contract import Address, Customer, NewAddress
from actions.job import Step, Work
from actions.job_form import CONFIRMED, JobForm
from actions.naming import pointed
from actions.shop import shop
from actions.turn import Turn
from actions.wording import choice

SAVED = "address:"  # before the id in a button's choice
SHOWN = 4  # saved addresses offered at once


class AddressStep(Step):
    """A saved address, or one as it is typed, with name and phone where they are given.

    What is typed may come in pieces; the value is complete with ``id``, or with region and street.
    """

    name = "address"
    why = "utter_change_address_why"

    async def take(self, work: Work) -> None:
        if chosen := await self._saved(work):
            work.job.values[self.name] = {"id": chosen.id}
            return
        known = Typed(**{k: v for k, v in work.job.values.get(self.name, {}).items() if k != "id"})
        heard = [new for text in work.heard if (new := typed(text, _places(work.turn))) != Typed()]
        for new in heard:
            if (new.text and work.asked == CONFIRMED) or (new.region and is_house(new.street)):
                known.region, known.street = new.region, new.street
            else:
                if is_province(known.region) and new.region and not new.region.startswith(known.region):
                    new.region = known.region + new.region
                if known.street and not is_house(known.street):
                    new.street = known.street + new.street
                known.region, known.street = new.region or known.region, new.street or known.street
            known.name, known.phone = new.name or known.name, new.phone or known.phone
        if heard:
            work.job.values[self.name] = asdict(known)

    async def ask(self, work: Work) -> None:
        known = work.job.values.get(self.name, {})
        if known.get("region") and not is_house(known["street"]):
            work.tell("utter_change_address_street", region=known["region"])
        elif known.get("street"):
            work.tell("utter_change_address_region")
        elif known:
            work.tell("utter_change_address_whole")
        elif saved := await _addresses(work):
            buttons = [choice(f"{SAVED}{each.id}", f"{each.name} {each.phone} {each.text}") for each in saved]
            again = "_again" if work.job.attempts else ""
            work.tell(f"utter_change_address_ask{again}", *buttons)
        else:
            work.tell("utter_change_address_whole")

    def accepts(self, turn: Turn) -> bool:
        return super().accepts(turn) or typed(turn.text, _places(turn)) != Typed()

    def lacks(self, work: Work) -> bool:
        known = work.job.values.get(self.name, {})
        region = known.get("region", "")
        there = region and not is_province(region) and is_house(known.get("street", ""))
        return not (known.get("id") or there)

    async def _saved(self, work: Work) -> Address | None:
        choice, ordinal = work.turn.entity("choice") or "", work.turn.entity("ordinal")
        if choice.startswith(SAVED):
            chosen = choice.removeprefix(SAVED)
            return next((each for each in await _addresses(work, None) if str(each.id) == chosen), None)
        if work.asked == self.name and ordinal:
            return pointed(ordinal, await _addresses(work))
        return None


class ValidateChangeAddressForm(JobForm):
    """Changes where an order goes; visitors, whose parcel others could lead away so, have to sign in."""

    form = "change_address_form"
    intent = "change_address"
    permission = "change_address"
    steps = (AddressStep(),)
    instead = (("shipped", "logistics", "logistics_track"),)

    async def write(self, work: Work, *, key: str, dry_run: bool) -> Address:
        known = work.job.values["address"]
        to = (
            NewAddress(address_id=known["id"])
            if "id" in known
            else NewAddress(
                text=known["region"] + known["street"],
                name=known["name"] or None,
                phone=known["phone"] or None,
            )
        )
        return await work.ask(shop().change_address, work.order.no, to, key=key, dry_run=dry_run)

    def _corrected(self, work: Work) -> tuple[str, ...]:
        return () if self.steps[0].accepts(work.turn) else ("address",)

    def tell(self, work: Work, what: str, to: Address, *buttons: dict[str, str]) -> None:
        # A region typed without its 市 and 区 the shop takes for a street, and hides it.
        region = work.job.values["address"].get("region", "") if to.text.startswith("*") else ""
        told = region + to.text
        work.tell(f"utter_change_address_{what}", *buttons, name=to.name, phone=to.phone, address=told)


async def _addresses(work: Work, count: int | None = SHOWN) -> list[Address]:
    """The customer's saved addresses, masked by the shop."""
    if not isinstance(work.actor, Customer):
        return []
    profile = await work.ask(shop().profile)
    return [each for each in profile.addresses if each.id is not None][:count]


def _places(turn: Turn) -> tuple[str, ...]:
    """How the message spells the place it names."""
    place = turn.entity("place") or ""
    spelled = (place, place.removesuffix("市").removesuffix("省").removesuffix("自治区"))
    return tuple(each for each in spelled if each and each in turn.text)
