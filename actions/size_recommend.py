"""size_recommend: a size by the product's own chart."""

import re
from collections.abc import Mapping

from rasa_sdk.executor import CollectingDispatcher

from actions.backend.contract import ProductDetail, SizeChart
from actions.cards import product_card
from actions.products import Asked, ProductAction, product_topic, stock_line
from actions.turn import Turn
from actions.wording import human_offer, lines, wording

# Columns that an entity fills; the others are read from the words, as "脚长 24.5".
ENTITIES = {"身高": "height", "体重": "weight"}
INCHES = 33.33  # a Chinese foot in cm, by which waists are told

Span = tuple[float, float]


class ActionSizeRecommend(ProductAction):
    """Compares the shopper's measures with the chart; between two sizes it says both."""

    question = "size_recommend"

    def name(self) -> str:
        return "action_size_recommend"

    def tell(
        self, say: CollectingDispatcher, turn: Turn, asked: Asked, product: ProductDetail
    ) -> dict[str, str]:
        chart = product.size_chart
        body = _body(turn, asked)
        columns = _columns(chart) if chart else {}
        known = {name: _measure(name, chart, body, asked) for name in columns}
        measures = {name: value for name, value in known.items() if value is not None}
        needed = [name for name in columns if name in ENTITIES] or [*columns][:1]
        missing = [name for name in needed if name not in measures]
        sizes: list[str] = []
        if not chart or not columns:
            what = "no_chart"
        elif missing and not (measures and not set(needed) & set(ENTITIES)):
            what = "ask"
        else:
            sizes = _fitting({name: columns[name] for name in measures}, measures)
            what = {0: "outside", 1: "one"}.get(len(sizes), "between")
        say.utter_message(
            response=f"utter_size_recommend_{what}",
            name=product.name,
            sizes=wording()["or"].join(sizes),
            smaller=sizes[0] if sizes else "",
            larger=sizes[-1] if sizes else "",
            missing="、".join(missing),
            measures="、".join(f"{name} {measures[name]:g}" for name in measures),
            details=lines(_row(chart, row) for row in chart.rows) if chart else "",
            buttons=human_offer() if what in {"no_chart", "outside"} else [],
            json_message={"card": product_card(product, stock_line(product))},
        )
        return body


def _body(turn: Turn, asked: Asked) -> dict[str, str]:
    """Height and weight, as this message or an earlier one about sizes told them."""
    known = product_topic(turn).get("entities", {}) | asked.entities
    return {name: known[name] for name in ENTITIES.values() if name in known}


def _columns(chart: SizeChart) -> dict[str, dict[str, Span]]:
    """What is measured, without its unit, and from where to where each size goes."""
    columns: dict[str, dict[str, Span]] = {}
    for place, column in enumerate(chart.columns[1:], start=1):
        spans = {row[0]: span for row in chart.rows if len(row) > place and (span := _span(row[place]))}
        if spans:
            columns[column.split()[0]] = spans
    return columns


def _span(cell: str) -> Span | None:
    numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", cell)]
    return (numbers[0], numbers[-1]) if numbers else None


def _measure(name: str, chart: SizeChart | None, body: Mapping[str, str], asked: Asked) -> float | None:
    """The shopper's own, in the unit of the chart."""
    if entity := ENTITIES.get(name):
        return float(body[entity]) if entity in body else None
    in_mm = any(column.startswith(name) and "mm" in column for column in chart.columns) if chart else False
    for text in asked.texts:
        # 脚长24.5, 腰 64, 腰围2尺1
        if said := re.search(rf"{name[0]}[{name[1:]}围长是有大概约:：\s]*(\d+(?:\.\d+)?)(尺)?(\d)?", text):
            value = float(said[1])
            if said[2]:
                value = (value + float(said[3] or 0) / 10) * INCHES
            return value * 10 if in_mm and value < 100 else value
    return None


def _fitting(columns: Mapping[str, Mapping[str, Span]], measures: Mapping[str, float]) -> list[str]:
    """The sizes that fit all measures; where each speaks for another one, all of these."""
    fits = [_sizes(spans, measures[name]) for name, spans in columns.items()]
    if not all(fits):
        return []
    order = list(next(iter(columns.values())))
    common = set.intersection(*map(set, fits)) or set.union(*map(set, fits))
    return [size for size in order if size in common]


def _sizes(spans: Mapping[str, Span], value: float) -> list[str]:
    """The sizes whose span holds the value, else its neighbours; none beyond the chart."""
    inside = [size for size, (low, high) in spans.items() if low <= value <= high]
    if inside:
        return inside
    below = [size for size, (_, high) in spans.items() if high < value]
    above = [size for size, (low, _) in spans.items() if low > value]
    return [below[-1], above[0]] if below and above else []


def _row(chart: SizeChart, row: list[str]) -> str:
    cells = zip(chart.columns[1:], row[1:], strict=False)
    return " ".join([row[0], *(f"{name} {cell}" for name, cell in cells)])
