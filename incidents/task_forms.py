"""The form of a task."""

import uuid
from collections.abc import Iterable
from typing import Any

from flask_babel import gettext
from wtforms import HiddenField, StringField, TextAreaField
from wtforms.validators import Optional

from cirt.accounts.forms import CheckboxesField
from cirt.accounts.models import User
from cirt.errors import N_
from cirt.forms import AtMost, Form, Required, UtcTimeField
from cirt.incidents.case_details import MAX_TEXT, MAX_TITLE
from cirt.incidents.case_forms import LocalChoiceField
from cirt.incidents.impact_forms import or_none
from cirt.incidents.impact_words import TASK_FIELDS
from cirt.incidents.suite_words import step_choices, word_choices
from cirt.incidents.task_rules import TaskDetails


class TaskForm(Form):
    """What is to be done, or was."""

    stamp = HiddenField()
    name = StringField(
        TASK_FIELDS["name"], validators=[Required(N_("Say what is to be done.")), AtMost(MAX_TITLE)]
    )
    description = TextAreaField(
        TASK_FIELDS["description"],
        description=N_("Name and description may leave with a release: name no private person."),
        validators=[Optional(), AtMost(MAX_TEXT)],
        render_kw={"rows": 4},
    )
    outcome = LocalChoiceField(
        TASK_FIELDS["outcome"], choices=lambda: word_choices("task-outcome"), default="pending"
    )
    priority = LocalChoiceField(
        TASK_FIELDS["priority"],
        choices=or_none(N_("Not set"), lambda: step_choices("priority")),
        default="",
    )
    assigned_to = LocalChoiceField(
        TASK_FIELDS["assigned_to"],
        choices=list,
        description=N_("Stays inside: it never leaves with a release."),
        default="",
    )
    started_at = UtcTimeField(
        TASK_FIELDS["started_at"],
        description=N_("Of what is still to be done: when it is planned."),
        validators=[Optional()],
    )
    ended_at = UtcTimeField(TASK_FIELDS["ended_at"], validators=[Optional()])
    task_types = CheckboxesField(
        TASK_FIELDS["task_types"], choices=lambda: word_choices("task-type")
    )

    def __init__(self, *args: Any, persons: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.assigned_to.choices = [
            ("", gettext("Nobody yet")),
            *((str(user.id), user.name) for user in persons),
        ]
        # what came with a word or a number of somebody else's stays to be chosen
        self.task_types.choices = word_choices("task-type", *(self.task_types.object_data or ()))
        if self.priority.object_data:
            present = int(self.priority.object_data)
            self.priority.choices = [
                *self.priority.choices[:1],
                *step_choices("priority", present),
            ]

    def details(self) -> TaskDetails:
        """Return what was filled in."""
        return TaskDetails(
            name=self.name.data or "",
            description=self.description.data or "",
            task_types=tuple(self.task_types.data or ()),
            outcome=self.outcome.data,
            priority=int(self.priority.data) if self.priority.data else None,
            started_at=self.started_at.data,
            ended_at=self.ended_at.data,
            assigned_to=uuid.UUID(self.assigned_to.data) if self.assigned_to.data else None,
        )


def form_values(details: TaskDetails) -> dict[str, Any]:
    """Return what a form shows of a task."""
    return vars(details) | {
        "task_types": list(details.task_types),
        "priority": "" if details.priority is None else str(details.priority),
        "assigned_to": str(details.assigned_to) if details.assigned_to else "",
    }
