"""A report's document as one page on the screen: blocks as a template takes them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from cirt.chart_geometry import Radar
from cirt.charts import bars_svg, radar_svg, timeline_svg
from cirt.documents.model import (
    Block,
    BulletList,
    Contents,
    Cover,
    Document,
    Figure,
    Heading,
    Note,
    NumberedList,
    Paragraph,
    Table,
)
from cirt.timelines import Timeline


@dataclass(frozen=True)
class Shown:
    """One block. kind: chooses what the template does. svg: of a figure, "" for others."""

    kind: str
    block: Any
    svg: Markup | str = ""


_KINDS: Mapping[type[Block], str] = MappingProxyType(
    {
        Heading: "heading",
        Paragraph: "paragraph",
        BulletList: "bullets",
        NumberedList: "numbers",
        Table: "table",
        Note: "note",
        Contents: "contents",
        Cover: "cover",
    }
)


def shown_blocks(document: Document) -> Iterator[Shown]:
    """Yield the blocks in their order; ends of pages are left to the printer."""
    for number, block in enumerate(document.blocks):
        if isinstance(block, Figure):
            yield Shown("figure", block, _drawing(block, document, f"figure-{number}"))
        elif type(block) in _KINDS:
            yield Shown(_KINDS[type(block)], block)


def _drawing(figure: Figure, document: Document, name: str) -> Markup:
    chart = figure.chart
    said = (figure.title, figure.description)
    if isinstance(chart, Radar):
        return radar_svg(
            chart, title=said[0], description=said[1], direction=document.direction, name=name
        )
    if isinstance(chart, Timeline):
        return timeline_svg(
            chart, title=said[0], description=said[1], direction=document.direction, name=name
        )
    return bars_svg(
        chart, title=said[0], description=said[1], direction=document.direction, name=name
    )
