"""Several sites of one group: at each an etcd member, a broker and a worker, all workers attached to all brokers.

    with Loopback(directory, ["north", "south", "east"]) as net, Sites(build, net) as sites:      # all on this machine
    with ground(["north", ...], directory) as net, Sites(build, net) as sites:                    # hosts of comity_net
        with sites.wire("north") as wire: ...
        sites.kill("worker", "north"); sites.start("worker", "north"); sites.leader()

The log is begun by the first site; the others take a copy (comity-worker begin, join). Everything started is ended by pid.
"""

import secrets
import shlex
import signal
import subprocess
import time
from pathlib import Path

from comity_etcd import Members
from comity_installation import (BROKER_HEARTBEAT_MS, SILENCE_MS, UNLIMITED, UNLIMITED_FRAMES, WORKER_HEARTBEAT_MS, NotStarted,
                                 write_connection_key, write_secret, write_signing_seed)
from comity_patience import Patience
from comity_processes import run_beside
from comity_wire import Wire, group_id

START_S, LEAD_S = 120, 90


class LoopbackHost:
    address = "127.0.0.1"

    def public(self, port):
        return f"{self.address}:{port}"

    def start(self, command, log, environment=None, has_own_clock=False):
        return run_beside(command, log, environment)

    def end(self, process, number=signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
        try:
            return process.wait(START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise


class Loopback:
    """A ground without lines that can be cut: what listens is reached as it is."""

    def __init__(self, directory, names):
        self.directory = Path(directory)
        self.hosts = {name: LoopbackHost() for name in names}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Sites:
    def __init__(self, build, net, names=None, worker=None, settings="", log=None, start=True, etcd_disk_bytes=0, beside=None,
                 silence_ms=SILENCE_MS):
        """@beside: another group's, whose members of etcd and log key these have too."""
        build = Path(build).resolve()
        self.net, self.names, self.will_start = net, list(names or net.hosts), start
        self.silence_ms = silence_ms
        self.programs = {"broker": build / "comity-broker", "worker": Path(worker or build / "comity-worker")}
        self.endpoints = []                     # members of etcd that workers' files name; none: all
        self.workers = {}                       # another program at a site
        self.list_number = 0                    # of the list of brokers that the workers tell clients; 0: they have none
        self.known_to = {}                      # workers that a site's broker lets in; none named: all
        self.directory = net.directory / "sites"
        self.directory.mkdir()
        self.settings, self.log_settings = settings, dict(log or {})    # more of [worker] and what follows; more of [log]
        self.processes, self.fronts, self.backs = {}, {}, {}
        self.token = secrets.token_hex(16)
        write_secret(self.directory / "token", self.token + "\n")
        self.group_key = write_connection_key(self.directory / "group.key")
        self.group = group_id(self.group_key)
        self.log_key = beside.log_key if beside else write_signing_seed(self.directory / "log.seed")
        if beside:
            write_secret(self.directory / "log.seed", (beside.directory / "log.seed").read_text())
        self.broker_keys, self.worker_keys = {}, {}
        for name in self.names:
            self.add_keys(name)
        self.has_members = not beside
        self.members = beside.members if beside else Members(net, self.names, etcd_disk_bytes)

    def add_keys(self, name):
        """Its own; others than before, if it had some."""
        (self.directory / name).mkdir(exist_ok=True)
        self.broker_keys[name] = write_connection_key(self.directory / name / "broker.key")
        self.worker_keys[name] = write_connection_key(self.directory / name / "worker.key")

    # Files

    def data(self, name):
        return self.directory / name / "data"

    def config(self, what, name):
        return self.directory / name / f"{what}.ini"

    def log(self, what, name):
        return self.directory / name / f"{what}.log"

    def write_broker(self, name):
        at, host = self.directory / name, self.net.hosts[name]
        front, back = (ports.get(name, f"tcp://{host.address}:*") for ports in (self.fronts, self.backs))
        workers = "".join(f"[worker {other}]\nkey = {key.hex()}\ngroup = {self.group.hex()}\n"
                          for other, key in self.worker_keys.items() if other in self.known_to.get(name, self.worker_keys))
        self.config("broker", name).write_text(
            f"[broker]\nfront = {front}\nback = {back}\nkey_file = {at}/broker.key\nready_file = {at}/broker.ready\n"
            f"heartbeat_ms = {BROKER_HEARTBEAT_MS}\nheartbeats = {self.silence_ms // BROKER_HEARTBEAT_MS}\n{UNLIMITED_FRAMES}\n{workers}")

    def reach(self, endpoint, name):
        return "tcp://" + self.net.hosts[name].public(endpoint.rpartition(":")[2])

    def brokers(self, first=None):
        """Endpoint and key of each front, the own site's first."""
        names = sorted(self.fronts, key=lambda name: name != first)
        return [(self.reach(self.fronts[name], name), self.broker_keys[name]) for name in names]

    def write_worker(self, name, **log):
        at, keys = self.directory / name, self.members.directory
        own_first = sorted(self.endpoints or self.members.names, key=lambda other: (other != name, other))   # the same whoever came when
        log = {"kind": "etcd", "name": name, "ca": keys / "ca.pem", "certificate": keys / "client.pem", "key": keys / "client.key",
               "endpoint": [self.members.endpoint(other) for other in own_first], **self.log_settings, **log}
        lines = "".join(f"{key} = {value}\n" for key, values in log.items() for value in (values if isinstance(values, list) else [values]))
        brokers = "".join(f"[broker {other}]\nendpoint = {self.reach(back, other)}\nkey = {self.broker_keys[other].hex()}\n"
                          for other, back in self.backs.items())
        if self.list_number:
            brokers += f"[sites]\nnumber = {self.list_number}\n" + "".join(
                f"[site {other}]\nendpoint = {self.reach(front, other)}\nkey = {self.broker_keys[other].hex()}\n"
                for other, front in self.fronts.items())
        self.config("worker", name).write_text(
            f"[worker]\ndata = {self.data(name)}\nconnection_key = {at}/worker.key\ngroup_key = {self.directory}/group.key\n"
            f"log_key = {self.directory}/log.seed\nfounding = token\nfounding_token_file = {self.directory}/token\n"
            f"ready_file = {at}/worker.ready\nheartbeat_ms = {WORKER_HEARTBEAT_MS}\nsilence_ms = {self.silence_ms}\n"
            f"{UNLIMITED}{self.settings}\n[log]\n{lines}{brokers}")

    # Life

    def __enter__(self):
        try:
            if self.has_members:
                self.members.__enter__()
            for name in self.names:
                self.start("broker", name)
            if self.will_start:
                self.begin()
                self.leader()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for what, name in list(self.processes):
            self.kill(what, name)
        if self.has_members:
            self.members.__exit__()

    def begin(self):
        """The first site begins the log, and then all are started; each of the others with a copy."""
        first, *others = self.names
        self.run(first, "begin")
        self.start("worker", first)
        self.leader()
        for name in others:
            self.join(name)
            self.start("worker", name)

    def join(self, name, broker=None):
        endpoint, key = self.brokers(broker or name)[0]
        return self.run(name, "join", "--broker", endpoint, "--broker-key", key.hex())

    def run(self, name, verb, *arguments, expect=0):
        """A verb of comity-worker, at its site; what it said. @expect: its exit code, or those that it may be."""
        self.write_worker(name)
        said = self.directory / name / f"{verb}.said"
        said.unlink(missing_ok=True)
        process = self.net.hosts[name].start([self.program(name), verb, "--config", self.config("worker", name), *arguments], said)
        try:
            code = process.wait(START_S)
        except subprocess.TimeoutExpired:
            self.net.hosts[name].end(process)
            raise
        text = said.read_text(errors="replace")
        assert code in (expect if isinstance(expect, tuple) else (expect,)), f"comity-worker {verb} at {name} ended with {code}: {text}"
        return text

    def program(self, name):
        return self.workers.get(name, self.programs["worker"])

    def start(self, what, name, environment=None, arguments=(), has_own_clock=False, is_awaited=True):
        """Start and wait until it is ready, unless it is to serve nobody; NotStarted with its last words if it ends instead."""
        assert (what, name) not in self.processes
        self.write_broker(name) if what == "broker" else self.write_worker(name)
        ready = self.directory / name / f"{what}.ready"
        ready.unlink(missing_ok=True)
        program = self.program(name) if what == "worker" else self.programs[what]
        process = self.net.hosts[name].start([program, "--config", self.config(what, name), *arguments], self.log(what, name),
                                             environment, has_own_clock)
        self.processes[what, name] = process
        patience = Patience(START_S)
        while is_awaited and not ready.exists():
            if process.poll() is not None:
                del self.processes[what, name]
                raise NotStarted(f"{what} {name} ended with {process.returncode}: {self.last_words(what, name)}", process.returncode)
            if patience.is_over():
                raise NotStarted(f"{what} {name} is not ready after {START_S} s: {self.last_words(what, name)}")
            time.sleep(0.005)
        if what == "broker":
            ports = dict(line.split(" ", 1) for line in ready.read_text().splitlines() if " " in line)
            self.fronts[name], self.backs[name] = ports["front"], ports["back"]

    def wait_for_end(self, what, name):
        """It ends by itself: its exit status."""
        code = self.processes[what, name].wait(START_S)
        del self.processes[what, name]
        return code

    def last_words(self, what, name):
        return " / ".join(self.log(what, name).read_text(errors="replace").splitlines()[-3:])

    def kill(self, what, name, number=signal.SIGKILL):
        """End it, wait for its end, and return its exit status. Nothing if it does not run."""
        process = self.processes.pop((what, name), None)
        return None if process is None else self.net.hosts[name].end(process, number)

    def stop(self, what, name):
        return self.kill(what, name, signal.SIGTERM)

    def reload(self, name, what="worker"):
        """The worker, or the broker, takes up its configuration, as it is written now."""
        self.write_broker(name) if what == "broker" else self.write_worker(name)
        before = self.log(what, name).read_text(errors="replace").count("event=reloaded")
        self.processes[what, name].send_signal(signal.SIGHUP)
        patience = Patience(START_S)
        while self.log(what, name).read_text(errors="replace").count("event=reloaded") == before:
            assert not patience.is_over(), self.last_words(what, name)
            time.sleep(0.005)

    # What a client needs

    def wire(self, name, **options):
        return Wire(self.reach(self.fronts[name], name), self.broker_keys[name], self.group_key, **options)

    # Who leads

    def said(self, name, event):
        """What a worker's log tells under that name, as dicts."""
        words = (shlex.split(line) for line in self.log("worker", name).read_text(errors="replace").splitlines() if f"event={event} " in line)
        return [dict(word.split("=", 1) for word in line if "=" in word) for line in words]

    def says_that_etcd_is_silent(self, name):
        return len(self.said(name, "etcd_silent")) > len(self.said(name, "etcd_answers"))

    def said_states(self, name):
        """The states of which a worker's log tells since it was started last, as (state, leader, term)."""
        states, reloads = [], 0   # a reload says its settings as well
        for line in self.log("worker", name).read_text(errors="replace").splitlines():
            fields = dict(word.split("=", 1) for word in line.split() if "=" in word)
            reloads += fields.get("event") == "reloaded"
            if fields.get("event") == "settings" and reloads:
                reloads -= 1
            elif fields.get("event") == "settings":
                states = []
            if fields.get("event") in ("leads", "follows", "takes_over"):
                states.append((fields["event"], fields["leader"], int(fields["term"])))
        return states

    def leader(self, besides=(), within_s=LEAD_S):
        """The site whose worker runs and says that it leads, in the highest term."""
        patience = Patience(within_s)
        while True:
            leaders = []
            for what, name in self.processes:
                states = self.said_states(name) if what == "worker" and name not in besides else []
                if states and states[-1][0] == "leads":
                    leaders.append((states[-1][2], name))
            if leaders:
                return max(leaders)[1]
            assert not patience.is_over(), f"nobody leads after {within_s} s"
            time.sleep(0.02)
