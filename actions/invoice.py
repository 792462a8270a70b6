"""invoice: asking for an invoice to a person or a company."""

import re

from rasa_sdk.events import EventType

from actions.answers import states
from actions.backend.contract import Invoice, Refused
from actions.job import Step, Work
from actions.job_form import JobForm
from actions.shop import shop
from actions.turn import Turn
from actions.wording import button, day, human_offer, money, says, wording

KINDS = ("personal", "company")
CHOICE = "invoice:"  # before the kind in a button's choice
SPECIAL = "special"  # a value beside the steps': one for VAT is wanted
LONGEST_TITLE = 100
_TAX_NO = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{15,20}(?![0-9A-Za-z])")
_NO_TAX_NO = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{8,30}(?![0-9A-Za-z])")
_BEFORE_TITLE = re.compile(
    r"^(?:我们?|那?就|请|麻烦|给|开|写|填|公司|单位|企业|发票|名称|名字|抬头|全称|改成|换成|应该|叫|是|为|:|的|,|\s)+"
    r"(?=[\u4e00-\u9fffA-Za-z()]{2,})"
)


class KindStep(Step):
    """A person's or a company's; a tax number or a company's name tell it as well.

    Who wants one for VAT is told who makes these, and may take another.
    """

    name = "invoice_kind"

    async def take(self, work: Work) -> None:
        values = work.job.values
        if work.turn.entity("choice") or says("ordinary_invoice", work.text):
            work.job.forget(SPECIAL)
        elif says("special_invoice", work.text):
            values[SPECIAL] = True
        if kind := _kind(work):
            if kind != values.get(self.name):
                work.job.forget("invoice_title", "tax_no")
            values[self.name] = kind

    async def ask(self, work: Work) -> None:
        choices = [button(f"invoice_{kind}", f'/inform{{"choice": "{CHOICE}{kind}"}}') for kind in KINDS]
        if SPECIAL in work.job.values:
            work.tell("utter_invoice_special", *choices, *human_offer())
            return
        work.tell("utter_invoice_kind_again" if work.job.attempts else "utter_invoice_kind", *choices)

    def accepts(self, turn: Turn) -> bool:
        return super().accepts(turn) or _says(turn.text, *KINDS)

    def lacks(self, work: Work) -> bool:
        return SPECIAL in work.job.values or super().lacks(work)


class TitleStep(Step):
    """Whom it is made out to; a person's needs no name."""

    name = "invoice_title"

    async def take(self, work: Work) -> None:
        values = work.job.values
        given = work.entity("invoice_title")
        named = work.asked == KindStep.name and work.turn.text.startswith(wording()["title_word"])
        if not given and (named or work.asked == self.name) and states(work.turn):
            given = _bare_title(work.turn.text)
        if given and given != wording()["person"]:
            values[self.name] = given[:LONGEST_TITLE]
        elif values.get("invoice_kind") == "personal":
            values.setdefault(self.name, wording()["person"])

    async def ask(self, work: Work) -> None:
        work.tell("utter_invoice_title_again" if work.job.attempts else "utter_invoice_title")

    def accepts(self, turn: Turn) -> bool:
        asked = turn.slot("requested_slot") == self.name
        return bool(turn.entity("invoice_title")) or (asked and states(turn))


class TaxStep(Step):
    """A company's tax number."""

    name = "tax_no"
    why = "utter_invoice_tax_why"

    async def take(self, work: Work) -> None:
        given = work.entity("tax_no")
        asked = work.asked in (self.name, KindStep.name) or says("tax_words", work.text)
        if not given and asked and (found := _TAX_NO.search(_solid(work.text).replace(work.order.no, ""))):
            given = found[0].upper()
        if given:
            work.job.values[self.name] = given

    async def ask(self, work: Work) -> None:
        wrong = work.asked == self.name and _NO_TAX_NO.search(_solid(work.turn.text))
        work.tell("utter_invoice_tax_wrong" if wrong else "utter_invoice_tax")

    def accepts(self, turn: Turn) -> bool:
        return bool(turn.entity("tax_no") or _TAX_NO.search(_solid(turn.text)))

    def lacks(self, work: Work) -> bool:
        return work.job.values.get("invoice_kind") == "company" and super().lacks(work)


