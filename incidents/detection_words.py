"""Names of the forms of detection lists, and what each is for."""

from typing import Final

from cirt.errors import N_
from cirt.stix.detection_lists import ListForm

FORM_NAMES: Final = {
    ListForm.CSV: N_("Table (CSV)"),
    ListForm.HOSTS: N_("Hosts file"),
    ListForm.RPZ: N_("Response policy zone (RPZ)"),
    ListForm.SURICATA: N_("Suricata rules"),
    ListForm.SIGMA: N_("Sigma rules"),
    ListForm.STIX: N_("STIX patterns (JSON)"),
}

FORM_USES: Final = {
    ListForm.CSV: N_("Values with their marking and validity, for a SIEM or a spreadsheet."),
    ListForm.HOSTS: N_("Domain names that a computer should not reach."),
    ListForm.RPZ: N_("Domain names and addresses that a name server should not answer."),
    ListForm.SURICATA: N_("Names, addresses and plain web addresses to watch on a network."),
    ListForm.SIGMA: N_("Values to search in logs of DNS, proxies, connections and files."),
    ListForm.STIX: N_("Every indicator that holds, in its own pattern."),
}
