"""Hosts for fault tests: a network of its own, made by the test, with lines that can be cut, and what else befalls machines.

    ground = network_or_processes()              # at the very start of main(): it may run the script anew, inside
    with ground(["desk", "mill", "north"], directory) as net:
        mill = net.hosts["mill"]
        worker = mill.start([...], log)          # a Popen: its pid is the program's
        net.cut("mill", "desk"); net.cut("mill", one_way=True); net.lose("north", "desk", 100); net.heal()
        mill.stop(worker); mill.go_on(worker); mill.end(worker)
        mill.set_clock(-3600); mill.disk.fill(); mill.disk.clear()

There are two grounds, with the same operations.

Namespaces: each host is a network namespace with a veth to a bridge (10.77.0.1, 10.77.0.2, ...), and lines are rules of nftables on
that bridge. All of it, the bridge too, is inside namespaces of networks, mounts and processes in which the whole test runs (a
user namespace besides, where the test is not root's). Nothing of the machine's network is touched, and when the test ends, by
kill -9 too, the kernel takes everything with it. The test's own process sits on the bridge, and no cut is between it and anybody.

Processes: where namespaces are not permitted. Hosts are addresses of loopback; what listens is reached through a relay
(comity_relay), which knows by whose process a connection was begun. A cut line is one where nothing arrives any more; a loss is a
wait, as a lost packet is to TCP. A full disk needs the library `worker-faults`. Everything ends with the test's process.

What listens on a host, binds to host.address; others reach it at host.public(port).
Clocks are faked by libfaketime: Unix time alone, of programs in C. Programs in Go (etcd) do not see it.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys

import comity_relay
from comity_aloud import shout
from comity_patience import until
from comity_processes import run_beside

FAKETIME = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
INSIDE = "COMITY_INSIDE_NAMESPACES"
ALL, WAIT_S = 1000, 60   # per mille of a line that is cut; how long a program of this module may take
NETWORK = "10.77.0."
UNSHARE = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]

# What a ground needs of the machine, tried before a test relies on it. Ends with 0 or says why not.
PROBE = """
ip link add name switch type bridge
ip link add name one type veth peer name two
ip link set one master switch
unshare --net true
mount -t tmpfs tmpfs /dev/shm
nft -f - <<'END'
table bridge comity {
  chain lines {
    type filter hook forward priority 0
    iifname "one" numgen random mod 1000 < 1 drop
  }
}
END
"""


def unshare_command():
    return UNSHARE + ([] if os.getuid() == 0 else ["--user", "--map-root-user"])


def why_not():
    """Why namespaces cannot be used here, in a sentence; None: they can."""
    missing = [name for name in ("unshare", "nsenter", "ip", "nft", "mount") if not shutil.which(name)]
    if missing:
        return f"there is no program {', '.join(missing)} (./deploy/install-packages --test)"
    tried = subprocess.run([*unshare_command(), "sh", "-ec", PROBE], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return None if tried.returncode == 0 else "; ".join(tried.stderr.split("\n")).strip("; ") or f"unshare ended with {tried.returncode}"


def network_or_processes():
    """The class of the ground to stand on. Where namespaces are permitted, this script is run anew inside them. Where they are not, that is
    shouted; not where somebody chose so."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"   # where ip and nft are, and not every user looks
    if os.environ.pop(INSIDE, None) == "1":
        enter()
        return Namespaces
    if os.environ.get("COMITY_NO_NAMESPACES") == "1":
        print("no network of its own, as COMITY_NO_NAMESPACES=1 has it", flush=True)
        return Processes
    reason = why_not()
    if reason is None:
        sys.stdout.flush()
        os.environ[INSIDE] = "1"
        os.execvp("unshare", [*unshare_command(), sys.executable, "-B", *sys.argv])
    shout(f"NO NETWORK OF ITS OWN: {reason}.",
          "The same test runs with processes on loopback and a relay that cuts. No packet is lost in it.")
    return Processes


