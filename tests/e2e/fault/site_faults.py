"""What befalls a group of several sites (group.py), one method a kind. A fault begins, lasts for as long as it takes to see what has to go
on meanwhile, and ends; each returns what it befell.

`silences`: [(begins, ends, clients)], when who could not be told that anything is recorded."""

import collections
import time

from comity_patience import Patience

YEARS_S, HOUR_S = 3 * 365 * 86400, 3600
ON_S = 120   # those whom a fault does not concern go on: in vain after
ROOM_S, ETCD_ROOM_S = 20, 8   # how long a full disk waits for somebody who needs room
ALONE_S = 8                   # how long one worker has to take over before the others are there again
OFTEN = 10                    # who has room on a full disk this often always has


class FullDisks:
    """How often each kind was tried, and how often somebody had no room."""

    def __init__(self):
        self.tried, self.felt = collections.Counter(), collections.Counter()

    def note(self, kind, is_felt):
        self.tried[kind] += 1
        self.felt[kind] += is_felt

    def toothless(self):
        return [kind for kind, times in sorted(self.tried.items()) if times >= OFTEN and not self.felt[kind]]

    def sentence(self):
        felt = ", ".join(f"{kind} {self.felt[kind]} of {times}" for kind, times in sorted(self.tried.items()))
        return f"full disks that left no room: {felt}" + "".join(f"; FAILED: {kind} never does" for kind in self.toothless())


