"""Real clients against the real server on loopback."""

import json

import flask
import pytest
import stix2
from taxii2client.v21 import Collection, Server, as_pages

from cirt.db import Database
from cirt.incidents.circle_models import MachineWriting
from cirt.stix.marking import TLP
from tests import sharing
from tests.conftest import Cast


def test_taxii2_client_reads_everything(app: flask.Flask, database: Database, cast: Cast) -> None:
    """taxii2-client: discovery, collections, pages of objects and of the manifest, which end."""
    circle = sharing.make_circle(database, cast)
    release = sharing.released(database, cast, sharing.make_incident(database, cast), circle)
    expected = [one["id"] for one in json.loads(release.bundle)["objects"]]
    with sharing.serving(app) as url:
        server = Server(f"{url}/taxii2/", user="xb-machine", password=cast.tokens["XB"])
        listed = {one.title: one for one in server.default.collections}
        assert set(listed) == {"Two neighbours", "Direct: XB"}
        collection = listed["Two neighbours"]
        assert collection.id == str(circle)
        assert (collection.can_read, collection.can_write) == (True, False)
        for read in (collection.get_objects, collection.get_manifest):
            for per_request in (1, 3, 7):
                pages = list(as_pages(read, per_request=per_request))
                assert [one["id"] for page in pages for one in page["objects"]] == expected
        [found] = collection.get_objects(type=["incident", "malware"])["objects"]
        assert collection.get_object(found["id"])["objects"] == [found]
        assert collection.object_versions(found["id"])["versions"] == [found["modified"]]
        assert collection.get_objects(added_after="2020-01-01T00:00:00Z")["objects"]
        server.close()

        stranger = Server(f"{url}/taxii2/", user="xc-machine", password=cast.tokens["XC"])
        assert [one.title for one in stranger.default.collections] == ["Direct: XC"]
        stranger.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_stix2_reads_and_writes(app: flask.Flask, database: Database, cast: Cast) -> None:
    """stix2's TAXIICollectionSource finds a released object; its Sink adds one, as a bundle."""
    circle = sharing.make_circle(database, cast, writing=MachineWriting.DIRECT)
    incident = sharing.make_incident(database, cast)
    sharing.released(database, cast, incident, circle)
    sharing.give_standing_approval(database, cast, circle)
    with sharing.serving(app) as url:
        address = f"{url}/exchange/collections/{circle}/"
        reading = Collection(address, user="xb-machine", password=cast.tokens["XB"])
        source = stix2.TAXIICollectionSource(reading)
        found = source.query([stix2.Filter("type", "=", "indicator")])
        assert [one.pattern for one in found] == ["[ipv4-addr:value = '192.0.2.7']"]
        assert source.get(found[0].id).id == found[0].id

        writing = Collection(address, user="xa-machine", password=cast.tokens["XA"])
        assert writing.can_write
        indicator = stix2.Indicator(
            pattern="[domain-name:value = 'mail.example.net']",
            pattern_type="stix",
            valid_from="2026-01-01T00:00:00Z",
            object_marking_refs=[TLP.AMBER.marking_id],
        )
        stix2.TAXIICollectionSink(writing).add(indicator)
        got = reading.get_object(indicator.id)["objects"]
        assert stix2.parse(got[0]) == indicator
        status = writing.add_objects({"objects": [json.loads(indicator.serialize())]})
        assert (status.status, status.success_count) == ("complete", 1)
        reading.close()
        writing.close()