class EmailStep(Step):
    """Where it is sent as well; never asked for."""

    name = "email"

    async def take(self, work: Work) -> None:
        if given := work.entity("email"):
            work.job.values[self.name] = given

    async def ask(self, work: Work) -> None:
        """Never lacking."""

    def accepts(self, turn: Turn) -> bool:
        return bool(turn.entity("email"))

    def lacks(self, work: Work) -> bool:
        return False


class ValidateInvoiceForm(JobForm):
    """Asks for an electronic invoice; special ones for VAT are a colleague's work."""

    form = "invoice_form"
    intent = "invoice"
    permission = "invoice"
    steps = (KindStep(), TitleStep(), TaxStep(), EmailStep())

    async def write(self, work: Work, *, key: str, dry_run: bool) -> Invoice:
        values = work.job.values
        company = values["invoice_kind"] == "company"
        return await work.ask(
            shop().invoice,
            work.order.no,
            kind=values["invoice_kind"],
            title=values["invoice_title"],
            tax_no=values["tax_no"] if company else "",
            email=values.get("email", ""),
            key=key,
            dry_run=dry_run,
        )

    async def refused(self, work: Work, refused: Refused) -> list[EventType]:
        """What was asked for already is told with its state."""
        made = work.order.invoice
        if refused.cause != "done" or not made:
            return await super().refused(work, refused)
        what = "issued" if made.state == "issued" else "requested"
        _tell(work, f"utter_invoice_{what}", made, *human_offer())
        return self.end(work.job, "refused")

    def tell(self, work: Work, what: str, told: Invoice, *buttons: dict[str, str]) -> None:
        _tell(work, f"utter_invoice_{what}_{'emailed' if told.email else 'kept'}", told, *buttons)


def _tell(work: Work, response: str, invoice: Invoice, *buttons: dict[str, str]) -> None:
    work.tell(
        response,
        *buttons,
        invoice_title=invoice.title,
        tax=wording()["tax_no"].format(tax_no=invoice.tax_no) if invoice.tax_no else "",
        amount=money(invoice.amount_fen),
        email=invoice.email,
        state=invoice.state_text,
        expected=_expected(invoice),
    )


def _expected(invoice: Invoice) -> str:
    """The clause that tells when; nothing when that is unknown."""
    at = invoice.expected_at
    return str(wording()["invoice_expected"].format(day=day(at))) if at else ""


def _kind(work: Work) -> str | None:
    choice = work.turn.entity("choice") or ""
    if choice.removeprefix(CHOICE) in KINDS:
        return choice.removeprefix(CHOICE)
    title = work.entity("invoice_title")
    # Who answers with a number of this length gives a company's.
    bare = work.asked == KindStep.name and _TAX_NO.fullmatch(_solid(work.turn.text))
    if bare or work.entity("tax_no") or (title and _says(title, "company")):
        return "company"
    return next((kind for kind in KINDS if _says(work.text, kind)), None)


def _says(text: str, *kinds: str) -> bool:
    return any(word in text for kind in kinds for word in wording()["invoice_kinds"][kind])


def _bare_title(text: str) -> str:
    """A title typed as the answer, without what stands around it."""
    title = _BEFORE_TITLE.sub("", _TAX_NO.sub("", text))
    title = re.split(r"[,;\n]|税号|识别号", title)[0].strip(" .!。~")
    return title if 2 <= len(title) <= LONGEST_TITLE else ""


def _solid(text: str) -> str:
    return re.sub(r"(?<=[0-9A-Za-z])[ -](?=[0-9A-Za-z])", "", text)
