"""Rights over accounts, circles' frame and the installation: the administrator's."""

from cirt.access import Role, permit

permit("directory.manage", [Role.ADMINISTRATOR])
permit("jobs.manage", [Role.ADMINISTRATOR])
permit("audit.read", [Role.ADMINISTRATOR])
