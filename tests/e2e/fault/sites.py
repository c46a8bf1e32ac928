#!/usr/bin/python3
"""Faults between sites: three to five hosts, each with etcd, a broker, a worker and clients.

usage: sites.py --build DIR [--sites N] [--faults N] [--round N] [--pause SECONDS] [--worker BINARY] [--expect held|KIND,...]
                [--disk-faults LIBRARY] [--seed N] [--only KIND,...]

Clients act all the time, with up to --pause between two acts, and write down what they were told. While a fault lasts, those at the other
sites have to be told anew that something is recorded, and those that are cut off have to be able to read; when it is over, everybody is told
anew. In the end, and after each --round faults, which a new group goes on from, all that was told is held against the record of every worker
(comity_told), and the records against one another. A kind of full disk that was tried often and left everybody room each time tries nothing,
and fails the test.

With --expect KIND,... it is a control: a worker without a defence, and the test passes only if the checker finds one of these kinds
(comity_told; or `ahead`, a stamp that is still to come; or `out`, a worker that finds that the log is not the one that it has applied, and
`forked`, a client that finds so of the record). After each fault of a control the clients rest while the records are compared, so that
nothing is found because it moves; where a worker or a client has ended so, the next fault befalls a new group. Before that all that was told
is held against what a worker that lacks nothing makes of the log, out of a copy from before the last fault: there may be acts in every
worker's record that the log has lost. Whatever ends in another way, or does not get ready, fails a control as well (ProgramFailed). The same
with a worker that lacks nothing finds nothing, which is a test too.
"""

import argparse
import collections
import os
import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "support" / "python"))
sys.path.insert(0, str(ROOT / "tests" / "e2e" / "cli"))

from clients import BACK_S, Clients, heard, tried  # noqa: E402
from comity_aloud import remark  # noqa: E402
from comity_etcd import NoMajority  # noqa: E402
from comity_net import network_or_processes  # noqa: E402
from ends import TooLate  # noqa: E402
from site_faults import KINDS, SILENT, Faults, FullDisks  # noqa: E402

NAMES = ["north", "south", "east", "west", "centre"]
HELD = {"held"}
ROUND, EQUAL_S, STILL_S, SOON_S, PAUSE_S = 80, 60, 8, 5, 0.04
AHEAD_S, TIME_AT = 60, 5   # TIME_AT: in the header of an event (comity_record)


def homes(names):
    """Two clients at each site, the second one on libcomity; but at the last one who adds items."""
    found = {f"{name}-{number}": name for name in names for number in (1, 2)}
    del found[f"{names[-1]}-2"]
    return {**found, "facilitator": names[-1]}


def plan(chance, count, kinds):
    """Each kind once before one comes again."""
    planned = []
    while len(planned) < count:
        planned += chance.sample(kinds, len(kinds))
    return planned[:count]


def bodies(copies):
    """The records without who wrote them down and when."""
    return {name: [record.SerializeToString(deterministic=True) for record in records[1:-1]] for name, records in copies.items()}


def differing(copies):
    bare = bodies(copies)
    first, *others = bare or [None]
    return [f"the records of {first} and {name} differ" for name in others if bare[name] != bare[first]]


def compare(sites, still_s):
    """The records of all workers that take part, the longest first: as soon as all are equal, or once nothing has changed for so long."""
    copies, since = None, time.monotonic()
    while True:
        before, copies = copies, {name: sites.export(name) for name in sites.names if name not in sites.out}
        if not sites.out and not differing(copies):
            return copies
        if before is None or bodies(copies) != bodies(before):
            since = time.monotonic()
        elif time.monotonic() - since > still_s:
            return dict(sorted(copies.items(), key=lambda copy: -len(copy[1])))
        sites.start_again()
        time.sleep(0.2)


def stamped_ahead(copies):
    """With a time that is still to come: by a clock that was off."""
    from comity_record import HEADER
    newest = {name: max([HEADER.unpack(record.event.record.header)[TIME_AT] for record in records if record.WhichOneof("kind") == "event"],
                        default=0) / 1000 - time.time() for name, records in copies.items()}
    return [f"{name} has an event that is stamped {ahead_s:.0f} s ahead" for name, ahead_s in newest.items() if ahead_s > AHEAD_S]


def check(sites, clients, still_s=EQUAL_S):
    """When nobody acts any more. Acts, and problems. What was told is held against the longest record, which has all that is in any of
    them, if one is not another's beginning because it is wrong."""
    from comity_told import Problem, check as check_told, histories_of, load
    acts, copies = load(clients.told.values()), compare(sites, still_s)
    problems = [Problem("out", words) for words in sites.out.values()] + [Problem("forked", words) for words in clients.ended()]
    problems += [Problem("ahead", words) for words in stamped_ahead(copies)]
    if copies:
        problems += check_told(acts, {name: histories_of(records) for name, records in copies.items()})
    return acts, problems + [Problem("differs", words) for words in differing(copies)]


def one_fault(number, kind, faults, clients, most_s):
    began, before = time.monotonic(), sum(clients.recorded().values())
    what = getattr(faults, kind)()
    lasted, during = time.monotonic() - began, sum(clients.recorded().values()) - before
    print(f"{number:4} {kind:28} {what or '':22} {lasted:5.1f} s, {during:4} recorded meanwhile, all answered again after "
          f"{clients.go_on(most_s):4.1f} s", flush=True)


