#!/usr/bin/python3
"""Faults between hosts, of the system with one site: a broker and a worker on two hosts, clients on two more.

usage: site.py --build DIR [--faults N] [--worker BINARY] [--expect held|missing] [--disk-faults LIBRARY] [--seed N]

Clients act all the time, and write down what they were told. Each fault begins, lasts a while and ends, and then every client has to
be told again that something is recorded. In the end all that was told is held against an export (comity_told). With --expect
missing it is a control: a worker without the defence, and the test passes only if the checker finds that.
"""

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "support" / "python"))
sys.path.insert(0, str(ROOT / "tests" / "e2e" / "cli"))

from clients import Clients, heard  # noqa: E402
from comity_net import network_or_processes  # noqa: E402

CLIENTS = {"voter-1": "north", "voter-2": "north", "voter-3": "south", "facilitator": "south"}
PLACES = {"broker": "desk", "worker": "mill"}
DISK_BYTES, YEARS_S, HOUR_S = 48 << 20, 3 * 365 * 86400, 3600


def site_class():
    """Here, because the contract is only needed in the namespaces."""
    from comity_installation import SHORT_SILENCE_MS, UNLIMITED, Installation

    class Site(Installation):
        def __init__(self, ground, build):
            super().__init__(build, worker_settings=UNLIMITED, silence_ms=SHORT_SILENCE_MS)
            self.net = ground(["desk", "mill", "north", "south"], self.directory)

        def __enter__(self):
            try:
                self.net.__enter__()
                self.data = self.net.hosts["mill"].give_disk(DISK_BYTES).path / "data"
                return super().__enter__()
            except BaseException:
                self.__exit__()
                raise

        def __exit__(self, *_):
            for name in list(self.processes):
                self.kill(name)
            self.net.__exit__()
            super().__exit__()

        def bind_address(self, name):
            return self.net.hosts["desk"].address

        def reach(self, name):
            return "tcp://" + self.net.hosts["desk"].public(self.ports[name].rpartition(":")[2])

        def spawn(self, name, command, environment, log):
            return self.net.hosts[PLACES[name]].start(command, log, environment, has_own_clock=name == "worker")

        def log(self, name):
            return (self.directory / f"{name}.log").read_text(errors="replace")

        def brokers(self, host):
            return [(self.front, self.broker_key)]

        def words(self):
            return self.log("worker")[-1000:]

        def tend(self):
            for name, process in self.processes.items():
                assert process.poll() is None, f"{name} has ended: {self.last_words(name)}"

    return Site


class Faults:
    """A method a kind: it begins the fault, lets it last, and ends it. `silences`: when who could not be told anything, if the fault
    was one."""

    def __init__(self, site, clients, chance):
        self.site, self.clients, self.net, self.chance = site, clients, site.net, chance
        self.silences = []

    def _last(self, most_s=0.8):
        time.sleep(self.chance.uniform(0.1, most_s))

    def _silence(self, most_s, hosts=("north", "south")):
        """It lasts, and nothing gets from these hosts to a worker and back."""
        begins, clients = time.monotonic_ns(), self.clients.at(*hosts)
        self._last(most_s)
        self.silences.append((begins, time.monotonic_ns(), clients))

    def _killed(self, *names):
        for name in names:
            self.site.kill(name)
        if self.chance.random() < 0.5:
            self._silence(0.4)   # clients meet the gap
        for name in reversed(names):   # a worker is ready when a broker has it
            self.site.start(name)

    def _stopped(self, name):
        host = self.net.hosts[PLACES[name]]
        host.stop(self.site.processes[name])
        self._silence(2.0)
        host.go_on(self.site.processes[name])

    def _healed(self, *hosts):
        """@hosts: of those clients that are cut off; none: all."""
        self._silence(1.5, hosts or ("north", "south"))
        self.net.heal()

    def broker_killed(self):
        self._killed("broker")

    def worker_killed(self):
        self._killed("worker")

    def both_killed(self):
        self._killed("worker", "broker")

    def worker_stopped(self):
        self._stopped("worker")

    def broker_stopped(self):
        self._stopped("broker")

    def worker_cut_off(self):
        self.net.cut("mill")
        self._healed()

    def worker_unheard(self):
        self.net.cut("mill", "desk", one_way=True)
        self._healed()

    def worker_deaf(self):
        self.net.cut("desk", "mill", one_way=True)
        self._healed()

    def broker_cut_off(self):
        self.net.cut("desk")
        self._healed()

    def some_clients_cut_off(self):
        self.net.cut("north", "desk")
        self._healed("north")

    def some_clients_deaf(self):
        self.net.cut("desk", "south", one_way=True)
        self._healed("south")

    def loss_everywhere(self):
        for host in ("mill", "north", "south"):
            self.net.lose("desk", host, self.chance.choice([50, 200]))
        self._last(1.5)
        self.net.heal()

    def worker_killed_while_cut_off(self):
        self.net.cut("mill", "desk")
        self._silence(0.8)
        self.site.kill("worker")
        self._healed()
        self.site.start("worker")

    def disk_full(self):
        def refusals():
            return sum(path.read_bytes().count(b'"DISK_FULL"') for path in self.clients.told.values())
        before, disk = refusals(), self.net.hosts["mill"].disk
        disk.fill()
        self.clients.until(lambda: refusals() > before, "somebody is told that the disk is full")
        self._last()
        disk.clear()

    def _clock(self, ahead_s, word):
        before = self.site.log("worker").count(word)
        self.net.hosts["mill"].set_clock(ahead_s)
        self.clients.until(lambda: self.site.log("worker").count(word) > before, word)
        self._last()
        self.net.hosts["mill"].set_clock(0)

    def clock_years_ahead(self):
        self._clock(YEARS_S, "event=clock_jumped")

    def clock_set_back(self):
        self._clock(-HOUR_S, "event=clock_set_back")


