"""The history checker over HTTP: real server processes that are killed while machines talk."""

import os
import random
import re
import signal
import threading
import time
from array import array
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from cirt.incidents import circles
from cirt.incidents.circle_models import Collection
from tests import sharing
from tests.exchange.live_machines import MORE, NEXT, Poller, Writer
from tests.exchange.live_site import Machine, Site
from tests.server import Server

_END = 200
"""So many entries a poller that left off reads at the end."""

_DATED = re.compile(rb'"date_added": ?"([^"]+)"')


@dataclass(frozen=True)
class Dose:
    """How much a history does.

    entries: in all, by the writers together. most: objects of an envelope at most. pages: after how
    many a poller with pages of one object leaves off and goes to the end, None for never.
    """

    entries: int
    most: int
    writers: int
    ways: tuple[tuple[int, str], ...]
    kills: int
    pages: int | None = None


SMALL = Dose(160, 5, 4, ((1, "next"), (7, "date"), (100, "mixed"), (1000, "next")), 2)

WAYS = (
    *((1, "next"), (1, "mixed"), (100, "next"), (100, "date")),
    *((1000, "next"), (1000, "date"), (1000, "mixed"), (100, "mixed")),
)


def live_history(site: Site, dose: Dose, seed: int) -> str:
    """Run writers, pollers, kills and grants at once, and return the figures.

    Raises AssertionError when something acknowledged is lost, or anything came to a poller twice or
    out of order.
    """
    held = site.cast.tokens
    writers = [
        Writer(
            site,
            held["XA" if number % 2 else "XB"],
            random.Random(seed + number),
            number=number,
            share=dose.entries // dose.writers,
            most=dose.most,
        )
        for number in range(dose.writers)
    ]
    pollers = [
        Poller(
            site,
            held["XA" if number % 2 else "XB"],
            random.Random(seed + 100 + number),
            name=f"{limit} a page, by {way}",
            limit=limit,
            way=way,
            most=dose.pages if limit == 1 else None,
        )
        for number, (limit, way) in enumerate(dose.ways)
    ]
    granted = {
        code: Poller(
            site,
            held[code],
            random.Random(seed + 200 + number),
            name=f"{code}, which comes and goes",
            limit=min(1000, 10 * dose.most),
            way=("next", "date", "mixed")[number],
            may_be_refused=True,
        )
        for number, code in enumerate(("XC", "XD", "XE"))
    }
    writing = [threading.Thread(target=one.run) for one in writers]
    reading = [threading.Thread(target=one.run) for one in (*pollers, *granted.values())]
    others = [
        threading.Thread(target=_grant, args=(site, granted)),
        threading.Thread(target=_kill, args=(site, dose, writers, random.Random(seed))),
    ]
    for thread in (*reading, *writing, *others):
        thread.start()
    for thread in (*writing, *others):
        thread.join()
    site.done.set()
    for thread in reading:
        thread.join(300)
    assert site.faults == [], site.faults[:3]
    count = _check(site, writers, [*pollers, *granted.values()], random.Random(seed))
    cuts = sum(one.cuts for one in writers)
    return (
        f"{len(writers)} writers, {len(pollers) + len(granted)} pollers, {dose.kills} SIGKILLs,"
        f" {cuts} cut-off posts, {count} entries: 0 lost, 0 doubled, 0 out of order"
    )


def _kill(
    site: Site,
    dose: Dose,
    writers: list[Writer],
    chance: random.Random,
) -> None:
    """Kill servers, spread over the work and each at a random moment, and start them again."""
    try:
        for number in range(1, dose.kills + 1):
            wanted = dose.entries * number // (dose.kills + 1)
            while sum(one.acknowledged for one in writers) < wanted and not site.faults:
                time.sleep(0.01)
            time.sleep(chance.uniform(0, 0.2))
            server = chance.choice(site.servers)
            of_it = _workers(server)
            if len(of_it) > 1 and chance.random() < 0.5:
                with suppress(ProcessLookupError):  # the server brings up another one
                    os.kill(chance.choice(of_it), signal.SIGKILL)
                continue
            server.kill()
            time.sleep(chance.uniform(0, 0.2))
            server.start()
    except Exception as fault:  # noqa: BLE001 - shown by the checker's own thread
        site.faults.append(f"killing: {fault!r}")


