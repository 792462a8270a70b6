"""modify_order: a wish for the warehouse, before an order is packed."""

import re

from actions.addresses import PHONE
from actions.answers import states
from actions.job import Step, Work
from actions.job_form import JobForm
from actions.shop import shop
from actions.turn import Turn
from actions.wording import says, wording

LONGEST = 200
VALUES = ("size", "colour", "quantity")
_POLITE = re.compile(
    r"^(?:[你您]好|请问|请|麻烦|帮忙?|给我|帮我|我|想要?|要|可以|能不能|可不可以|能|把?这?个?订单\d{16}的?|亲|在吗|不对|不是|错了|应该是|\s|,|:)+"
    r"|(?:可以吗|行吗|好吗|好不好|谢谢你?您?|麻烦了?|[吗呢吧哈啊哦,.!?~\s])+$"
)
_NOTED = re.compile(
    r"(?:备注|留言)(?:改?一下|改?下|写(?=[上着:,\s])|上|说|改成|改为|再?加上|:|,|\s)*(?P<note>.{2,})"
)


class RemarkStep(Step):
    """The wish in the shopper's own words."""

    name = "remark"

    async def take(self, work: Work) -> None:
        values = work.job.values
        for text in work.heard[:1]:
            if work.asked == self.name and states(work.turn):
                about = values.pop("about", "")
                wish = _plain(text)
                values[self.name] = f"{about}，{wish}" if about and len(wish) < len(about) else wish
            elif note := _NOTED.search(text):
                values[self.name] = _plain(note["note"])
            elif any(work.entity(name) for name in VALUES) or any(w in text for w in wording()["changed"]):
                values[self.name] = _plain(text)
            elif any(word in text for word in wording()["changeable"]):
                values["about"] = _plain(text)
        if self.name in values:
            if work.turn.text and work.order.remark and says("adding", work.turn.text):
                values["adds"] = True
            values[self.name] = values[self.name][:LONGEST]
            if not values[self.name]:
                work.job.forget(self.name)

    async def ask(self, work: Work) -> None:
        about = "about" in work.job.values
        work.tell("utter_modify_order_into" if about else "utter_modify_order_what")

    def accepts(self, turn: Turn) -> bool:
        return turn.slot("requested_slot") == self.name and states(turn)


class ValidateModifyOrderForm(JobForm):
    """Leaves a wish with the warehouse; what it cannot promise it doesn't."""

    form = "modify_order_form"
    intent = "modify_order"
    permission = "remark"
    steps = (RemarkStep(),)
    instead = (
        ("shipped", "logistics", "logistics_track"),
        ("delivered", "exchange", "exchange_request"),
        ("delivered", "return", "return_request"),
    )

    def digresses(self, turn: Turn) -> bool:
        # "换成黑的" of what was not sent is the wish asked for.
        return turn.intent != "exchange_request" and super().digresses(turn)

    async def write(self, work: Work, *, key: str, dry_run: bool) -> None:
        await work.ask(shop().remark, work.order.no, _remark(work), key=key, dry_run=dry_run)

    def _corrected(self, work: Work) -> tuple[str, ...]:
        return ("remark",)

    def tell(self, work: Work, what: str, told: None, *buttons: dict[str, str]) -> None:
        if what == "propose" and work.order.remark and not work.job.values.get("adds"):
            what = "propose_instead"
        work.tell(f"utter_modify_order_{what}", *buttons, note=_shown(work), before=work.order.remark)


def _shown(work: Work) -> str:
    """What the warehouse will read, a phone number in it masked."""
    return PHONE.sub(r"\1****\3", _remark(work))


def _remark(work: Work) -> str:
    """The wish, behind the one left before where it was said to go along with it."""
    values = work.job.values
    said = [work.order.remark or "", values["remark"]] if values.get("adds") else [values["remark"]]
    return "；".join(said)[:LONGEST]


def _plain(text: str) -> str:
    """The wish without politeness around it."""
    wish = _POLITE.sub("", _POLITE.sub("", text)).strip()
    return re.sub(r"(?<!\d),|,(?!\d)", "，", wish)  # folding the width has made it a Latin one