KINDS = [name for name, value in vars(Faults).items()
         if not name.startswith("_") and value.__code__.co_argcount == 1]


def plan(chance, count, expect):
    """Each kind once before one comes again. A control has its own kind alone."""
    if expect == "missing":
        return ["worker_killed"] * count
    kinds = []
    while len(kinds) < count:
        kinds += chance.sample(KINDS, len(KINDS))
    return kinds[:count]


def check(site, clients):
    """Against what is on record now; clients may go on."""
    from comity_record import Record
    from comity_told import check as check_told, histories_of, load
    acts, stream = load(clients.told.values()), site.directory / "stream"
    stream.unlink(missing_ok=True)
    subprocess.run([site.programs["worker"], "export", "--config", site.directory / "worker.ini", "--to", stream], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=60)
    return acts, check_told(acts, {"mill": histories_of(Record(stream).records)})


def run(site, arguments, chance):
    clients = Clients(site, CLIENTS, arguments.seed)
    if arguments.worker:   # not for the founding, which reads what it has just written
        site.stop("worker")
        site.programs["worker"] = arguments.worker
        site.start("worker")
    faults, problems = Faults(site, clients, chance), []
    clients.go_on()
    for number, kind in enumerate(plan(chance, arguments.faults, arguments.expect), start=1):
        began, before = time.monotonic(), sum(clients.recorded().values())
        getattr(faults, kind)()
        lasted, during = time.monotonic() - began, sum(clients.recorded().values()) - before
        print(f"{number:4} {kind:30} {lasted:5.1f} s, {during:4} recorded meanwhile, all answered again after {clients.go_on():4.1f} s",
              flush=True)
        if arguments.expect != "held":
            problems = check(site, clients)[1]
            if any(problem.kind == arguments.expect for problem in problems):
                break
    clients.end()
    acts, problems = check(site, clients)
    through = heard(acts, faults.silences)
    assert not through, f"{len(through)} were recorded through a fault, the first of them {through[0]}"
    count = {act: sum(entry["act"] == act for entry in acts) for act in ("started", "recorded", "refused", "unknown", "saw")}
    print(f"{number} faults, {', '.join(f'{value} {name}' for name, value in count.items())}; {len(problems)} broken promises")
    return problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--faults", type=int, default=len(KINDS))
    parser.add_argument("--worker", type=Path)
    parser.add_argument("--expect", choices=("held", "missing"), default="held")
    parser.add_argument("--disk-faults", type=Path)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("COMITY_SEED", time.time_ns() % 10**9)))
    arguments = parser.parse_args()
    ground = network_or_processes()
    ground.faults = arguments.disk_faults
    if os.environ.get("COMITY_LONG") == "1" and arguments.expect == "held":
        arguments.faults *= 10
    print(f"## seed {arguments.seed}, ground: {ground.kind}", flush=True)
    with site_class()(ground, arguments.build) as site:
        problems = run(site, arguments, random.Random(arguments.seed))
    for problem in problems[:10]:
        print("  ", problem.kind, problem.sentence)
    if arguments.expect == "held":
        return 1 if problems else 0
    seen = any(problem.kind == arguments.expect for problem in problems)
    print(f"control: {'the checker finds it' if seen else 'FAILED, nothing was found'} ({arguments.expect})")
    return 0 if seen else 1


if __name__ == "__main__":
    sys.exit(main())
