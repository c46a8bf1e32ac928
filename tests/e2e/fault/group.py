"""The group of workers (comity_sites) that faults befall: etcd is one of its programs, stores are on small disks, and tend() does what a service
manager does. A worker that ended with 1 is started again; one that takes no part any more (2) is not: `out` has its last words.
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

DISK_BYTES, ETCD_DISK_BYTES = 64 << 20, 320 << 20   # etcd makes files of 64 MiB before it needs them
LEADS_S, WAIT_S, STORE_FAILED = 30, 60, 1
LEADER_NAME_AT = 24                                 # in the value of the leader's key: worker/log/sealed.h


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
        """Another program, from here on."""
        if worker is None:
            return
        self.programs["worker"] = worker
        for name in self.names:
            self.kill("worker", name, signal.SIGTERM)
        self.start_all("worker")

    # Programs: etcd, broker, worker

    def start(self, what, name, **more):
        if what == "etcd":
            self.members.start(name)
            return
        try:
            super().start(what, name, has_own_clock=what == "worker", **more)
        except NotStarted as why:
            self.out[name] = str(why)

    def start_all(self, what):
        """Together: one member of etcd alone does not serve."""
        if what == "etcd":
            for name in self.names:
                if name not in self.members.processes:
                    self.members.spawn(name)
            for name in self.names:
                self.members.wait(name)
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
        """Workers that ended with 1; who ended otherwise is `out`."""
        for (what, name), process in list(self.processes.items()):
            status = process.poll()
            if status is None:
                continue
            del self.processes[what, name]
            if (what, status) == ("worker", STORE_FAILED):
                self.restarts += 1
                self.start(what, name)
            else:
                self.out[name] = f"{what} at {name} ended with {status}: {self.last_words(what, name)}"

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
