#!/usr/bin/python3
"""The ground of the fault tests itself: what a cut cuts, what it leaves, and that nothing is left of it when the test is killed.

usage: ground.py [--faults LIBRARY] [--hold]     (--hold: for its own last test)
"""

import argparse
import errno
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support" / "python"))

from comity_net import network_or_processes  # noqa: E402
from comity_patience import until  # noqa: E402

HERE = pathlib.Path(__file__).resolve()
TALK = HERE.with_name("talk.py")
GROUND, FAULTS = None, None
WAIT_S, SOME = 20, 5   # lines: as many as TCP sends without hearing of them


class Pair:
    """@one connects to @other; how many lines each end has heard."""

    def __init__(self, net, one, other):
        self.net, self.files = net, {name: net.directory / f"{one}-{other}-{name}" for name in (one, other)}
        port, log = net.directory / f"{one}-{other}-port", net.directory / "log"
        here, there = net.hosts[one], net.hosts[other]
        self.listener = there.start([sys.executable, "-BIS", TALK, "listen", there.address, port, self.files[other]], log)
        until(port.exists, "a port")
        self.caller = here.start([sys.executable, "-BIS", TALK, "connect", there.public(port.read_text()), self.files[one]], log)

    def heard(self, name):
        return int(self.files[name].read_text()) if self.files[name].exists() else 0

    def hears(self, name, lines=SOME):
        before = self.heard(name)
        until(lambda: self.heard(name) >= before + lines, f"{name} hears something")

    def hear(self):
        for name in self.files:
            self.hears(name)


class Lines(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="comity-ground-")))
        GROUND.faults = FAULTS
        self.net = self.enterContext(GROUND(["a", "b", "c"], self.directory))

    def pairs(self):
        found = {both: Pair(self.net, *both) for both in ("ab", "ac", "bc")}
        for pair in found.values():
            pair.hear()
        return found

    def silent_while(self, pair, name, other):
        """@name hears nothing while @other(), which is what others hear, goes on."""
        other()   # what was under way has arrived
        before = pair.heard(name)
        other()
        self.assertEqual(pair.heard(name), before)

    def test_a_cut_is_whole_and_heals(self):
        pairs = self.pairs()
        self.net.cut("a")
        for both in ("ab", "ac"):
            for name in both:
                self.silent_while(pairs[both], name, pairs["bc"].hear)
        self.net.heal()
        for pair in pairs.values():
            pair.hear()

    def test_a_partial_cut(self):
        pairs = self.pairs()
        self.net.cut("a", "b")
        for name in "ab":
            self.silent_while(pairs["ab"], name, lambda: [pairs["ac"].hear(), pairs["bc"].hear()])
        self.net.heal("b", "a")
        pairs["ab"].hear()

    def one_way(self, one, other):
        """TCP goes on the other way for as long as it needs no answer."""
        pairs = self.pairs()
        self.net.cut(one, other, one_way=True)
        pairs["ab"].hears(one)
        self.silent_while(pairs["ab"], other, pairs["bc"].hear)
        self.net.heal(one)
        pairs["ab"].hear()

    def test_a_cut_of_what_the_caller_sends(self):
        self.one_way("a", "b")

    def test_a_cut_of_what_the_caller_hears(self):
        self.one_way("b", "a")

    def test_a_loss_delays_and_loses_nothing_for_good(self):
        pairs = self.pairs()
        self.net.lose("a", "b", 700)
        marks = {both: pair.heard(both[0]) for both, pair in pairs.items()}
        pairs["bc"].hears("b", 100)
        self.assertLess(pairs["ab"].heard("a") - marks["ab"], pairs["bc"].heard("b") - marks["bc"])
        self.net.heal()
        pairs["ab"].hear()

    def test_an_unknown_host(self):
        with self.assertRaises(ValueError):
            self.net.cut("a", "d")

    def test_a_new_connection_is_cut_too(self):
        self.net.cut("a", "b")
        pair, other = Pair(self.net, "a", "b"), Pair(self.net, "b", "c")
        other.hear()
        self.assertEqual((pair.heard("a"), pair.heard("b")), (0, 0))
        self.net.heal()
        pair.hear()

    def test_stopped_and_ended(self):
        pair, other = Pair(self.net, "a", "b"), Pair(self.net, "b", "c")
        pair.hear()
        other.hear()
        host = self.net.hosts["a"]
        self.assertEqual(pathlib.Path(f"/proc/{pair.caller.pid}/cmdline").read_bytes().split(b"\0")[0], sys.executable.encode())
        host.stop(pair.caller)
        self.silent_while(pair, "a", other.hear)
        host.go_on(pair.caller)
        pair.hear()
        host.stop(pair.caller)
        self.assertEqual(host.end(pair.caller), -signal.SIGKILL)

    def test_a_clock_that_jumps(self):
        host, told = self.net.hosts["a"], self.directory / "told"
        program = "import select, time\nwhile True:\n print(int(time.time()), int(time.monotonic()), flush=True)\n select.select([], [], [], 0.01)"
        host.start([sys.executable, "-ISc", program], told, has_own_clock=True)

        def last():
            lines = told.read_text().split("\n")[:-1] if told.exists() else []
            return [int(word) for word in lines[-1].split()] if lines else [0, 0]

        for ahead_s in (0, 3 * 365 * 86400, -3600, 0):
            host.set_clock(ahead_s)
            until(lambda: abs(last()[0] - time.time() - ahead_s) < 100, f"a clock {ahead_s} s ahead")
            self.assertLess(abs(last()[1] - time.monotonic()), 100)

    def test_a_disk_that_gets_full(self):
        host = self.net.hosts["a"]
        disk = host.give_disk(1 << 20)
        program = "import ctypes, os, sys\nfile = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)\n" \
                  "sys.exit(ctypes.CDLL(None).posix_fallocate(file, ctypes.c_long(0), ctypes.c_long(int(sys.argv[2]))))"

        def takes(size):
            process = host.start([sys.executable, "-ISc", program, disk.path / "data.mdb", str(size)], self.directory / "log")
            return process.wait(WAIT_S)

        self.assertEqual(takes(1000), 0)
        disk.fill()
        self.assertEqual(takes(100000), errno.ENOSPC)
        disk.clear()
        self.assertEqual(takes(100000), 0)


