"""Properties that the published schemas do not look at."""

from typing import Any

import pytest

from cirt.stix.content_rules import content_findings

GOOD: list[dict[str, Any]] = [
    {"type": "language-content", "contents": {"ar": {"name": "حادثة", "id": "x"}}},
    {"type": "observed-data", "objects": {"0": {"type": "file"}}},
    {"type": "observed-data", "object_refs": []},
    {"type": "file", "name_enc": "windows-1256"},
    {"type": "file", "name_enc": "UTF-8"},
    {"type": "directory", "path_enc": "iso-8859-6"},
    {
        "type": "indicator",
        "pattern_type": "stix",
        "pattern": "[file:id = 'a:b' AND url:value = 'x:y']",
    },
    {"type": "indicator", "pattern_type": "sigma", "pattern": "f:n = 1"},
    {"type": "x-other", "name_enc": "none such", "contents": {"a": {"b": "c"}}},
]


@pytest.mark.parametrize("one", GOOD)
def test_sound_properties_are_not_spoken_of(one: dict[str, Any]) -> None:
    """STIX-2.1 3.1, 4.14, 6.5, 6.7, 7.1."""
    assert list(content_findings(one)) == []


@pytest.mark.parametrize(
    ("one", "path"),
    [
        ({"type": "language-content", "contents": {"es": {"a": "x"}}}, "contents.es"),
        ({"type": "observed-data", "objects": [{"type": "file"}]}, "objects"),
        ({"type": "file", "name_enc": "bla.bla.bla"}, "name_enc"),
        ({"type": "directory", "path_enc": ""}, "path_enc"),
        ({"type": "indicator", "pattern_type": "stix", "pattern": "[f:name = 1]"}, "pattern"),
        ({"type": "indicator", "pattern_type": "stix", "pattern": "[file:n = 'a']"}, "pattern"),
    ],
)
def test_unsound_properties_are_named_with_their_place(one: dict[str, Any], path: str) -> None:
    """STIX-2.1 3.1, 4.14, 6.5, 6.7, 7.1."""
    [(place, message, params)] = content_findings(one)
    assert place == path
    assert message % params if params else message