class Faults:
    def __init__(self, sites, clients, chance, full_disks=None):
        self._sites, self._clients, self._net, self._chance = sites, clients, sites.net, chance
        self._full_disks = full_disks or FullDisks()
        self.silences = []

    @staticmethod
    def can(ground, kind):
        """etcd sees no full disk that is played."""
        return kind != "etcd_disk_full" or ground.kind == "namespaces"

    # Who

    def _leader(self):
        return self._sites.leader()

    def _others(self, *names):
        return [name for name in self._sites.names if name not in names]

    def _follower(self):
        return self._chance.choice(self._others(self._leader()))

    def _etcd_leader(self):
        members = self._sites.members
        for _ in range(200):
            for name in members.processes:
                leader = members.patiently(lambda: members.leader(name))
                if leader in members.processes:
                    return leader
            time.sleep(0.05)
        raise AssertionError("no member of etcd leads")

    def _etcd_follower(self):
        return self._chance.choice(self._others(self._etcd_leader()))

    # How long

    def _last(self, most_s=0.8):
        time.sleep(self._chance.uniform(0.1, most_s))

    def _go_on(self, *names):
        """Those who are told that something is recorded, whatever has happened elsewhere."""
        self._clients.until_more("recorded", self._clients.at(*names), ON_S)

    def _silent(self, names, during):
        begins = time.monotonic_ns()
        during()
        self.silences.append((begins, time.monotonic_ns(), self._clients.at(*names)))

    def _read_on(self, name):
        """What is recorded there; or they hear that they know more than that. On the library they hear nothing in that case."""
        self._clients.until_more("saw|behind", self._clients.at(name) - self._clients.on_library, ON_S)

    # Programs that end

    def _killed(self, name, *kinds):
        for kind in reversed(kinds):
            self._sites.kill(kind, name)
        if self._chance.random() < 0.7:
            self._go_on(*self._others(name))
        for kind in kinds:
            self._sites.start(kind, name)
        return name

    def leader_killed(self):
        return self._killed(self._leader(), "worker")

    def follower_killed(self):
        return self._killed(self._follower(), "worker")

    def leader_told_to_end(self):
        name = self._leader()
        status = self._sites.kill("worker", name, 15)
        assert status == 0, f"the worker at {name} ended with {status}"
        self._go_on(*self._others(name))
        self._sites.start("worker", name)
        return name

    def etcd_leader_killed(self):
        return self._killed(self._etcd_leader(), "etcd")

    def etcd_follower_killed(self):
        return self._killed(self._etcd_follower(), "etcd")

    def broker_killed(self):
        return self._killed(self._chance.choice(self._sites.names), "broker")

    def leaders_host_killed(self):
        return self._killed(self._leader(), "etcd", "broker", "worker")

    def host_killed(self):
        return self._killed(self._follower(), "etcd", "broker", "worker")

    def leader_killed_twice(self):
        """Whoever takes over is killed as soon as it leads."""
        first = self._leader()
        self._sites.kill("worker", first)
        second = self._new_leader(first)
        self._sites.kill("worker", second)
        self._sites.start("worker", first)
        self._sites.start("worker", second)
        return f"{first}, {second}"

    def _new_leader(self, old):
        patience = Patience(ON_S)
        while (leader := self._leader()) == old:
            assert not patience.is_over(), f"nobody leads in the place of {old}"
            time.sleep(0.02)
        return leader

    def majority_of_etcd_killed(self):
        """Nothing can be recorded."""
        gone = self._chance.sample(self._sites.names, len(self._sites.names) // 2 + 1)
        for name in gone:
            self._sites.kill("etcd", name)
        self._silent(self._sites.names, lambda: self._last(1.5))
        self._sites.start_all("etcd")
        return ", ".join(gone)

    def all_killed(self):
        names = self._sites.names
        for kind in ("worker", "broker", "etcd"):
            for name in names:
                self._sites.kill(kind, name)
        self._silent(names, lambda: self._last(0.3))
        for kind in ("etcd", "broker", "worker"):
            self._sites.start_all(kind)

    # Programs that stand still

    def _stopped(self, name, kinds, others=True):
        for kind in kinds:
            self._sites.suspend(kind, name)
        if others:
            self._go_on(*self._others(name))
        else:
            self._last(2.0)
        for kind in reversed(kinds):
            self._sites.resume(kind, name)
        return name

    def leader_stopped(self):
        """It wakes after others have led."""
        return self._stopped(self._leader(), ["worker"])

    def leader_stopped_a_moment(self):
        """It wakes just when others take over, or before."""
        return self._stopped(self._leader(), ["worker"], others=False)

    def follower_stopped(self):
        return self._stopped(self._follower(), ["worker"])

    def etcd_leader_stopped(self):
        return self._stopped(self._etcd_leader(), ["etcd"])

    def etcd_follower_stopped(self):
        return self._stopped(self._etcd_follower(), ["etcd"])

    def broker_stopped(self):
        return self._stopped(self._chance.choice(self._sites.names), ["broker"])

    def leaders_host_stopped(self):
        return self._stopped(self._leader(), ["etcd", "worker", "broker"])

    # Lines

    def _cut_off(self, name, to=False, of=False):
        """@to, @of: only what goes there, or comes from there."""
        if not of:
            for other in self._others(name) if to else [None]:
                self._net.cut(other or name, name if to else None, one_way=to)
        else:
            self._net.cut(name, one_way=True)

        def during():
            self._go_on(*self._others(name))
            if not (to or of):
                self._read_on(name)
        self._silent([name], during)
        self._net.heal()
        return name

    def leader_cut_off(self):
        return self._cut_off(self._leader())

    def follower_cut_off(self):
        return self._cut_off(self._follower())

    def leader_unheard(self):
        return self._cut_off(self._leader(), of=True)

    def leader_deaf(self):
        return self._cut_off(self._leader(), to=True)

    def _between(self, one, other, one_way=False):
        """Whoever does not get through to one, gets through to another."""
        self._net.cut(one, other, one_way=one_way)
        self._go_on(*self._sites.names)
        self._net.heal()
        return f"{one}, {other}"

    def leader_and_follower_apart(self):
        return self._between(self._leader(), self._follower())

    def followers_apart(self):
        return self._between(*self._others(self._leader())[:2])

    def leader_unheard_by_one(self):
        return self._between(self._leader(), self._follower(), one_way=True)

    def worker_and_etcd_leader_apart(self):
        leader, etcd = self._leader(), self._etcd_leader()
        return self._between(leader, etcd if etcd != leader else self._etcd_follower())

    def losses(self):
        for name in self._sites.names:
            self._net.lose(name, per_mille=self._chance.choice([20, 50, 150]))
        self._last(2.5)
        self._net.heal()

    def losses_of_the_leader(self):
        name = self._leader()
        self._net.lose(name, per_mille=self._chance.choice([100, 300]), one_way=self._chance.random() < 0.5)
        self._last(2.5)
        self._net.heal()
        return name

    def all_apart(self):
        """Nothing can be recorded, and everybody reads on."""
        names = self._sites.names
        for name in names:
            self._net.cut(name)
        self._silent(names, lambda: [self._read_on(name) for name in names])
        self._net.heal()

    # Two things at once

    def leader_killed_while_cut_off(self):
        name = self._leader()
        self._net.cut(name)

        def during():
            self._last(1.2)
            self._sites.kill("worker", name)
        self._silent([name], during)
        self._net.heal()
        self._sites.start("worker", name)
        return name

    def etcd_stopped_and_a_line_cut(self):
        """No majority, but for what is still under way."""
        one, other, third = self._chance.sample(self._sites.names, 3)
        self._net.cut(one, other, one_way=True)
        self._sites.suspend("etcd", third)
        self._last(1.5)
        self._net.heal()
        self._sites.resume("etcd", third)
        return f"{one}, {other}; {third}"

    def both_leaders_killed(self):
        leader, etcd = self._leader(), self._etcd_leader()
        self._sites.kill("etcd", etcd)
        self._sites.kill("worker", leader)
        self._go_on(*self._others(leader, etcd))
        self._sites.start("etcd", etcd)
        self._sites.start("worker", leader)
        return f"{leader}, {etcd}"

    def late_append(self):
        """An append that hangs between two members of etcd and is sent again by way of a third arrives long after it, and after what came
        next, while the worker's term lasts still: it is not to be carried out any more."""
        sites, name = self._sites, self._leader()
        second, *_, third = self._others(name)   # in the order in which the worker asks them
        sites.members.hand_over(third)
        self._net.cut(name, third, one_way=True)
        self._clients.until_more("recorded", self._clients.at(name), ON_S)
        for other in self._others(name):
            sites.suspend("worker", other)
        sites.kill("worker", name)
        head = self._head(second)
        self._net.heal()
        after = self._head_after(second, head)
        for other in self._others(name):
            sites.resume("worker", other)
        sites.start("worker", name)
        return f"{name}{'' if after == head else ', carried out'}"

    def _head(self, name):
        members = self._sites.members
        return members.patiently(lambda: members.value(name, f"comity/{self._sites.group.hex()}/head"))

    def _head_after(self, name, head):
        """As soon as it is another; TCP sends again what was lost for as long as that takes."""
        deadline = time.monotonic() + 4
        while (now := self._head(name)) == head and time.monotonic() < deadline:
            time.sleep(0.05)
        return now

    # Clocks and disks

    def _said(self, name, event):
        """How often its worker has."""
        return self._sites.log("worker", name).read_text(errors="replace").count(f"event={event} ")

    def _judged(self, name, set_clock, what):
        """Whatever it was before, it says of each clock that it is given whether it may lead with that one, or why not."""
        before = self._said(name, "may_lead") + self._said(name, "may_not_lead")
        set_clock()
        self._clients.until(lambda: self._said(name, "may_lead") + self._said(name, "may_not_lead") > before, what, ON_S)

    def _clock(self, name, ahead_s, restart=False):
        """Whoever's clock is off does not lead."""
        set_clock = self._net.hosts[name].set_clock

        def off():
            if restart:
                self._sites.kill("worker", name)
            set_clock(ahead_s)
            if restart:
                self._sites.start("worker", name)
        self._judged(name, off, f"{name} finds that its clock is off")
        self._go_on(*self._sites.names)
        self._last()
        self._judged(name, lambda: set_clock(0), f"{name} finds that its clock is right")
        return name

    def leader_restarted_with_wrong_clock(self):
        return self._clock(self._leader(), HOUR_S, restart=True)

    def follower_restarted_with_wrong_clock(self):
        return self._clock(self._follower(), HOUR_S, restart=True)

    def leaders_clock_years_ahead(self):
        return self._clock(self._leader(), YEARS_S)

    def leaders_clock_set_back(self):
        return self._clock(self._leader(), -HOUR_S)

    def followers_clock_years_ahead(self):
        return self._clock(self._follower(), YEARS_S)

    def followers_clock_set_back(self):
        return self._clock(self._follower(), -HOUR_S)

    def _full(self, kind, is_felt, word):
        self._full_disks.note(kind, is_felt)
        return word if is_felt else "had room"

    def _lags(self, name, most_s):
        """Its disk is full, and it needs room before long, because clients act."""
        before, ends = self._said(name, "lags"), time.monotonic() + most_s
        self._net.hosts[name].disk.fill()
        self._clients.until(lambda: self._said(name, "lags") > before or time.monotonic() > ends, "a full disk is noticed", 2 * most_s)
        return self._said(name, "lags") > before

    def followers_disk_full(self):
        """It lags, as soon as it needs room."""
        name = self._follower()
        is_felt = self._lags(name, ROOM_S)
        self._go_on(*self._others(name))
        self._net.hosts[name].disk.clear()
        return f"{name}, {self._full('followers_disk_full', is_felt, 'lagged')}"

    def leader_killed_one_disk_full(self):
        """Who has no room cannot lead, and keeps nobody else from it: neither one that stands with it, nor one that comes when it was
        alone for a while."""
        leader = self._leader()
        name = self._chance.choice(self._others(leader))
        is_felt = self._lags(name, ON_S)
        assert is_felt, f"{name} has room on a full disk"
        gone = [leader, *(self._others(leader, name) if self._chance.random() < 0.5 else [])]
        for one in gone:
            self._sites.kill("worker", one)
        if len(gone) > 1:
            before, ends = self._said(name, "takes_over"), time.monotonic() + ALONE_S
            self._clients.until(lambda: self._said(name, "takes_over") > before or time.monotonic() > ends, f"{name} is alone")
            for one in gone[1:]:
                self._sites.start("worker", one)
        self._go_on(*self._others(leader))
        self._net.hosts[name].disk.clear()
        self._sites.start("worker", leader)
        return f"{leader}, {name} {self._full('leader_killed_one_disk_full', is_felt, 'lagged')}"

    def leaders_disk_full(self):
        """As soon as it needs room, somebody is told so, or another leads."""
        name, ends = self._leader(), time.monotonic() + ROOM_S
        disk, before, now = self._net.hosts[name].disk, self._refusals(), []

        def is_noticed():
            now[:] = [self._refusals() > before or self._leader() != name]
            return now[0] or time.monotonic() > ends
        disk.fill()
        self._clients.until(is_noticed, "a full disk is noticed", ON_S)
        disk.clear()
        return f"{name}, {self._full('leaders_disk_full', now[0], 'was full')}"

    def _refusals(self):
        return sum(path.read_bytes().count(b'"DISK_FULL"') for path in self._clients.told.values())

    def etcd_disk_full(self):
        """It ends, as soon as it needs room."""
        name = self._chance.choice(self._sites.names)
        disk, process = self._sites.members.disks[name], self._sites.process("etcd", name)
        ends = time.monotonic() + ETCD_ROOM_S
        disk.fill()
        self._clients.until(lambda: process.poll() is not None or time.monotonic() > ends, "a full disk is noticed")
        self._go_on(*self._others(name))
        disk.clear()
        has_ended = process.poll() is not None
        if has_ended:
            self._sites.kill("etcd", name)
            self._sites.start("etcd", name)
        return f"{name}, {self._full('etcd_disk_full', has_ended, 'ended')}"


# Those that let somebody hear nothing, each at least once (`silences`).
SILENT = {"majority_of_etcd_killed", "all_killed", "leader_cut_off", "follower_cut_off", "leader_unheard", "leader_deaf", "all_apart",
          "leader_killed_while_cut_off"}
KINDS = [name for name, value in vars(Faults).items() if not name.startswith("_") and name != "can"]
