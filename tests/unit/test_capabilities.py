"""The list of capabilities, and that questions cover it."""

from cirt.assessments.instruments import instruments, load_instrument
from cirt.capabilities import capabilities


def test_there_are_14_to_20_capabilities_with_names_in_english_and_arabic() -> None:
    found = capabilities()
    assert 14 <= len(found) <= 20
    for capability_id, capability in found.items():
        assert capability.id == capability_id
        for sentence in (capability.name, capability.description):
            assert sentence.in_language("ar").translated
            assert sentence.in_language("en").text
        assert capability.description.english.endswith(".")


def test_names_do_not_repeat() -> None:
    for language in ("en", "ar"):
        names = [each.name.in_language(language).text for each in capabilities().values()]
        assert len(set(names)) == len(names)


def test_every_question_names_a_capability_and_every_capability_is_named() -> None:
    for installed in instruments():
        named: set[str] = set()
        for question in load_instrument(installed.id, installed.version).questions:
            assert question.capabilities, question.id
            named.update(question.capabilities)
        assert named == set(capabilities())
