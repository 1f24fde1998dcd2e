"""Mirror a TAXII 2.1 collection into a file: nothing is lost and nothing comes twice.

    TAXII_TOKEN=cirt_… python poll_taxii.py https://cirt.example/exchange/collections/<id>/ mirror.ndjson

Each run adds what is new to the file, one object a line, and keeps its place in `mirror.ndjson.place`.
It may be stopped at any moment, also by a power cut, and run again: half a page is cut off and asked
for anew. Every version of an object is kept. Objects of type `withdrawal` name what must be erased.
Standard library only. TAXII_USER makes it HTTP Basic; else the token is sent as Bearer.
"""

import argparse
import base64
import gzip
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

MEDIA_TYPE = "application/taxii+json;version=2.1"
TRIES = 5
TIMEOUT_SECONDS = 60


def main() -> int:
    """Read the command line, and mirror until there is nothing new."""
    parser = argparse.ArgumentParser(description="Mirror a TAXII 2.1 collection into a file.")
    parser.add_argument("collection", help="address of the collection, its id or alias last")
    parser.add_argument("mirror", type=Path, help="file that receives the objects, one a line")
    parser.add_argument("--limit", type=int, default=1000, help="objects of a page (1 to 1000)")
    options = parser.parse_args()
    token = os.environ.get("TAXII_TOKEN", "")
    if not token:
        parser.error("put the API token into the environment as TAXII_TOKEN")
    count = mirror(options.collection, options.mirror, options.limit, authorization(token))
    print(f"{count} new objects")
    return 0


def authorization(token: str) -> str:
    """Return the Authorization header of a token, with TAXII_USER by HTTP Basic."""
    user = os.environ.get("TAXII_USER")
    if not user:
        return f"Bearer {token}"
    return "Basic " + base64.b64encode(f"{user}:{token}".encode()).decode("ascii")


def mirror(collection: str, path: Path, limit: int, header: str) -> int:
    """Append what is new and return how many objects that were."""
    place_path = path.with_name(path.name + ".place")
    place = read_place(place_path, collection)
    count = 0
    with path.open("ab") as file:
        file.truncate(place["bytes"])  # what was written after the place was noted comes again
        following = ""
        while True:
            query = {"limit": str(limit), "match[version]": "all"}
            if place["added_after"]:
                query["added_after"] = place["added_after"]
            if following:
                query["next"] = following
            page, last = ask(f"{collection.rstrip('/')}/objects/", query, header)
            objects = page.get("objects", [])
            for one in objects:
                file.write(json.dumps(one, ensure_ascii=False).encode("utf-8") + b"\n")
            file.flush()
            os.fsync(file.fileno())
            count += len(objects)
            if objects:
                # dates added strictly increase: going on from the last one misses nothing
                place = {"collection": collection, "added_after": last, "bytes": file.tell()}
                write_place(place_path, place)
            if not page.get("more"):
                return count
            following = page.get("next", "")


def read_place(path: Path, collection: str) -> dict[str, Any]:
    """Return where the last run ended; the beginning if there was none."""
    if not path.exists():
        return {"collection": collection, "added_after": "", "bytes": 0}
    place: dict[str, Any] = json.loads(path.read_bytes())
    if place["collection"] != collection:
        sys.exit(f"{path} is of another collection: {place['collection']}")
    return place


def write_place(path: Path, place: dict[str, Any]) -> None:
    """Note the place: the old one or the new one is there at any moment, and never half of one."""
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        file.write(json.dumps(place).encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def ask(url: str, query: dict[str, str], header: str) -> tuple[dict[str, Any], str]:
    """Return a page and its X-TAXII-Date-Added-Last; wait and try again while the server is away."""
    request = urllib.request.Request(  # noqa: S310 - the address is the operator's own
        f"{url}?{urllib.parse.urlencode(query)}",
        headers={
            "Accept": MEDIA_TYPE,
            "Accept-Encoding": "gzip",
            "Authorization": header,
            "User-Agent": "poll_taxii",
        },
    )
    for number in range(1, TRIES + 1):
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                body = answer.read()
                if answer.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                return json.loads(body), answer.headers.get("X-TAXII-Date-Added-Last", "")
        except urllib.error.HTTPError as error:
            if error.code not in (429, 500, 502, 503, 504) or number == TRIES:
                sys.exit(f"{url}: {error.code} {error.read().decode('utf-8', 'replace')[:500]}")
            pause = error.headers.get("Retry-After", "")
            time.sleep(min(int(pause), 60) if pause.isdigit() else 2**number)
        except OSError as error:
            if number == TRIES:
                sys.exit(f"{url}: {error}")
            time.sleep(2**number)
    raise AssertionError("the last try returns or exits")


if __name__ == "__main__":
    sys.exit(main())