class Killed(unittest.TestCase):
    def test_nothing_is_left(self):
        """Another one of these is killed -9 while it holds a network and processes. It is a process's name that is looked for, of
        this test's own making."""
        mark = f"held-by-{os.getpid()}-{time.monotonic_ns()}"
        environment = {name: value for name, value in os.environ.items() if name != "COMITY_INSIDE_NAMESPACES"}
        with subprocess.Popen([sys.executable, "-B", HERE, "--hold", mark], stdout=subprocess.PIPE, text=True, env=environment) as holder:
            try:
                self.assertIn("holds\n", iter(holder.stdout.readline, ""))
                until(lambda: len(running(mark)) >= 2, "the holder, and what it has started")
            finally:
                holder.kill()
        until(lambda: not running(mark), f"the end of {running(mark)}")


def running(mark):
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                found.append(int(path.parent.name))
        except OSError:
            pass
    return found


def hold(mark):
    with tempfile.TemporaryDirectory() as directory, GROUND(["a", "b"], directory) as net:
        for host in net.hosts.values():
            host.start([sys.executable, "-ISc", "import signal; signal.pause()", mark], "/dev/null")
        print("holds", flush=True)
        signal.pause()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--faults", type=pathlib.Path)
    parser.add_argument("--hold")
    arguments = parser.parse_args()
    GROUND, FAULTS = network_or_processes(), arguments.faults
    if arguments.hold:
        hold(arguments.hold)
    print(f"ground: {GROUND.kind}", flush=True)
    unittest.main(argv=sys.argv[:1], verbosity=2)
