"""The drawing of a radar on a page, with its codes and the key to its lines."""

from dataclasses import dataclass, replace
from typing import Any

from cirt.chart_geometry import Outline, Radar, RadarShape
from cirt.documents import styles
from cirt.documents.flowables import Workshop
from cirt.documents.model import ltr, plain
from cirt.documents.tagging import Element
from cirt.documents.text import Look

RADAR_SIZE = 300.0
_KEY_GAP = 28.0


@dataclass(frozen=True)
class RadarPiece:
    """The drawing of a radar, with the key to its lines under it."""

    workshop: Workshop
    radar: Radar
    shape: RadarShape
    element: Element
    space_before: float = 0.0
    space_after: float = 8.0
    keeps_with_next: bool = True
    height: float = RADAR_SIZE + _KEY_GAP

    @property
    def minimum(self) -> float:
        """All of it."""
        return self.height

    def split(self, room: float) -> None:
        """Return None: a drawing is not split."""
        return

    def draw(self, canvas: Any, left: float, top: float) -> None:
        """Draw rings, axes, areas and lines, then the codes."""
        x0 = left + (styles.FRAME_WIDTH - RADAR_SIZE) / 2
        box = (x0, top - self.height, x0 + RADAR_SIZE, top)
        self.element.attributes = {"O": "Layout", "Placement": "Block", "BBox": box}
        with self.workshop.tags.content(canvas, self.element):
            canvas.saveState()
            canvas.setLineJoin(1)
            self._draw_lines(canvas, x0, top)
            canvas.restoreState()
            code = Look(9, 12, styles.INK, bold=True, alignment="centre")
            for spoke in self.shape.spokes:
                look = code if spoke.point else replace(code, colour=styles.QUIET)
                passage = self.workshop.passage([ltr(spoke.axis.code)], look)
                x, y = x0 + spoke.label[0], top - spoke.label[1]
                for line in passage.lines(80)[:1]:
                    passage.draw_line(canvas, line, x - 40, y - 3, 80)
            self._draw_key(canvas, left, top - RADAR_SIZE - 14)

    def _draw_lines(self, canvas: Any, x0: float, top: float) -> None:
        shape = self.shape
        canvas.setStrokeColor(styles.RULE)
        canvas.setLineWidth(0.5)
        for ring in shape.rings:
            _trace(canvas, ring, x0, top)
        for spoke in shape.spokes:
            canvas.setDash([] if spoke.point else [2, 2])
            _trace(canvas, Outline((shape.centre, spoke.end), False), x0, top)
        canvas.setDash([])
        canvas.setFillColor(styles.ACCENT, alpha=0.16)
        for area in shape.areas:
            _trace(canvas, area, x0, top, stroke=0, fill=1)
        canvas.setFillColor(styles.ACCENT, alpha=1)
        canvas.setStrokeColor(styles.TARGET)
        canvas.setLineWidth(1.3)
        canvas.setDash([5, 3])
        for line in shape.targets:
            _trace(canvas, line, x0, top)
        canvas.setDash([])
        canvas.setStrokeColor(styles.ACCENT)
        canvas.setLineWidth(1.8)
        for line in shape.values:
            _trace(canvas, line, x0, top)
        for spoke in shape.spokes:
            if spoke.point:
                canvas.circle(x0 + spoke.point[0], top - spoke.point[1], 2.6, stroke=0, fill=1)

    def _draw_key(self, canvas: Any, left: float, y: float) -> None:
        """Draw a stroke and a word for each kind of line, centred, in reading order."""
        look = self.workshop.styles.look("small")
        entries = []
        if self.radar.value_label:
            entries.append((self.radar.value_label, styles.ACCENT, list[int]()))
        if self.radar.target_label and self.shape.targets:
            entries.append((self.radar.target_label, styles.TARGET, [5, 3]))
        set_entries = [
            (self.workshop.passage(plain(label), look), colour, dash)
            for label, colour, dash in entries
        ]
        widths = [min(passage.natural_width, 180.0) + 30 for passage, _, _ in set_entries]
        x = left + (styles.FRAME_WIDTH - sum(widths) - 24 * (len(widths) - 1)) / 2
        order = list(zip(set_entries, widths, strict=True))
        for (passage, colour, dash), width in reversed(order) if self.workshop.rtl else order:
            stroke_x = x + width - 22 if self.workshop.rtl else x
            canvas.saveState()
            canvas.setStrokeColor(colour)
            canvas.setLineWidth(1.8)
            canvas.setDash(dash)
            canvas.line(stroke_x, y + 3, stroke_x + 22, y + 3)
            canvas.restoreState()
            for line in passage.lines(width - 30 + 1)[:1]:
                text_x = x if self.workshop.rtl else x + 30
                passage.draw_line(canvas, line, text_x, y, width - 30)
            x += width + 24


def _trace(
    canvas: Any, outline: Outline, x0: float, top: float, stroke: int = 1, fill: int = 0
) -> None:
    path = canvas.beginPath()
    for number, (x, y) in enumerate(outline.points):
        (path.lineTo if number else path.moveTo)(x0 + x, top - y)
    if outline.closed:
        path.close()
    canvas.drawPath(path, stroke=stroke, fill=fill)
