"""What a half contributes to the start page: its panel and the tasks that wait."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class HomePart:
    """half: .title .sentence .url .action .figures, as templates/home.html reads it. tasks: for task_list."""

    half: Any
    tasks: Sequence[Any] = field(default_factory=tuple)


# Called for a signed-in person; None when this half has nothing for them.
MakeHomePart = Callable[[], HomePart | None]
