"""Products as they are told."""

from collections.abc import Sequence

from bot.shop import models
from bot.shop.products import schemas


def summary(row: models.Product, pictures: str) -> schemas.ProductSummary:
    """``pictures`` is the address under which the pictures are served."""
    return schemas.ProductSummary(
        id=row.id,
        name=row.name,
        category=row.category,
        summary=row.summary,
        image=f"{pictures}/{row.image}.svg",
        price_fen=min(v.price_fen for v in row.variants),
        in_stock=any(v.stock for v in row.variants),
    )


def product(row: models.Product, similar: Sequence[models.Product], pictures: str) -> schemas.Product:
    """A product in full."""
    return schemas.Product(
        **summary(row, pictures).model_dump(),
        specs=[schemas.Detail.model_validate(d) for d in row.details],
        variants=[
            schemas.Variant(sku=v.sku, spec=v.spec, price_fen=v.price_fen, stock=v.stock)
            for v in row.variants
        ],
        size_chart=schemas.SizeChart.model_validate(row.size_chart) if row.size_chart else None,
        similar=[summary(s, pictures) for s in similar],
    )
