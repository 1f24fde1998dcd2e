"""What MISP's own script does when it pushes to a TAXII server, in a process of its own as there.

An event of PyMISP, converted by misp-stix, in one envelope by taxii2-client.
"""

import base64
import json
import sys

import taxii2client
from misp_stix_converter import MISPtoSTIX21Parser
from pymisp import MISPEvent
from requests.auth import HTTPBasicAuth


def main(base: str, api_root: str, collection: str, key: str) -> None:
    """Push an event; print what the status says of it."""
    event = MISPEvent()
    event.from_dict(info="Phishing", date="2026-03-01", distribution=0, published=True)
    event.add_tag("tlp:green")
    for kind, value in (("ip-dst", "192.0.2.66"), ("domain", "a.example"), ("md5", "0" * 32)):
        event.add_attribute(kind, value, to_ids=True)
    parser = MISPtoSTIX21Parser()
    parser.parse_misp_event({"Event": json.loads(event.to_json())})
    auth = HTTPBasicAuth(*base64.b64decode(key).split(b":"))
    with taxii2client.ApiRoot(f"{base}/{api_root}", auth=auth) as root:
        most = root.max_content_length
    body = b'{"objects":[%s]}' % b",".join(
        one.serialize().encode() for one in parser.bundle.objects
    )
    assert len(body) <= most
    address = f"{base}/{api_root}/collections/{collection}"
    with taxii2client.Collection(address, auth=auth) as found:
        status = found.add_objects(body, wait_for_completion=False)
    sent = [[one.id, one.type] for one in parser.bundle.objects]
    print(json.dumps({"sent": sent, "failures": status.failures, "good": status.success_count}))


if __name__ == "__main__":
    main(*sys.argv[1:])