def found_after(number, kind, faults, clients):
    """In a control, whose group may come to a halt."""
    try:
        clients.place.keep_copy()
        one_fault(number, kind, faults, clients, SOON_S)
    except (AssertionError, NoMajority) as why:
        print(f"{number:4} {kind:28} {str(why)[:160]}", flush=True)
    clients.rest()
    problems = check(clients.place, clients, STILL_S)[1]
    clients.wake()
    return problems


def by_the_log(clients):
    """In the end of a group: problems of what was told, where only the log says what came after the copy."""
    from comity_told import check as check_told, histories_of, load
    clients.rest()
    try:
        acts, (name, records) = load(clients.told.values()), clients.place.newcomer()
    except TooLate as why:
        print(f"the log tells nothing: {why}", flush=True)
        return []
    return check_told(acts, {f"the log, by {name}": histories_of(records)})


def kinds_of(problems):
    return {problem.kind for problem in problems}


def control(faults, clients, left, expected):
    """Until something is found that is expected, or a worker or a client takes no part any more."""
    problems = {}
    while left and not clients.place.out and not clients.ended() and not kinds_of(problems) & expected:
        problems.update(dict.fromkeys(found_after(*left.popleft(), faults, clients)))
    if not kinds_of(problems) & expected:
        problems.update(dict.fromkeys(by_the_log(clients)))
    return list(problems)


def held(faults, clients, planned):
    for number, kind in planned:
        one_fault(number, kind, faults, clients, BACK_S)
    clients.end()
    acts, problems = check(clients.place, clients)
    show(acts, faults, clients.place.restarts, problems)
    assert len(faults.silences) >= sum(kind in SILENT for _, kind in planned), "a fault lets nothing through, and nobody has looked"
    return problems


def run(sites, arguments, left, chance, full_disks):
    """One group, and its faults. Problems."""
    number, _ = left[0]
    clients = Clients(sites, homes(sites.names), f"{arguments.seed} {number}", arguments.pause,
                      member=arguments.build / "tests/e2e/fault/fault-member")
    sites.use(arguments.worker)   # not for the founding, which reads what it has just written
    faults = Faults(sites, clients, chance, full_disks)
    clients.go_on()
    if arguments.expect != HELD:
        return control(faults, clients, left, arguments.expect)
    return held(faults, clients, [left.popleft() for _ in range(min(arguments.round, len(left)))])


def show(acts, faults, restarts, problems):
    """Of a round, what came to pass in it; all that is looked for has to have been."""
    through, under_way = heard(acts, faults.silences), tried(acts, faults.silences)
    assert not through, f"{len(through)} were recorded through a fault, the first of them {through[0]}"
    assert under_way or not faults.silences, "where nothing gets through, nobody has tried"
    count = {act: sum(entry["act"] == act for entry in acts) for act in ("started", "recorded", "refused", "unknown", "saw")}
    asked = {(entry["who"], entry["read"]) for entry in acts if entry["act"] == "reading" and entry["kind"] == "FRESH"}
    fresh = sum(entry["act"] == "saw" and entry.get("is_fresh", True) and (entry["who"], entry["read"]) in asked for entry in acts)
    assert fresh, "no read came FRESH"
    print(f"{', '.join(f'{value} {name}' for name, value in count.items())}, {fresh} FRESH; {under_way} under way in {len(faults.silences)} "
          f"silences; {restarts} workers started again; {len(problems)} broken promises", flush=True)


def rounds(ground, arguments, full_disks):
    """Each with a group of its own. The first problems that are found; of a control, all up to the first of what is expected."""
    from group import Group
    chance = random.Random(arguments.seed)
    planned = plan(chance, arguments.faults, [kind for kind in arguments.only or KINDS if Faults.can(ground, kind)])
    left, problems = collections.deque(enumerate(planned, start=1)), []
    while left and not (problems if arguments.expect == HELD else kinds_of(problems) & arguments.expect):
        with Group(ground, arguments.build, NAMES[:arguments.sites]) as sites:
            problems += run(sites, arguments, left, chance, full_disks)
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--sites", type=int, default=3, choices=(3, 4, 5))
    parser.add_argument("--faults", type=int, default=60)
    parser.add_argument("--round", type=int, default=ROUND)
    parser.add_argument("--pause", type=float, default=PAUSE_S)
    parser.add_argument("--worker", type=Path)
    parser.add_argument("--expect", type=lambda text: set(text.split(",")), default=HELD)
    parser.add_argument("--only", type=lambda text: text.split(","))
    parser.add_argument("--disk-faults", type=Path)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("COMITY_SEED", time.time_ns() % 10**9)))
    arguments = parser.parse_args()
    ground = network_or_processes()
    ground.faults = arguments.disk_faults
    remark(f"seed {arguments.seed}, ground: {ground.kind}")
    full_disks = FullDisks()
    problems = rounds(ground, arguments, full_disks)
    for problem in problems[:10]:
        print("  ", problem.kind, problem.sentence)
    if full_disks.tried:
        remark(full_disks.sentence())
    if arguments.expect == HELD:
        return 1 if problems or full_disks.toothless() else 0
    found = collections.Counter(problem.kind for problem in problems)
    words = ", ".join(f"{count} {kind}" for kind, count in sorted(found.items())) or "nothing"
    is_caught = bool(arguments.expect & kinds_of(problems))
    remark(f"control: {words} was found{'' if is_caught else ', FAILED'}")
    return 0 if is_caught else 1


if __name__ == "__main__":
    sys.exit(main())
