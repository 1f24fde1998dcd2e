"""Imports every table, so that migrations and tests know them all."""

from cirt import audit, capability_tally, files, jobs
from cirt.accounts import models as accounts
from cirt.api import models as api
from cirt.assessments import models as assessments
from cirt.assessments import preparation_models as preparation
from cirt.assessments.design import models as design
from cirt.assessments.findings import models as findings
from cirt.assessments.instruments import provision_models as provisions
from cirt.assessments.plan import models as plan
from cirt.assessments.report import models as report
from cirt.incidents import models as incidents

__all__ = [
    "accounts",
    "api",
    "assessments",
    "audit",
    "capability_tally",
    "design",
    "files",
    "findings",
    "incidents",
    "jobs",
    "plan",
    "preparation",
    "provisions",
    "report",
]
