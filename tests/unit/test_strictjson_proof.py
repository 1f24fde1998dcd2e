"""The quick proof of the strict reader lets nothing pass that its exact pass would refuse."""

import json
import random
from typing import Any

import pytest

from cirt import strictjson
from cirt.strictjson import StrictJsonError, loads
from tests import mutated_documents
from tests.bench import ingestion_objects
from tests.mutated_documents import LIMITS, exactly_read


def originals() -> list[str]:
    stream = ingestion_objects.objects("strict reader")
    few = [next(stream) for _ in range(12)]
    for one in few:
        one.pop("description", None)
        one.pop("x_note", None)
    hard = [
        r'{"a":"\"","b":["\\","\\\"]","[{"],"c":{"\u00e9":"\ud83d\ude00","d":-0.5,"e":[]}}',
        r'{"a\"b":1,"a\\":{"[":"]","\\u0000":"\\ud83d"},"\t":[1,2.5,-3e2,null,true,false]}',
        '{"é":"سلام 😀","":"","x":"' + "y" * 199 + '","n":' + "[" * 60 + "]" * 60 + "}",
    ]
    return [*map(json.dumps, few), json.dumps({"objects": few}, ensure_ascii=False), *hard]


def test_proof_and_exact_pass_agree_on_mutated_texts() -> None:
    """T-60 to T-63: the same value, or the same refusal at the same place, whichever reads it."""
    chance = random.Random(20261123)
    proven = refused = 0
    for data in mutated_documents.texts(chance, originals(), 4_000):
        expected = exactly_read(data)
        try:
            found: tuple[str, Any] = ("value", repr(loads(data, LIMITS)))
        except StrictJsonError as error:
            found = ("refused", str(error))
        assert found == expected, data
        refused += expected[0] == "refused"
        try:
            value = strictjson._proven(data.decode("utf-8"), data, LIMITS)
        except ValueError:
            continue
        proven += 1
        assert expected == ("value", repr(value)), data
    assert proven > 500
    assert refused > 500


@pytest.mark.parametrize(
    "text",
    [
        r'"\ud83d\ude00"',
        r'"\\ud83d"',
        r'["\\","\"","\\\"[[["]',
        '{"a":{"b":1},"c":{"b":1}}',
        '"' + "x" * 200 + '"',
        "[" * 64 + "]" * 64,
        "[-0.5,1e5,123456789012345,-0]",
    ],
)
def test_what_is_simple_needs_no_exact_pass(text: str) -> None:
    """The proof is worth having: it knows what is harmless."""
    assert strictjson._proven(text, text.encode(), LIMITS) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        r'"\\\ud83d\ude00\ude00"',
        r'"\\ud83d\ude00"',
        r'"\u0000"',
        '{"a":1,"a":1}',
        '{"a":1,"\\u0061":1}',
        "[1e400]",
        "[9007199254740993]",
        "[NaN]",
        '"' + "x" * 201 + '"',
        '"' + '\\"' * 201 + '"',
        "[" * 65 + "]" * 65,
        '["]]]]",' + "[" * 64 + "]" * 64 + "]",
        "\ufeff1",
    ],
)
def test_what_must_be_refused_is_never_proven(text: str) -> None:
    """T-60 to T-63, each alone."""
    with pytest.raises(ValueError):
        strictjson._proven(text, text.encode(), LIMITS)
    with pytest.raises(StrictJsonError):
        loads(text, LIMITS)
