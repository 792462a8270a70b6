"""What the catalogue answers."""

from typing import Annotated, Literal

from pydantic import Field

from bot.shop.schemas import Answer, Fen, Page, Sometimes

Sort = Literal["popular", "price_asc", "price_desc", "new"]


class Variant(Answer):
    sku: str
    spec: str
    price_fen: Fen
    stock: int


class SizeChart(Answer):
    columns: list[str]
    rows: list[list[str]]


class Detail(Answer):
    name: str
    value: str


class ProductSummary(Answer):
    id: str
    name: str
    category: str
    summary: str
    image: Annotated[str, Field(description="Address of a picture.")]
    price_fen: Annotated[Fen, Field(description="Lowest price among the variants.")]
    in_stock: bool


class Product(ProductSummary):
    specs: list[Detail]
    variants: list[Variant]
    size_chart: SizeChart | Sometimes = None
    similar: list[ProductSummary]


class ProductPage(Page):
    items: list[ProductSummary]
