"""The fields of impacts and tasks as people read them; the values are those of the standard."""

from cirt.errors import N_

# category -> what it is about
CATEGORY_HINTS: dict[str, str] = {
    "availability": N_("Services or systems that could not be used."),
    "confidentiality": N_("Information that somebody saw or took who should not have."),
    "integrity": N_("Information or systems that were changed or destroyed."),
    "monetary": N_("Money lost, spent, demanded or paid."),
    "physical": N_("Things that were damaged or destroyed."),
    "external": N_("What it did to others: the public, the economy, relations with other States."),
    "traceability": N_("Traces that are missing, so that nobody can show who did what."),
}

IMPACT_FIELDS: dict[str, str] = {
    "category": N_("Category"),
    "criticality": N_("Criticality"),
    "description": N_("Description"),
    "started_at": N_("Started (UTC)"),
    "ended_at": N_("Ended (UTC)"),
    "recoverability": N_("Can it be recovered?"),
    "counts": N_("How many were hit"),
    "superseded_by": N_("Superseded by"),
    "availability_impact": N_("How far it was unavailable"),
    "loss_type": N_("Loss"),
    "alteration": N_("Change"),
    "information_type": N_("Kind of information"),
    "record_count": N_("Number of records"),
    "record_size": N_("Size of the records in bytes"),
    "variety": N_("Kind of cost or loss"),
    "min_amount": N_("Smallest amount"),
    "max_amount": N_("Largest amount"),
    "currency": N_("Currency of the amounts"),
    "currency_actual": N_("Currency in which it was demanded or paid, if another"),
    "conversion_rate": N_("Rate: how much of that currency for one of the first"),
    "conversion_time": N_("Time of the rate (UTC)"),
    "impact_type": N_("Effect"),
    "asset_type": N_("What was damaged"),
    "traceability_impact": N_("What can still be shown"),
}

PART_HINTS: dict[str, str] = {
    "record_size": N_("As a whole number; one gigabyte is 1000000000."),
    "min_amount": N_("Both amounts or neither; of a ransom demanded the smallest is 0."),
    "currency": N_("Its code, such as USD or BTC."),
    "currency_actual": N_("Its code; then give the rate and the time of the rate as well."),
}

TASK_FIELDS: dict[str, str] = {
    "name": N_("What is to be done"),
    "description": N_("Description"),
    "task_types": N_("Kind of task"),
    "outcome": N_("State"),
    "priority": N_("Priority"),
    "started_at": N_("Started (UTC)"),
    "ended_at": N_("Ended (UTC)"),
    "assigned_to": N_("Who does it"),
}

OBSERVABLE_FIELDS: dict[str, str] = {
    "role": N_("What it is in this incident"),
    "first_observed": N_("First seen (UTC)"),
    "last_observed": N_("Last seen (UTC)"),
    "count": N_("How many times it was seen"),
    "comment": N_("Comment"),
}

# task outcome -> kind of status mark
OUTCOME_KINDS: dict[str, str] = {
    "pending": "todo",
    "ongoing": "progress",
    "successful": "done",
    "failed": "failed",
    "cancelled": "blocked",
    "unknown": "todo",
}
