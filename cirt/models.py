"""Imports every table, so that migrations and tests know them all."""

from cirt import audit, capability_tally, files, jobs
from cirt.accounts import models as accounts
from cirt.assessments import models as assessments
from cirt.incidents import models as incidents

__all__ = ["accounts", "assessments", "audit", "capability_tally", "files", "incidents", "jobs"]
