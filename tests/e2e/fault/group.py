"""The group of workers (comity_sites) that faults befall: etcd is one of its programs, stores are on small disks, and tend() does what a
service manager does. A worker whose store has failed is started again; one that finds that the log is not the one that it has applied is
not: `out` has its last words. Whatever else ends or does not get ready fails the test, whatever that expects (ProgramFailed).
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from comity_etcd import NoMajority
from comity_installation import SHORT_SILENCE_MS, NotStarted
from comity_patience import Patience
from comity_record import Record
from comity_sites import Sites
from ends import ProgramFailed, TooLate, does_not_fit, has_store_failed, is_too_late

DISK_BYTES, ETCD_DISK_BYTES = 64 << 20, 320 << 20   # etcd makes files of 64 MiB before it needs them
LEADS_S, WAIT_S = 30, 60
LEADER_NAME_AT, HEAD_NUMBER_SIZE = 24, 8            # in the values of the keys leader and head: worker/log/sealed.h


class Group(Sites):
    def __init__(self, ground, build, names):
        self.place = Path(tempfile.mkdtemp(prefix="comity-group-"))
        net = ground(names, self.place)
        net.__enter__()
        self.out, self.restarts = {}, 0
        try:
            for name in names:
                net.hosts[name].give_disk(DISK_BYTES)
            super().__init__(build, net, etcd_disk_bytes=ETCD_DISK_BYTES, silence_ms=SHORT_SILENCE_MS)
        except BaseException:
            self.leave(net)
            raise

    def __exit__(self, *_):
        super().__exit__()
        self.leave(self.net)

    def leave(self, net):
        net.__exit__()
        if os.environ.get("COMITY_KEEP") == "1":
            print(f"kept: {self.place}")
        else:
            shutil.rmtree(self.place, ignore_errors=True)

    def data(self, name):
        return self.net.hosts[name].disk.path / "data"

    def begin(self):
        """The others have copies of the store that the log was begun with."""
        first, *others = self.names
        self.run(first, "begin")
        for name in others:
            shutil.copytree(self.data(first), self.data(name))
        self.start_all("worker")

    def use(self, worker):
        """Another program, from here on. What newcomer() starts stays the one that lacks nothing."""
        self.sound = self.programs["worker"]
        if worker is None:
            return
        self.programs["worker"] = worker
        for name in self.names:
            self.kill("worker", name, signal.SIGTERM)
        self.start_all("worker")

    # Programs: etcd, broker, worker

    def start(self, what, name, **more):
        if what == "etcd":
            self.members.spawn(name)
            self.serves(name)
            return
        try:
            super().start(what, name, has_own_clock=what == "worker", **more)
        except NotStarted as why:
            self.has_ended(what, name, why.status, str(why))

    def serves(self, name):
        try:
            self.members.wait(name)
        except AssertionError as why:
            raise ProgramFailed(str(why)) from why

    def start_all(self, what):
        """Together: one member of etcd alone does not serve."""
        if what == "etcd":
            for name in self.names:
                if name not in self.members.processes:
                    self.members.spawn(name)
            for name in self.names:
                self.serves(name)
        else:
            for name in self.names:
                if (what, name) not in self.processes:
                    self.start(what, name)

    def process(self, what, name):
        return self.members.processes[name] if what == "etcd" else self.processes[what, name]

    def kill(self, what, name, number=signal.SIGKILL):
        return self.members.kill(name) if what == "etcd" else super().kill(what, name, number)

    def suspend(self, what, name):
        self.net.hosts[name].stop(self.process(what, name))

    def resume(self, what, name):
        self.net.hosts[name].go_on(self.process(what, name))

    def tend(self):
        assert not self.out, self.out
        self.start_again()

    def start_again(self):
        """Workers whose store has failed."""
        for (what, name), process in list(self.processes.items()):
            status = process.poll()
            if status is None:
                continue
            del self.processes[what, name]
            words = self.last_words(what, name)
            if what == "worker" and has_store_failed(status, words):
                self.restarts += 1
                self.start(what, name)
            else:
                self.has_ended(what, name, status, f"{what} at {name} ended with {status}: {words}")

    def has_ended(self, what, name, status, words):
        if what == "worker" and is_too_late(status, words):
            raise TooLate(words)
        if what != "worker" or not does_not_fit(status, words):
            raise ProgramFailed(words)
        self.out[name] = words

    # What the log comes to, whatever workers have made of it

    def keep_copy(self):
        """Of the store of a follower that takes part, as it is now: what newcomer() begins with."""
        name = next(name for name in self.names if name != self.leader())
        kept = self.place / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        self.suspend("worker", name)   # what it has committed is whole whenever it stops
        try:
            shutil.copytree(self.data(name), kept)
        finally:
            self.resume("worker", name)

    def end_at_head(self):
        """Nothing stands behind the head of a log. If something does, because the head was set back, it is lost: the next appends take its
        place."""
        name, prefix = next(iter(self.members.processes)), f"comity/{self.group.hex()}/"
        head = self.members.patiently(lambda: self.members.value(name, prefix + "head"))
        number = int.from_bytes(head[:HEAD_NUMBER_SIZE], "big")
        self.members.patiently(lambda: self.members.delete_prefix(name, f"{prefix}log/", f"{number + 1:016x}"))

    def newcomer(self):
        """In the end: what a worker that lacks nothing makes of the log, out of the copy and alone, up to the log's end or where the log
        does not go on. Its name, and what is on record there; TooLate: so much has come since the copy that nobody can know any more."""
        self.net.heal()
        for name in self.names:
            self.kill("worker", name)
        self.end_at_head()
        name = self.names[0]
        self.data(name).rename(self.data(name).with_name("before"))
        shutil.copytree(self.place / "kept", self.data(name))
        self.workers[name] = self.sound
        self.start("worker", name)
        patience = Patience(LEADS_S)
        while ("worker", name) in self.processes and [state for state, *_ in self.said_states(name)][-1:] != ["leads"]:
            if patience.is_over():
                raise ProgramFailed(f"whoever begins with a copy does not lead: {self.last_words('worker', name)}")
            self.start_again()
            time.sleep(0.05)
        return name, self.export(name)

    # What is asked of it

    def wire(self, name=None, **options):
        return super().wire(name or self.names[0], **options)

    def words(self):
        return "; ".join(f"{name}: {self.last_words('worker', name)}" for name in self.names)

    def leader(self):
        """The site whose worker leads, by what etcd has; asks until there is one."""
        patience = Patience(LEADS_S)
        while True:
            for name in self.members.processes:
                try:
                    value = self.members.value(name, f"comity/{self.group.hex()}/leader")
                except NoMajority:
                    continue
                if value is not None:
                    return value[LEADER_NAME_AT:].decode()
            assert not patience.is_over(), f"no worker leads: {self.words()}"
            time.sleep(0.05)

    def export(self, name):
        """What is on record there now: a list of ExportRecords."""
        stream = self.place / f"{name}.stream"
        stream.unlink(missing_ok=True)
        subprocess.run([self.programs["worker"], "export", "--config", self.config("worker", name), "--to", stream], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=WAIT_S)
        return Record(stream).records
