"""The process that sets documents: a document as JSON in, missing characters and the PDF out."""

from cirt.documents.json_form import from_json
from cirt.documents.pdf import render
from cirt.limited import serve


def _handle(request: bytes) -> bytes:
    rendered = render(from_json(request))
    # one line of the characters that no font has, then the PDF
    return "".join(rendered.missing).encode() + b"\n" + rendered.pdf


if __name__ == "__main__":
    serve(_handle)
