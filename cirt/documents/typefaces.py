"""The fonts of the documents, and text turned into positioned glyphs (HarfBuzz).

reportlab gives a font at most one glyph a character and writes a ToUnicode map from characters.
Shaped Arabic has many glyphs without a character of their own; here each gets a private code
(plane 15, per document), and the ToUnicode map leads back to the letters it came from, so that
search, copying and screen readers find them. Nothing in reportlab is replaced: Typeface is a
subclass that finishes the map after reportlab wrote its own.
"""

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import uharfbuzz as hb
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import SUBSETN, ShapeData, ShapedStr, TTFont

_FOLDER = Path(__file__).parent / "fonts"
_FIRST_PRIVATE = 0xF0000
_LAST_PRIVATE = 0xFFFFD
_MOST_KEPT = 5_000  # shaped runs that are remembered: every line is measured, then drawn
_CONTEXT = 5  # HarfBuzz looks at five characters on either side
REPLACEMENT = "\ufffd"
_LOADED: list["Typeface"] = []


@dataclass(frozen=True)
class Glyphs:
    """A shaped run. text: for drawing, in visual order. advances: by position in the source,
    in thousandths of the font size; their sum is the run's width. missing: had no glyph."""

    text: ShapedStr
    advances: tuple[float, ...]
    missing: frozenset[str]

    @property
    def width(self) -> float:
        """The run's width in thousandths of the font size."""
        return sum(self.advances)


