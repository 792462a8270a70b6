"""What an exchange shall bring."""

from typing import Any

from actions.after_sales.request import item_of, title
from actions.answers import says_yes
from actions.backend.contract import Refused, Variant
from actions.job import Step, Work
from actions.naming import colours, says_token, sizes_up
from actions.shop import ask_shop, shop
from actions.turn import HUMAN, Turn
from actions.wording import button, choice, wording


class VariantStep(Step):
    """What an exchange shall bring: another variant of the same product, one that is there."""

    name = "variant"

    def lacks(self, work: Work) -> bool:
        return _exchanged(work) and self.name not in work.job.values

    async def take(self, work: Work) -> None:
        values, turn = work.job.values, work.turn
        if not _exchanged(work):
            return
        texts = [*values.pop("wished", []), *work.heard]
        if not values.get("items"):
            values["wished"] = texts
            return
        if (own := values["items"][0]["sku"]) != values.get("variant_of"):
            values.pop(self.name, None)
            values["variant_of"] = own
        variants = await self._variants(work)
        chosen = turn.entity("choice")
        if named := [variant for variant in variants if variant.sku == chosen != own]:
            self._choose(values, named[0], variants)
            return
        for text in reversed(texts):
            found = self._wanted(work, text, variants)
            there = [variant for variant in found if self._there(work, variant)]
            if len(there) == 1:
                self._choose(values, there[0], variants)
            elif found and not there:
                values.pop(self.name, None)
                values["not_there"] = found[0].spec
            if found:
                return
        there = [variant for variant in variants if self._there(work, variant)]
        # A yes to the only one offered.
        if work.asked == self.name and len(there) == 1 and says_yes(turn, "exchange_request"):
            self._choose(values, there[0], variants)

    async def ask(self, work: Work) -> None:
        values = work.job.values
        there = [variant for variant in await self._variants(work) if self._there(work, variant)]
        if not there:
            raise Refused("out_of_stock", wording()["no_other_variant"])
        work.job.offered = {variant.sku: variant.spec for variant in there}
        buttons = [choice(variant.sku, variant.spec) for variant in there]
        item = title(item_of(work, _own(work)))
        if spec := values.pop("not_there", None):
            work.tell("utter_exchange_request_not_there", *buttons, button("human", HUMAN), spec=spec)
        else:
            work.tell("utter_exchange_request_which", *buttons, item=item)

    def accepts(self, turn: Turn) -> bool:
        offered = (turn.slot("job") or {}).get("offered") or {}
        tokens = {token for spec in offered.values() for token in spec.split()}
        return (
            super().accepts(turn)
            or bool(turn.entity("size") or turn.entity("colour") or sizes_up(turn.text))
            or any(says_token(turn.text, token) for token in tokens)
        )

    def _choose(self, values: dict[str, Any], variant: Variant, variants: list[Variant]) -> None:
        own = next((each for each in variants if each.sku == values["variant_of"]), None)
        values[self.name] = variant.sku
        values["other_size"] = own is not None and colours(own) == colours(variant)

    async def others(self, work: Work) -> list[str]:
        """What can be had instead."""
        return [variant.sku for variant in await self._variants(work) if self._there(work, variant)]

    async def _variants(self, work: Work) -> list[Variant]:
        """All of the product."""
        product = await ask_shop(work.turn, shop().product, item_of(work, _own(work)).product)
        return list(product.variants)

    def _there(self, work: Work, variant: Variant) -> bool:
        wanted = work.job.values["items"][0]["qty"] or 1
        ruled_out = work.job.values.get("ruled_out", [])
        return variant.stock >= wanted and variant.sku not in [_own(work), *ruled_out]

    def _wanted(self, work: Work, text: str, variants: list[Variant]) -> list[Variant]:
        """What the words name: by the whole of it, by size, by colour, or as "大一码"."""
        own = next((variant for variant in variants if variant.sku == _own(work)), None)
        others = [variant for variant in variants if variant.sku != _own(work)]
        if own and (steps := sizes_up(text)):
            kin = [v for v in variants if colours(v) == colours(own)]
            place = kin.index(own) + steps
            return [kin[place]] if 0 <= place < len(kin) else []
        chars = set(wording()["colour_characters"]) & set(text)
        scored = []
        for variant in others:
            tokens = variant.spec.split()
            score = sum(2 for token in tokens if says_token(text, token))
            score += bool(chars & set("".join(colours(variant))))
            # "换个黑的" keeps the size, "换40的" the colour.
            same = sum(token in own.spec.split() for token in tokens) if own and score else 0
            scored.append((score + same / 10, variant))
        best = max((score for score, _ in scored), default=0)
        return [variant for score, variant in scored if score == best] if best >= 1 else []


def _own(work: Work) -> str:
    return str(work.job.values["items"][0]["sku"])


def _exchanged(work: Work) -> bool:
    """Whether goods are exchanged: in a job that does only this, or as the solution."""
    return work.job.form == "exchange_request_form" or work.job.values.get("solution") == "exchange"
