"""What order actions take, as docs/desk-api.openapi.json states it; each becomes a ``Wish`` of the desk's."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, model_validator

from actions.backend.contract import AfterSaleRequest, NewAddress, Part
from bot.desk.order_actions import Wish

from .caller import LARGEST
from .requests import ClientId, visible

TEXT_LIMIT = 200
PICTURES = 9

Number = Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,40}$")]
Words = Annotated[str, Field(max_length=TEXT_LIMIT), AfterValidator(visible)]
Name = Annotated[str, Field(max_length=40), AfterValidator(visible)]


class _Act(BaseModel):
    order_no: Number

    def wish(self) -> Wish:
        """What is to be done."""
        kind: str = getattr(self, "action")  # noqa: B009
        return Wish(kind, self.order_no, self.about, self.values())

    @property
    def about(self) -> str:
        return self.order_no

    def values(self) -> dict[str, Any]:
        """What the shop's call takes beside the order."""
        return {}


class Cancel(_Act):
    action: Literal["cancel"]


class Urge(_Act):
    action: Literal["urge"]


class ProtectPrice(_Act):
    action: Literal["price_protect"]


class Remark(_Act):
    action: Literal["remark"]
    text: Words

    def values(self) -> dict[str, Any]:
        return {"text": self.text}


class ChangeAddress(_Act):
    """Either ``address_id`` of a saved address (see ``profile``), or a new one as ``text``.

    Name and phone stay what they are where they are not given.
    """

    action: Literal["change_address"]
    address_id: int | None = Field(None, ge=1, le=LARGEST)
    text: Words | None = None
    name: Name | None = None
    phone: str | None = Field(None, pattern="^1[3-9][0-9]{9}$")

    @model_validator(mode="after")
    def _one(self) -> "ChangeAddress":
        if (self.address_id is None) == (self.text is None):
            raise ValueError("give either address_id or text")
        return self

    def values(self) -> dict[str, Any]:
        return {"address": NewAddress(self.address_id, self.text, self.name, self.phone)}


class AskInvoice(_Act):
    """A company's needs its tax number."""

    action: Literal["invoice"]
    kind: Literal["personal", "company"]
    title: Annotated[str, Field(max_length=100), AfterValidator(visible)]
    tax_no: str = Field("", pattern="^([0-9A-Z]{15,20})?$")
    email: str = Field("", max_length=100, pattern=r"^([^@\s\x00]+@[^@\s\x00]+\.[^@\s\x00]+)?$")

    @model_validator(mode="after")
    def _whole(self) -> "AskInvoice":
        if self.kind == "company" and not self.tax_no:
            raise ValueError("a company's invoice needs its tax_no")
        return self

    def values(self) -> dict[str, Any]:
        number = self.tax_no if self.kind == "company" else ""
        return {"kind": self.kind, "title": self.title, "tax_no": number, "email": self.email}


class Goods(BaseModel):
    sku: Number
    qty: int = Field(ge=1, le=999)


class AfterSaleWish(_Act):
    """``evidence``: ids of pictures of this conversation; ``target_sku``: what an exchange shall bring."""

    action: Literal["after_sale"]
    kind: Literal["return", "exchange", "refund_only", "resend", "repair"]
    items: list[Goods] = Field(min_length=1, max_length=50)
    reason: Literal[
        "no_longer_wanted",
        "wrong_size",
        "not_as_described",
        "quality",
        "damaged",
        "wrong_item",
        "missing",
        "not_received",
        "other",
    ]
    note: Words | None = None
    evidence: list[Annotated[str, Field(pattern="^[a-z0-9]{1,32}$")]] = Field([], max_length=PICTURES)
    target_sku: Number | None = None

    @model_validator(mode="after")
    def _whole(self) -> "AfterSaleWish":
        if (self.kind == "exchange") != (self.target_sku is not None):
            raise ValueError("an exchange needs target_sku, and nothing else takes it")
        return self

    def values(self) -> dict[str, Any]:
        request = AfterSaleRequest(
            order_no=self.order_no,
            kind=self.kind,
            items=[Part(each.sku, each.qty) for each in self.items],
            reason=self.reason,
            note=self.note or "",
            evidence=self.evidence,
            target_sku=self.target_sku,
        )
        return {"request": request}


class Withdraw(_Act):
    """Take back an after-sale of that order."""

    action: Literal["withdraw"]
    after_sale: Number

    @property
    def about(self) -> str:
        return self.after_sale


Act = Annotated[
    Cancel | Urge | ProtectPrice | Remark | ChangeAddress | AskInvoice | AfterSaleWish | Withdraw,
    Field(discriminator="action"),
]


class PreviewRequest(BaseModel):
    """``language`` in which it is told."""

    act: Act
    language: Literal["zh", "en"] = "zh"


class ActRequest(PreviewRequest):
    """The same ``client_id`` and ``act`` again are the same act."""

    client_id: ClientId
