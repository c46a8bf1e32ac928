"""The clients of a fault test: a partnership that is founded through a place (one site or several), and voter.py for each member.

A place has token, group_key, directory and net; wire() to found by; brokers(host), [(endpoint, key), ...] as they are for a client there;
words(), what its programs said last, for who has to find out why a test failed; and tend(), which is called while something is waited for.
"""

import collections
import json
import pathlib
import sys
import time
import zlib

from comity_patience import Patience
from ends import ProgramFailed, is_forked

HERE = pathlib.Path(__file__).resolve().parent
BACK_S = 120   # who waits for longer waits in vain; how long a group stands still takeover.py measures


class Clients:
    def __init__(self, place, homes, seed, pause_s=0.02, member=None):
        """@homes: name -> host of each; "facilitator" adds items, the others vote. @member: the program of member.c, for those whose
        names end in "-2"."""
        from comity_scene import Scene, simple_rule   # here, because the contract is only needed in the namespaces
        self.place, self.processes, self.homes, self.member = place, {}, homes, member
        self.told, self.counted = {}, {}   # paths; how far each was read, and what it had up to there
        self.on_library = {name for name in homes if self.member and name.endswith("-2")}
        voters = sum(name != "facilitator" for name in homes)
        with place.wire() as wire:
            scene = Scene(wire, place.token, retry_s=BACK_S)
            scene.found({"labour": "WORKER", "management": "EMPLOYER"})
            if voters > 3:
                scene.invite_many("labour", voters - 3)
            scene.body("council", {"labour": voters - 1, "management": 1})
            seated = scene.seat_all("council")
            rule, session = scene.adopt(simple_rule()), scene.open_session("council")
            proposal, text_hash = scene.propose(session, "Load", "A text to vote on")
            number = scene.open_round(proposal, text_hash, rule)
            for name, host in homes.items():
                member = seated.pop(0) if name != "facilitator" else None
                key = scene.keys[member] if member else scene.facilitator
                self.start(name, host, key=bytes(key).hex(), round=number if member else 0, text_hash=text_hash.hex(), session=session,
                           history=scene.history.hex(), seed=f"{seed} {name}", log_key=wire.log_key.hex(), pause_s=pause_s)

    def start(self, name, host, **given):
        place = self.place
        self.told[name] = place.directory / f"{name}.told"
        given = {"who": name, "told": str(self.told[name]), "group_key": place.group_key.hex(), **given}
        brokers = [(endpoint, key.hex()) for endpoint, key in place.brokers(host)]
        command = (self.member_command if name in self.on_library else self.voter_command)(name, brokers, given)
        self.processes[name] = place.net.hosts[host].start(command, place.directory / f"{name}.log")

    def voter_command(self, name, brokers, given):
        file = self.place.directory / f"{name}.json"
        file.write_text(json.dumps({"brokers": brokers, **given}))
        return [sys.executable, "-B", HERE / "voter.py", file]

    def member_command(self, name, brokers, given):
        file, journal = self.place.directory / f"{name}.settings", self.place.directory / f"{name}.journal"
        journal.mkdir(mode=0o700)
        lines = {**given, "journal": journal, "seed": zlib.crc32(given["seed"].encode())}
        file.write_text("".join(f"{key} {value}\n" for key, value in lines.items()) +
                        "".join(f"broker {endpoint}={key}\n" for endpoint, key in brokers))
        return [self.member.resolve(), file]

    def at(self, *hosts):
        return {name for name, host in self.homes.items() if host in hosts}

    def count(self, act, names=None):
        """How often each has written that down; @act: one, or several with a "|" between them."""
        return {name: sum(self.acts(name)[one] for one in act.split("|")) for name in self.told if names is None or name in names}

    def acts(self, name):
        size, counts = self.counted.setdefault(name, (0, collections.Counter()))
        if self.told[name].exists():
            with open(self.told[name], "rb") as file:
                file.seek(size)
                whole = file.read().rpartition(b"\n")[0]
            counts.update(json.loads(line)["act"] for line in whole.splitlines())
            self.counted[name] = size + len(whole) + bool(whole), counts
        return counts

    def recorded(self):
        return self.count("recorded")

    def ended(self):
        """What those said who have ended because the record is another than the one that they were shown. Who ended otherwise has failed."""
        found = []
        for name, process in self.processes.items():
            if process.poll() in (None, 0):
                continue
            words = (self.place.directory / f"{name}.log").read_text(errors="replace").strip()
            if not is_forked(process.returncode, words):
                raise ProgramFailed(f"{name} ended with {process.returncode}: {words}")
            found.append(f"{name} ended: {words}")
        return found

    def until(self, condition, what, most_s=BACK_S):
        patience = Patience(most_s)
        while not condition():
            assert not self.ended(), self.ended()
            self.place.tend()
            assert not patience.is_over(), f"in vain for {most_s} s: {what}; {self.recorded()}; {self.place.words()}"
            time.sleep(0.02)

    def until_more(self, act, names=None, most_s=BACK_S):
        """Each of them is told anew that something is recorded, say; how long that took, in seconds."""
        began, before = time.monotonic(), self.count(act, names)
        self.until(lambda: all(count > before[name] for name, count in self.count(act, names).items()), f"{act} anew", most_s)
        return time.monotonic() - began

    def go_on(self, most_s=BACK_S):
        return self.until_more("recorded", most_s=most_s)

    def rest(self):
        """Until wake() they neither say nor hear anything; nothing else stands still for that."""
        for name, host in self.homes.items():
            if self.processes[name].poll() is None:
                self.place.net.hosts[host].stop(self.processes[name])

    def wake(self):
        for name, host in self.homes.items():
            self.place.net.hosts[host].go_on(self.processes[name])

    def end(self):
        for process in self.processes.values():
            process.terminate()
        for name, process in self.processes.items():
            assert process.wait(BACK_S) == 0, (self.place.directory / f"{name}.log").read_text()


def tried(acts, silences):
    """How many commands were under way in the midst of a fault that lets nothing through, of those who could not be told anything then."""
    over = {}   # when each was told, or gave up
    for act in acts:
        if act["act"] in ("recorded", "refused", "unknown"):
            over.setdefault(act["id"], act["t"])
    return sum(act["act"] == "started" and act["who"] in clients and act["t"] < ends and over.get(act["id"], ends) > begins
               for begins, ends, clients in silences for act in acts)


def heard(acts, silences):
    """What was begun and recorded in the midst of a fault that lets nothing through: then it was none. @silences: [(begins, ends, clients)]."""
    started, found = {act["id"]: act["t"] for act in reversed(acts) if act["act"] == "started"}, []
    for begins, ends, clients in silences:
        found += [act for act in acts if act["act"] == "recorded" and act["who"] in clients and
                  begins < started[act["id"]] and act["t"] < ends]
    return found
