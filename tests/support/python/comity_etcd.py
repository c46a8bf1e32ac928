"""Members of etcd on hosts of a ground (comity_net), with TLS, as Comity runs them.

    with Members(net, ["north", "south", "east"]) as members:
        members.put("north", "key", "value"); members.get("south", "key")
        net.hosts["north"].stop(members.processes["north"]); members.kill("east"); members.start("east")

put() and get() go to one member, past every line that is cut: over its JSON gateway, from the test's own place. NoMajority: no answer in
time, or one that says so. What a member's clients on other hosts use is members.endpoint(name), with ca.pem, client.pem and client.key
in members.directory.

remove("east", "north") takes one out for good by another's leave, add("east", "north") puts one in its place, or a further one, and
forced("east") makes a cluster of one of what is left of it: as docs/operations.md has it.

With @disk_bytes each has a small disk of its own for its data, members.disks[name], where the ground has such disks for programs in Go.
"""

import base64
import json
import pathlib
import random
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request

from comity_patience import Patience

CERTIFICATES = pathlib.Path(__file__).resolve().parents[1] / "etcd_certificates"
SERVES_S, ANSWER_S = 120, 3


class NoMajority(Exception):
    pass


def free_port():
    """Below those that the kernel gives to who connects."""
    while True:
        port = random.randint(10240, 32000)
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


def encoded(text):
    return base64.b64encode(text.encode()).decode()