class Typeface(TTFont):  # type: ignore[misc]  # reportlab has no types
    """One font file. kerning: whether pairs of letters are kerned (it harms copying in Amiri)."""

    def __init__(self, file: str, *, kerning: bool) -> None:
        super().__init__(f"cirt-{Path(file).stem}", str(_FOLDER / file))
        self.features = {"kern": kerning, "liga": False, "dlig": False, "calt": True}
        face = hb.Face(hb.Blob.from_file_path(str(_FOLDER / file)))
        self._shaper = hb.Font(face)
        self._own_characters = frozenset(self.face.charToGlyph)
        self._codes: dict[tuple[int, str], int] = {}
        self._sources: dict[int, str] = {}
        self._shaped: dict[tuple[str, int, int, bool, str], Glyphs] = {}

    def begin_document(self) -> None:
        """Forget the private codes of the document before."""
        for code in self._sources:
            del self.face.charToGlyph[code], self.face.charWidths[code]
        self._codes.clear()
        self._shaped.clear()
        self._sources.clear()

    def has(self, character: str) -> bool:
        """Whether the font has a glyph for the character itself."""
        return ord(character) in self._own_characters

    def shape(self, text: str, *, start: int, end: int, rtl: bool, stand_in: str = "") -> Glyphs:
        """Return the glyphs of text[start:end], joined to its neighbours as the letters demand.

        stand_in: a character drawn in place of every one (the sources stay the real ones).
        """
        first, last = max(0, start - _CONTEXT), min(len(text), end + _CONTEXT)
        key = (text[first:last], start - first, end - first, rtl, stand_in)
        if key not in self._shaped:
            if len(self._shaped) >= _MOST_KEPT:
                self._shaped.clear()
            self._shaped[key] = self._shape(*key)
        return self._shaped[key]

    def _shape(self, text: str, start: int, end: int, rtl: bool, stand_in: str) -> Glyphs:
        codes = [ord(each) for each in (stand_in * len(text) or text)]
        buffer = hb.Buffer()
        buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_CHARACTERS
        buffer.flags = hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES
        buffer.add_codepoints(codes, start, end - start)
        buffer.guess_segment_properties()
        buffer.direction = "rtl" if rtl else "ltr"
        hb.shape(self._shaper, buffer, self.features)
        return self._positioned(buffer, text, start, end)

    def _positioned(self, buffer: Any, text: str, start: int, end: int) -> Glyphs:
        infos = buffer.glyph_infos
        sources = self._glyph_sources(infos, text, end)
        characters, shapes = [], []
        advances = [0.0] * (end - start)
        missing = set[str]()
        for number, (info, position) in enumerate(zip(infos, buffer.glyph_positions, strict=True)):
            glyph, advance = info.codepoint, position.x_advance
            if glyph == 0:  # never the font's empty box
                missing.update(sources[number])
                glyph = self.face.charToGlyph[ord("?")]
                advance = self._width(glyph)
            code = self._code(glyph, sources[number])
            advances[info.cluster - start] += self.pdfScale(advance)
            characters.append(chr(code))
            shapes.append(
                ShapeData(
                    number,
                    self.pdfScale(advance),
                    self.pdfScale(position.y_advance),
                    self.pdfScale(position.x_offset),
                    self.pdfScale(position.y_offset),
                    self.face.charWidths.get(code, self.face.defaultWidth),
                )
            )
        shaped = ShapedStr("".join(characters), shapes)
        return Glyphs(shaped, tuple(advances), frozenset(missing))

    def _glyph_sources(self, infos: Any, text: str, end: int) -> list[str]:
        """The letters that each glyph reads as; together they are the text, each letter once."""
        members: dict[int, list[int]] = {}
        for number, info in enumerate(infos):
            members.setdefault(info.cluster, []).append(number)
        clusters = sorted(members)
        sources = [""] * len(infos)
        for cluster, following in zip(clusters, [*clusters[1:], end], strict=True):
            glyphs = members[cluster]
            if len(glyphs) == 1 or len(glyphs) != following - cluster:
                sources[glyphs[0]] = text[cluster:following]
                continue
            letters = list(text[cluster:following])
            # as many glyphs as letters, such as two reordered marks: each its own letter
            for number in glyphs:
                own = (x for x in letters if self._nominal(x) == infos[number].codepoint)
                sources[number] = next(own, "")
                if sources[number]:
                    letters.remove(sources[number])
            for number in glyphs:
                sources[number] = sources[number] or letters.pop(0)
        return sources

    def _nominal(self, character: str) -> int | None:
        return self.face.charToGlyph.get(ord(character)) if self.has(character) else None

    def _width(self, glyph: int) -> int:
        return int(self._shaper.get_glyph_h_advance(glyph))

    def _code(self, glyph: int, source: str) -> int:
        """A code that draws the glyph and reads as the source: the source itself where it can."""
        if len(source) == 1 and self._nominal(source) == glyph:
            return ord(source)
        code = self._codes.get((glyph, source))
        if code is None:
            code = min(_FIRST_PRIVATE + len(self._codes), _LAST_PRIVATE)
            self._codes[glyph, source] = code
            self._sources[code] = source
            self.face.charToGlyph[code] = glyph
            self.face.charWidths[code] = self.pdfScale(self._width(glyph))
        return code

    def addObjects(self, doc: Any) -> None:  # noqa: N802 - reportlab's name
        """Write the font into the PDF, with the ToUnicode map that knows the private codes."""
        subsets = [list(subset) for subset in self.state[doc].subsets]
        super().addObjects(doc)
        for number, subset in enumerate(subsets):
            name = (SUBSETN(number) + b"+" + self.face.name).decode("ascii")
            doc.idToObject[f"toUnicodeCMap:{name}"].content = self._to_unicode(subset)

    def _to_unicode(self, subset: list[int]) -> str:
        lines = [
            "/CIDInit /ProcSet findresource begin",
            "12 dict begin",
            "begincmap",
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
            "/CMapName /Adobe-Identity-UCS def",
            "/CMapType 2 def",
            "1 begincodespacerange",
            "<00> <FF>",
            "endcodespacerange",
        ]
        entries = list(enumerate(subset))
        for first in range(0, len(entries), 100):  # ISO 32000-1, 9.10.3: at most 100 a block
            block = entries[first : first + 100]
            lines.append(f"{len(block)} beginbfchar")
            lines += [f"<{index:02X}> <{self._utf16(code)}>" for index, code in block]
            lines.append("endbfchar")
        return "\n".join(
            [*lines, "endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
        )

    def _utf16(self, code: int) -> str:
        # a glyph that continues its neighbour's letters reads as nothing anybody sees
        source = self._sources.get(code, chr(code)) or "\u200b"
        return source.encode("utf-16-be", "replace").hex().upper()


@dataclass(frozen=True)
class Family:
    """Files by style. scale: so that families look alike in size beside each other."""

    name: str
    regular: str
    bold: str | None
    italic: str | None
    bold_italic: str | None
    scale: float
    kerning: bool


LATIN = Family(
    "latin", "NotoSans-Regular.ttf", "NotoSans-Bold.ttf", "NotoSans-Italic.ttf", None, 1.0, True
)
ARABIC = Family(
    "arabic",
    "Amiri-Regular.ttf",
    "Amiri-Bold.ttf",
    "Amiri-Italic.ttf",
    "Amiri-BoldItalic.ttf",
    1.2,
    False,
)
HAN = Family("han", "NotoSansSC-GB2312-Regular.ttf", None, None, None, 1.0, False)


@dataclass(frozen=True)
class Face:
    """A typeface as used: how large beside its neighbours, and whether its bold is drawn by us."""

    typeface: Typeface
    scale: float
    emboldened: bool


@cache
def typeface(file: str, kerning: bool) -> Typeface:
    """Return the font of a file, loaded once a process."""
    font = Typeface(file, kerning=kerning)
    pdfmetrics.registerFont(font)
    _LOADED.append(font)
    return font


@cache
def face(family: Family, bold: bool, italic: bool) -> Face:
    """Return the family's face in the nearest style it has."""
    choices: dict[tuple[bool, bool], list[str | None]] = {
        (False, False): [family.regular],
        (True, False): [family.bold],
        (False, True): [family.italic],
        (True, True): [family.bold_italic, family.bold],
    }
    file = next((each for each in choices[bold, italic] if each), family.regular)
    drawn_bold = bold and file not in (family.bold, family.bold_italic)
    return Face(typeface(file, family.kerning), family.scale, drawn_bold)


def begin_document() -> None:
    """Make every loaded font ready for a new document."""
    for font in _LOADED:
        font.begin_document()


def family_of(character: str, order: tuple[Family, ...]) -> Family | None:
    """Return the first family that has the character, None when none has."""
    for family in order:
        if face(family, False, False).typeface.has(character):
            return family
    return None


def composes(base: str, mark: str, family: Family) -> bool:
    """Whether the family can draw the mark on the base: by the mark's glyph, or as one letter."""
    regular = face(family, False, False).typeface
    together = unicodedata.normalize("NFC", base + mark)
    return regular.has(mark) or (len(together) == 1 and regular.has(together))
