"""Mutated documents before the strict JSON reader."""

import json
import random

from cirt import strictjson
from cirt.errors import DomainError
from tests import mutated_documents
from tests.soak.doses import SEED, dose


def strict_reader() -> str:
    """Read documents as the standard library does, or refuse them."""
    chance = random.Random(SEED)
    samples = [
        json.dumps({"type": "bundle", "objects": [{"a": [1, -2.5, "ن", None, True, {"b": ""}]}]})
    ]
    accepted = refused = 0
    for _ in range(dose(200_000)):
        text = bytearray(chance.choice(samples).encode())
        for _ in range(chance.randint(1, 6)):
            position = chance.randrange(len(text))
            if chance.random() < 0.5:
                text[position] = chance.randrange(256)
            else:
                text[position:position] = chance.choice(
                    [b"{", b"[", b'"', b"\\u", b"1e400", b"NaN", b",", b"\x00"]
                )
        try:
            value = strictjson.loads(bytes(text))
        except DomainError:
            refused += 1
        else:
            accepted += 1
            if value != json.loads(bytes(text)):
                raise AssertionError(
                    f"read otherwise than the standard library reads it: {bytes(text)!r}"
                )
    for data in mutated_documents.texts(chance, samples, dose(200_000)):
        expected = mutated_documents.exactly_read(data)
        try:
            found = ("value", repr(strictjson.loads(data, mutated_documents.LIMITS)))
        except DomainError as error:
            found = ("refused", str(error))
        if found != expected:
            raise AssertionError(f"the proof and the exact pass differ: {data!r}")
        accepted += found[0] == "value"
        refused += found[0] == "refused"
    return f"{accepted + refused} mutated documents: {accepted} accepted alike, {refused} refused, 0 faults"
