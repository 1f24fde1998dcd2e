"""Rights over accounts, circles' frame and the installation: the administrator's."""

import sqlalchemy as sa

from cirt.access import Fact, Role, permit
from cirt.accounts.models import Administration
from cirt.errors import N_

# names and codes, no contact data: machines meet them as makers of what circles hold
LISTED = Fact(
    Administration, N_("The directory names every administration."), lambda _actor: sa.true()
)

permit("directory.read", [Role.MACHINE], LISTED, scope="directory.read")

permit("directory.manage", [Role.ADMINISTRATOR])
permit("jobs.manage", [Role.ADMINISTRATOR])
permit("audit.read", [Role.ADMINISTRATOR])