def _workers(server: Server) -> list[int]:
    """Return the processes below a server's first one; [] where /proc does not tell."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError, ValueError):
            fields = stat.read_text().rsplit(")", 1)[1].split()
            if server.process is not None and int(fields[1]) == server.process.pid:
                found.append(int(stat.parent.name))
    return found


def _grant(site: Site, granted: dict[str, Poller]) -> None:
    """Let one member go and come back, another one come, and a third one read only now."""

    def until(fits: Callable[[], bool], what: str) -> None:
        for _ in range(1200):
            if fits() or site.faults:
                return
            time.sleep(0.05)
        raise AssertionError(what)

    leaver, newcomer, blind = granted["XC"], granted["XD"], granted["XE"]
    try:
        until(lambda: len(leaver.got) > 0, "a member never read anything")
        with site.database.writing() as session:
            circle = session.get_one(Collection, site.circle_id)
            circles.remove_member(
                session, site.cast.actors["root"], circle, site.cast.administrations["XC"]
            )
        until(lambda: leaver.refused > 0, "who was removed still reads")
        for one in (newcomer, blind):
            until(lambda one=one: one.refused > 0, "who may not read was not refused")  # type: ignore[misc]
        for code in ("XC", "XD", "XE"):
            sharing.set_member(
                site.database, site.cast, site.circle_id, code, reads=True, contributes=True
            )
    except Exception as fault:  # noqa: BLE001 - shown by the checker's own thread
        site.faults.append(f"granting: {fault!r}")


def _check(site: Site, writers: list[Writer], pollers: list[Poller], chance: random.Random) -> int:
    """Compare everybody's view with the truth, and return how many entries there are."""
    whole = Poller(site, site.cast.tokens["XA"], chance, name="the whole", limit=1000)
    whole.run()
    assert site.faults == [], site.faults[:3]
    truth = whole.got
    present = set(truth)
    assert len(present) == len(truth), "something is there twice"
    expected = 0
    for writer in writers:
        for numbers in writer.kept:
            expected += len(numbers)
            lost = [n for n in numbers if writer.number << 48 | n not in present]
            assert not lost, f"acknowledged and gone: {len(lost)} of an envelope of {len(numbers)}"
        for numbers in writer.doubtful:
            there = sum(writer.number << 48 | n in present for n in numbers)
            assert there in (0, len(numbers)), f"half an envelope: {there} of {len(numbers)}"
            expected += there
    assert expected == len(truth), f"{len(truth)} are there, {expected} were sent"
    dates = _check_manifest(site, truth, chance)
    for poller in pollers:
        if poller.most is None:
            # an envelope whose writer gave up may have been kept after this one read for the last
            # time: it goes on from where it stands, as it would
            poller.run()
            assert poller.got == truth, _difference(poller, truth)
        else:
            assert poller.got == truth[: len(poller.got)], _difference(poller, truth)
            _check_end(site, poller, truth, dates)
    return len(truth)


def _check_end(site: Site, poller: Poller, truth: "array[int]", dates: list[str]) -> None:
    """Let a poller with small pages read the last part too: it begins at a date in the midst."""
    count = max(1, len(truth) - _END)
    last = Poller(
        site,
        poller.token,
        poller.chance,
        name=f"{poller.name}, the end",
        limit=poller.limit,
        way=poller.way,
        after=dates[count - 1],
    )
    last.run()
    assert site.faults == [], site.faults[:3]
    assert last.got == truth[count:], _difference(last, truth[count:])


def _check_manifest(site: Site, truth: "array[int]", chance: random.Random) -> list[str]:
    """The manifest names the same, in the same order, each with a later date than the one before."""
    dates: list[str] = []
    machine = Machine(site, site.cast.tokens["XB"], chance)
    names, before, cursor = array("Q"), b"", ""
    while True:
        asked = urlencode({"limit": "1000"} | ({"next": cursor} if cursor else {}))
        answer = machine.ask("GET", site.path.replace("/objects/", "/manifest/") + f"?{asked}")
        assert answer.status == 200, answer.body[:300]
        names.extend(answer.names)
        for date in _DATED.findall(answer.body):
            assert before < date, f"the manifest's dates do not rise: {before!r} {date!r}"
            before = date
            dates.append(date.decode())
        if not MORE.search(answer.body):
            break
        found = NEXT.search(answer.body)
        assert found is not None
        cursor = found[1].decode()
    machine.close()
    assert names == truth, "the manifest says something else than the objects"
    return dates


def _difference(poller: Poller, truth: "array[int]") -> str:
    got, there = set(poller.got), set(truth)
    return (
        f"{poller.name}: {len(there - got)} lost, {len(poller.got) - len(got)} doubled,"
        f" {len(got - there)} unknown, of {len(truth)}; else out of order"
    )
