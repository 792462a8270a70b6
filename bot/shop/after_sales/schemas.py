"""What calls about after-sales and refunds take and answer."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bot.shop.schemas import Answer, Asked, Fen, Moment, Number, Page, Permission, Recipient, Sometimes, Text

Kind = Literal["return", "exchange", "refund_only", "resend", "repair"]
Reason = Literal[
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
State = Literal["requested", "approved", "received", "done", "rejected", "withdrawn"]
RefundState = Literal["pending", "processing", "done", "failed"]


class Part(Asked):
    sku: Number
    qty: Annotated[int, Field(ge=1, le=999)]


class AfterSaleRequest(Asked):
    order_no: Number
    kind: Kind
    items: Annotated[list[Part], Field(min_length=1, max_length=50)]
    reason: Reason
    note: Text = ""
    evidence: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]],
        Field(max_length=9, default_factory=list, description="Addresses or ids of pictures."),
    ]
    target_sku: Annotated[Number, Field(description="What an exchange shall bring.")] | Sometimes = None


class AfterSaleItem(Answer):
    sku: str
    name: str
    spec: str
    qty: int


class Step(Answer):
    at: Moment
    text: str


class AfterSale(Answer):
    id: Annotated[str, Field(description="Empty where it was only asked what would happen.")]
    order_no: str
    kind: Kind
    kind_text: str
    state: State
    state_text: str
    items: list[AfterSaleItem]
    reason: Reason
    reason_text: str
    created_at: Moment
    refund_fen: Fen
    method_text: Annotated[str, Field(description="How money comes back, if any.")] | Sometimes = None
    postage_by: (
        Annotated[Literal["shop", "customer"], Field(description="If goods travel back.")] | Sometimes
    ) = None
    target: Annotated[AfterSaleItem, Field(description="What an exchange brings.")] | Sometimes = None
    return_address: Annotated[Recipient, Field(description="The shop's own, in full.")] | Sometimes = None
    next_step: Annotated[str, Field(description="What happens next, or what the shopper does next.")]
    expected_at: Moment | Sometimes = None
    timeline: Annotated[list[Step], Field(description="Newest first.")]
    can_withdraw: Permission


class AfterSalePage(Page):
    items: Annotated[list[AfterSale], Field(description="Newest first.")]


class Refund(Answer):
    id: str
    order_no: str
    amount_fen: Fen
    method_text: str
    state: RefundState
    state_text: str
    created_at: Moment
    reason_text: str
    after_sale: Annotated[str, Field(description="Id of the return it belongs to.")] | Sometimes = None
    expected_at: Moment | Sometimes = None
    done_at: Moment | Sometimes = None


class RefundPage(Page):
    items: Annotated[list[Refund], Field(description="Newest first.")]
