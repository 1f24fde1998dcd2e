"""Words and steps of the incident suite as people read them, in the language of the page."""

from cirt import vocabularies
from cirt.incidents.case_pages import local

Choices = list[tuple[str, str]]


def word_choices(list_id: str, *present: str) -> Choices:
    """Return the words of a list to choose from, and those present ones that it does not have."""
    words = vocabularies.word_lists()[list_id].words
    found = [(word, local(name)) for word, name in words.items()]
    return [*found, *((word, word) for word in present if word and word not in words)]


def step_choices(scale: str, present: int | None = None) -> Choices:
    """Return the steps of a scale to choose from, and the present number when it is none of them."""
    steps = vocabularies.scales()[scale]
    found = [(str(step.value), local(step.name)) for step in steps]
    if present is not None and all(step.value != present for step in steps):
        found.append((str(present), step_word(scale, present)))
    return found


def word_of(value: str, *list_ids: str) -> str:
    """Return the name of a word of one of these lists, the word itself when none has it."""
    for list_id in list_ids:
        name = vocabularies.word_lists()[list_id].words.get(value)
        if name:
            return local(name)
    return value


def step_word(scale: str, value: int) -> str:
    """Return the step that a value lies in, with the value, such as "High (70)"."""
    step = vocabularies.step_of(scale, value)
    return f"{local(step.name)} ({value})" if step else str(value)