class Members:
    def __init__(self, net, names, disk_bytes=0):
        self.net, self.names, self.processes, self.disks = net, list(names), {}, {}
        self.added = set()   # to a cluster that was there
        self.directory = net.directory / "etcd"
        self.ports = {name: (free_port(), free_port()) for name in names}   # for clients, for other members
        self.directory.mkdir()
        if disk_bytes and net.kind == "namespaces":
            self.disks = {name: net.hosts[name].give_disk(disk_bytes, "etcd") for name in names}
        subprocess.run([CERTIFICATES, self.directory, *sorted({host.address for host in net.hosts.values()})], check=True,
                       stdin=subprocess.DEVNULL)
        self.trust = ssl.create_default_context(cafile=self.directory / "ca.pem")
        self.trust.load_cert_chain(self.directory / "client.pem", self.directory / "client.key")

    def __enter__(self):
        self.start_all()
        return self

    def start_all(self):
        """At once: a member waits for the others."""
        for name in self.names:
            self.spawn(name)
        for name in self.names:
            self.wait(name)

    def __exit__(self, *_):
        for name in list(self.processes):
            self.kill(name)

    def data(self, name):
        return self.disks[name].path / "data" if name in self.disks else self.directory / name

    def endpoint(self, name):
        return "https://" + self.net.hosts[name].public(self.ports[name][0])

    def peer(self, name):
        return "https://" + self.net.hosts[name].public(self.ports[name][1])

    def spawn(self, name, environment=None):
        host, (client, peer), keys = self.net.hosts[name], self.ports[name], self.directory
        cluster = ",".join(f"{other}={self.peer(other)}" for other in self.names)
        state = "existing" if name in self.added else "new"
        self.processes[name] = host.start([
            "etcd", f"--name={name}", f"--data-dir={self.data(name)}", f"--initial-cluster={cluster}", "--initial-cluster-token=comity",
            f"--initial-cluster-state={state}",
            f"--listen-client-urls=https://{host.address}:{client}", f"--advertise-client-urls={self.endpoint(name)}",
            f"--listen-peer-urls=https://{host.address}:{peer}", f"--initial-advertise-peer-urls={self.peer(name)}",
            "--client-cert-auth", f"--trusted-ca-file={keys}/ca.pem", f"--cert-file={keys}/member.pem", f"--key-file={keys}/member.key",
            "--peer-client-cert-auth", f"--peer-trusted-ca-file={keys}/ca.pem", f"--peer-cert-file={keys}/member.pem",
            f"--peer-key-file={keys}/member.key", "--snapshot-count=1000", "--pre-vote=true", "--logger=zap",
            f"--quota-backend-bytes={2 << 30}"], keys / f"{name}.log", environment)

    def wait(self, name):
        """Until it serves: it knows a leader and reads."""
        process = self.processes[name]
        try:
            self.patiently(lambda: self.get(name, "serves"), lambda _: process.poll() is None)
        except NoMajority as why:
            words = (self.directory / f"{name}.log").read_text(errors="replace")[-1000:]
            raise AssertionError(f"etcd on {name} {'does not serve' if process.poll() is None else 'has ended'}: {why}: {words}") from why

    def start(self, name):
        """Again, with the data it has; returns when it serves."""
        self.spawn(name)
        self.wait(name)

    def kill(self, name, number=signal.SIGKILL):
        self.net.hosts[name].end(self.processes.pop(name), number)

    # Who is a member

    def lose(self, name):
        """Its data, for good; it is ended if it runs."""
        if name in self.processes:
            self.kill(name)
        shutil.rmtree(self.data(name))

    def remove(self, name, by):
        """Out of the cluster; if it runs, it ends by itself."""
        self.change(by, "remove", ID=self.numbers(by)[name])
        self.names.remove(name)
        if name in self.processes:
            self.processes.pop(name).wait(SERVES_S)

    def add(self, name, by):
        """A member without data, and start it."""
        self.ports.setdefault(name, (free_port(), free_port()))
        self.change(by, "add", peerURLs=[self.peer(name)])
        self.names.append(name)
        self.added.add(name)
        self.start(name)

    def change(self, by, what, **body):
        """Refused until the members have been in touch for 5 s."""
        return self.patiently(lambda: self.ask(by, f"cluster/member/{what}", **body), lambda why: "unhealthy cluster" in str(why))

    def forced(self, name):
        """The others are lost: it goes on alone with what it has, and then as ever."""
        self.spawn(name, {"ETCD_FORCE_NEW_CLUSTER": "true"})
        self.wait(name)
        self.kill(name, signal.SIGTERM)
        self.names = [name]
        self.start(name)

    def ask(self, name, path, **body):
        address = f"https://{self.net.hosts[name].address}:{self.ports[name][0]}/v3/{path}"
        request = urllib.request.Request(address, json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_S, context=self.trust) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise NoMajority(f"{error}: {error.read().decode(errors='replace')}") from error
        except OSError as error:   # urllib's own are some
            raise NoMajority(str(error)) from error

    def put(self, name, key, value):
        self.ask(name, "kv/put", key=encoded(key), value=encoded(value))

    def get(self, name, key, is_own_word=False):
        """The value, None where there is none. @is_own_word: what this member has, without asking the others."""
        value = self.value(name, key, is_own_word)
        return None if value is None else value.decode()

    def value(self, name, key, is_own_word=False):
        """The same, in bytes."""
        found = self.ask(name, "kv/range", key=encoded(key), serializable=is_own_word).get("kvs", [])
        return base64.b64decode(found[0].get("value", "")) if found else None

    def leader(self, name):
        """Who leads, by the word of @name; None: nobody, or one whom it cannot name."""
        leader = self.ask(name, "maintenance/status").get("leader", "0")
        return next((other for other, number in self.numbers(name).items() if number == leader), None)

    def numbers(self, name):
        """The cluster's, of each member."""
        return {member.get("name"): member["ID"] for member in self.ask(name, "cluster/member/list")["members"]}

    def delete_prefix(self, name, prefix, first=""):
        """Those with a @prefix, which ends with a slash, from @first on."""
        self.ask(name, "kv/deleterange", key=encoded(prefix + first), range_end=encoded(prefix[:-1] + "0"))

    def patiently(self, call, may_pass=lambda why: True):
        """What call() gives; again while a member does not answer in time, or says what may_pass() takes for passing."""
        patience = Patience(SERVES_S)
        while True:
            try:
                return call()
            except NoMajority as why:
                if not may_pass(why) or patience.is_over():
                    raise
                time.sleep(0.05)

    def hand_over(self, other):
        """From whoever leads. It may be done, too, where that is not said in time."""
        def once():
            leader = self.leader(other)
            if leader is None:
                raise NoMajority("nobody leads")
            if leader != other:
                self.ask(leader, "maintenance/transfer-leadership", targetID=self.numbers(leader)[other])
        self.patiently(once)