def enter():
    """Once, inside: the first process of its namespaces."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    run("mount", "-t", "tmpfs", "tmpfs", "/dev/shm")   # libfaketime keeps something there a process
    run("ip", "-batch", "-", text="link set lo up\nlink add name switch type bridge\nlink set switch up\n"
        f"address add {NETWORK}254/24 dev switch\n")


def run(*command, text=None):
    done = subprocess.run(command, input=text, stdin=subprocess.DEVNULL if text is None else None, capture_output=True, text=True,
                          timeout=WAIT_S)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


# Lines: {(from, to): how many per mille of what goes that way are lost} -----------------------------------------------

def changed(lines, hosts, one, other, per_mille, one_way=False):
    """The lines after a change of those from @one to @other (None: to each), and, unless @one_way, back."""
    result = dict(lines)
    for name in hosts:
        if name == one or other not in (None, name):
            continue
        for line in [(one, name)] + ([] if one_way else [(name, one)]):
            result[line] = per_mille
    return {line: share for line, share in result.items() if share > 0}


def rules(lines, ports):
    """The whole table for nft -f. @ports: host -> name of its port on the bridge."""
    text = "table bridge comity\ndelete table bridge comity\ntable bridge comity {\n  chain lines {\n" \
           "    type filter hook forward priority 0\n"
    for (one, other), share in sorted(lines.items()):
        chance = "" if share >= ALL else f"numgen random mod {ALL} < {share} "
        text += f'    iifname "{ports[one]}" oifname "{ports[other]}" {chance}drop\n'
    return text + "  }\n}\n"


# Hosts ----------------------------------------------------------------------------------------------------------------

class Disk:
    """A small disk, which gets full when it is told to. `environment` goes to who writes on it."""

    environment = {}

    def __init__(self, path, size_bytes):
        path.mkdir(parents=True)
        self.path, self.ballast = path, path / "ballast"
        run("mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", path)

    def fill(self):
        with open(self.ballast, "ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12):
                try:
                    while True:
                        os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
                except OSError:
                    pass

    def clear(self):
        self.ballast.unlink(missing_ok=True)

    def close(self):
        run("umount", "--lazy", self.path)


class PlayedDisk(Disk):
    """The same without a mount: `worker-faults` (tests/e2e/worker/faults.c) refuses room for a store."""

    def __init__(self, path, library):
        path.mkdir(parents=True)
        self.path, self.ballast = path, path.with_name(path.name + ".full")
        self.library = library
        self.environment = {"LD_PRELOAD": str(library), "COMITY_FAULT_FULL": str(self.ballast)} if library else {}

    def fill(self):
        if self.library is None:
            raise RuntimeError("without a network of its own, a full disk needs the library worker-faults")
        self.ballast.touch()

    def close(self):
        pass


class Host:
    """`address`: what to bind to. Everything started here is ended with the ground."""

    def __init__(self, ground, name, address):
        self.ground, self.name, self.address = ground, name, address
        self.processes, self.disk, self.disks = [], None, []
        self.clock = ground.directory / f"{name}.clock"
        self.set_clock(0)

    def start(self, command, log, environment=None, has_own_clock=False):
        """A Popen whose pid is the program's. @log: a file to which its output is added. @has_own_clock: set_clock() is felt."""
        values = dict(environment or {})
        preload = [values.pop("LD_PRELOAD", "")]
        if self.disk is not None:
            preload.append(self.disk.environment.get("LD_PRELOAD", ""))
            values.update({name: value for name, value in self.disk.environment.items() if name != "LD_PRELOAD"})
        if has_own_clock:
            assert FAKETIME is not None, "there is no libfaketime (./deploy/install-packages --test)"
            preload.append(str(FAKETIME))
            values.update({"FAKETIME_TIMESTAMP_FILE": str(self.clock), "FAKETIME_NO_CACHE": "1", "NO_FAKE_STAT": "1",
                           "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"})
        if any(preload):
            # A sanitizer's library wants to be the first one otherwise.
            values.update({"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"})
            # Not for what execs the program.
            command = ["env", "LD_PRELOAD=" + ":".join(filter(None, preload)), *map(str, command)]
        process = run_beside([*self.ground.inside(self), *map(str, command)], log, values)
        self.processes.append(process)
        return process

    def end(self, process, number=signal.SIGKILL):
        """End it and wait for its end, also if it is stopped. Its exit status."""
        if process.poll() is None:
            process.send_signal(number)
            process.send_signal(signal.SIGCONT)
        status = process.wait(WAIT_S)
        self.processes = [other for other in self.processes if other is not process]
        return status

    def stop(self, process):
        """SIGSTOP, and it stands."""
        process.send_signal(signal.SIGSTOP)
        until(lambda: pathlib.Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T", f"{process.pid} stands", WAIT_S)

    def go_on(self, process):
        process.send_signal(signal.SIGCONT)

    def set_clock(self, ahead_s):
        """At once, as a clock is set: nobody reads half of it."""
        beside = self.clock.with_suffix(".new")
        beside.write_text(f"{ahead_s:+d}\n")
        beside.rename(self.clock)

    def give_disk(self, size_bytes, name=None):
        """Without a @name: the one that programs in C write on."""
        disk = self.ground.new_disk(self.ground.directory / f"{self.name}.{name or 'disk'}", size_bytes)
        self.disks.append(disk)
        if name is None:
            self.disk = disk
        return disk

    def public(self, port):
        """"ADDRESS:PORT", at which others reach what listens at `address` and this port."""
        return self.ground.reach(self, port)


class Ground:
    """What both have. @directory: exists, and stays the caller's."""

    def __init__(self, names, directory):
        assert len(names) < 250 and len(set(names)) == len(names)
        self.directory, self.lines, self.hosts = pathlib.Path(directory), {}, {}
        self.names = list(names)

    def __enter__(self):
        try:
            self.open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for host in self.hosts.values():
            for process in list(host.processes):
                host.end(process)
            for disk in host.disks:
                disk.close()
        self.close()

    def cut(self, one, other=None, one_way=False):
        """Nothing gets through between @one and @other (None: everybody). @one_way: from @one; what comes back does."""
        self.change(one, other, ALL, one_way)

    def lose(self, one, other=None, per_mille=100, one_way=False):
        self.change(one, other, per_mille, one_way)

    def heal(self, one=None, other=None):
        """All lines, those of @one, or those between two."""
        if one is None:
            self.lines = {}
            self.apply()
        else:
            self.change(one, other, 0, False)

    def change(self, one, other, per_mille, one_way):
        unknown = {one, other} - {None, *self.hosts}
        if unknown:
            raise ValueError(f"no such host: {unknown}")
        self.lines = changed(self.lines, self.hosts, one, other, per_mille, one_way)
        self.apply()


class Namespaces(Ground):
    kind = "namespaces"

    def open(self):
        self.holders, self.ports = {}, {}
        for number, name in enumerate(self.names, start=1):
            self.hosts[name] = Host(self, name, f"{NETWORK}{number}")
            self.plug(name, f"host{number}")
        self.apply()

    def plug(self, name, port):
        """A namespace that lasts as long as a process does, on the bridge."""
        holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; exec sleep infinity"], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE)
        self.holders[name], self.ports[name] = holder, port
        holder.stdout.readline()
        run("ip", "-batch", "-", text=f"link add {port} type veth peer name line netns {holder.pid}\nlink set {port} master switch up\n")
        run(*self.inside(self.hosts[name]), "ip", "-batch", "-",
            text=f"link set lo up\nlink set line up\naddress add {self.hosts[name].address}/24 dev line\n")

    def close(self):
        for port in self.ports.values():   # else it goes with its namespace, a while later
            subprocess.run(["ip", "link", "delete", port], stderr=subprocess.DEVNULL, timeout=WAIT_S)
        for holder in self.holders.values():
            holder.kill()
            holder.wait()
            holder.stdout.close()

    def inside(self, host):
        return ["nsenter", "--net", "--target", str(self.holders[host.name].pid)]

    def apply(self):
        run("nft", "-f", "-", text=rules(self.lines, self.ports))

    def reach(self, host, port):
        return f"{host.address}:{port}"

    def new_disk(self, path, size_bytes):
        return Disk(path, size_bytes)


class Processes(Ground):
    kind = "processes"
    faults = None   # the library worker-faults, for full disks

    def open(self):
        self.relay = comity_relay.Relay(self.host_of)
        for name in self.names:
            self.hosts[name] = Host(self, name, "127.0.0.1")

    def close(self):
        self.relay.close()

    def inside(self, host):
        """It ends with the thread that started it; at once, if that has ended in between."""
        return ["setpriv", "--pdeathsig", "KILL", "sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"', str(os.getpid())]

    def apply(self):
        self.relay.set_lines({line: share / ALL for line, share in self.lines.items()})

    def host_of(self, pid):
        """Whose process it is; None: nobody's here."""
        return next((host.name for host in self.hosts.values() if pid in [process.pid for process in host.processes]), None)

    def pids(self):
        return [process.pid for host in self.hosts.values() for process in host.processes]

    def reach(self, host, port):
        return f"127.0.0.1:{self.relay.door(host.name, int(port), self.pids)}"

    def new_disk(self, path, size_bytes):
        return PlayedDisk(path, self.faults)
