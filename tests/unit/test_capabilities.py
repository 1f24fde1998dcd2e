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


def test_every_question_of_every_instrument_names_known_capabilities() -> None:
    for installed in instruments():
        for question in load_instrument(installed.id, installed.version).questions:
            assert question.capabilities, question.id
            assert set(question.capabilities) <= set(capabilities()), question.id


def test_our_own_instrument_asks_about_every_capability() -> None:
    """Other instruments ask about their own subject only; this one promises the whole."""
    for installed in instruments():
        if installed.id == "cirt-readiness":
            named: set[str] = set()
            for question in load_instrument(installed.id, installed.version).questions:
                named.update(question.capabilities)
            assert named == set(capabilities()), installed.version
