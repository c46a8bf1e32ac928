"""What the broker's tests share: frames, keys, a broker process, and peers over real CURVE connections.

Everything waits for a condition with a deadline; ports are the system's choice; every process that was started is
ended with the test. The wire form is written here from docs/protocol.md, independently of the C sources.
"""
import hashlib
import os
import pathlib
import secrets
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import zmq
from nacl.public import PrivateKey
from zmq.utils.monitor import recv_monitor_message

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support" / "python"))

from comity_patience import until  # noqa: E402,F401
from comity_processes import run_beside  # noqa: E402

BROKER = os.environ["COMITY_BROKER"]
CONTROL = os.environ["COMITY_BROKER_CONTROL"]
SOURCE_DIR = os.environ["COMITY_SOURCE_DIR"]
# A sanitizer makes everything slower; deadlines are there to end a hang, not to measure.
DEADLINE = float(os.environ.get("COMITY_TEST_DEADLINE", "60"))

HELLO, WELCOME, READY, HEARTBEAT, REQUEST, REPLY, ERROR, SUBSCRIBE, NEWS, DRAIN, BYE = range(1, 12)
FLAG_BROKER, FLAG_LEAVE = 1, 4
MALFORMED, TOO_LARGE, VERSION, FORBIDDEN, LIMIT = -1, -2, -3, -33, -64
BUSY, NO_ROUTE, EXPIRED, TIMEOUT, WORKER_LOST, DRAINING = -80, -81, -83, -84, -85, -88

HEADER = struct.Struct(">4sBBHQ16s32s16sQhHIQQ")
assert HEADER.size == 112


class Frame:
    FIELDS = dict(type=0, flags=0, request=0, group=bytes(16), history=bytes(32), command_id=bytes(16), sequence=0,
                  error=0, attempt=0, budget=0, term=0, route=0, body=b"", magic=b"CMTY", version=1)

    def __init__(self, type, **fields):
        self.__dict__.update(self.FIELDS, type=type)
        for name, value in fields.items():
            if name not in self.FIELDS:
                raise TypeError(name)
            setattr(self, name, value)

    def pack(self):
        return HEADER.pack(self.magic, self.version, self.type, self.flags, self.request, self.group, self.history,
                           self.command_id, self.sequence, self.error, self.attempt, self.budget, self.term,
                           self.route) + self.body

    @classmethod
    def unpack(cls, data):
        (magic, version, type, flags, request, group, history, command_id, sequence, error, attempt, budget, term,
         route) = HEADER.unpack(data[:112])
        return cls(type, flags=flags, request=request, group=group, history=history, command_id=command_id,
                   sequence=sequence, error=error, attempt=attempt, budget=budget, term=term, route=route,
                   body=data[112:], magic=magic, version=version)

    def __repr__(self):
        return "Frame(type=%d request=%d error=%d sequence=%d budget=%d body=%d bytes)" % (
            self.type, self.request, self.error, self.sequence, self.budget, len(self.body))


def group(name):
    return hashlib.sha256(b"group " + name.encode()).digest()[:16]


def history(name):
    return hashlib.sha256(b"history " + name.encode()).digest()


class Key:
    def __init__(self):
        private = PrivateKey.generate()
        self.secret, self.public = bytes(private), bytes(private.public_key)

    @property
    def hex(self):
        return self.public.hex()


def decode_status(body):
    """BrokerStatus by protoc --decode_raw's betters: the contract itself, compiled for Python."""
    if decode_status.type is None:
        folder = tempfile.mkdtemp(prefix="comity-contract-")
        try:
            proto = os.path.join(SOURCE_DIR, "proto")
            files = ["comity/v1/" + name for name in os.listdir(os.path.join(proto, "comity/v1"))]
            subprocess.run(["protoc", "-I" + proto, "--python_out=" + folder] + files, check=True)
            sys.path.insert(0, folder)
            from comity.v1 import query_pb2
            decode_status.type = query_pb2.BrokerStatus
        finally:
            shutil.rmtree(folder)
    return decode_status.type.FromString(body)


decode_status.type = None


class Peer:
    """A DEALER with a CURVE key."""

    def __init__(self, test, endpoint, server_key, key=None, routing_id=None, options=()):
        self.test, self.key = test, key or Key()
        self.socket = test.context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.immediate = 1
        self.socket.sndhwm = self.socket.rcvhwm = 100000
        self.socket.curve_serverkey = server_key
        self.socket.curve_publickey, self.socket.curve_secretkey = self.key.public, self.key.secret
        for option, value in options:
            self.socket.setsockopt(option, value)
        if routing_id is not None:
            self.socket.routing_id = routing_id
        self.monitor = self.socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL |
            zmq.EVENT_DISCONNECTED)
        self.events = []
        self.socket.connect(endpoint)
        self.requests = 0

    def close(self):
        if not self.socket.closed:
            self.socket.disable_monitor()
            self.monitor.close(0)
            self.socket.close(0)

    def event(self, wanted, deadline=None):
        """Wait for one of the socket's events; the others are kept in `events`."""
        end = time.monotonic() + (deadline or DEADLINE)
        while time.monotonic() < end:
            if self.monitor.poll(50):
                event = recv_monitor_message(self.monitor)
                self.events.append(event["event"])
                if event["event"] in wanted:
                    return event["event"]
        return None

    def connected(self):
        self.test.assertEqual(self.event([zmq.EVENT_HANDSHAKE_SUCCEEDED]), zmq.EVENT_HANDSHAKE_SUCCEEDED,
                              "no connection")
        return self

    def send(self, frame):
        self.send_raw([frame.pack() if isinstance(frame, Frame) else frame])

    def send_raw(self, parts):
        if not self.socket.poll(DEADLINE * 1000, zmq.POLLOUT):
            raise AssertionError("cannot send")
        self.socket.send_multipart(parts)

    def receive(self, deadline=None):
        """The next frame, or None."""
        if not self.socket.poll(int(1000 * (DEADLINE if deadline is None else deadline))):
            return None
        parts = self.socket.recv_multipart()
        self.test.assertEqual(len(parts), 1, "a message of several parts")
        return Frame.unpack(parts[0])

    def expect(self, type=None, skip=(HEARTBEAT,), deadline=None, **fields):
        """The next frame that is not one of `skip`, which has to be this."""
        end = time.monotonic() + (deadline or DEADLINE)
        while True:
            frame = self.receive(max(0, end - time.monotonic()))
            if frame is None:
                raise AssertionError("nothing came; expected type %s %s" % (type, fields))
            # The broker also sends heartbeats of its own, with request 0.
            if frame.type == HEARTBEAT == type and frame.request != fields.get("request", frame.request):
                continue
            if frame.type not in skip or type == frame.type:
                break
        if type is not None:
            self.test.assertEqual(frame.type, type, repr(frame))
        for name, value in fields.items():
            self.test.assertEqual(getattr(frame, name), value, "%s of %r" % (name, frame))
        return frame

    def expect_nothing(self, seconds=0.3, skip=(HEARTBEAT,)):
        """Nothing but `skip` comes; what was skipped is in `drained`."""
        end = time.monotonic() + seconds
        self.drained = []
        while time.monotonic() < end:
            frame = self.receive(max(0, end - time.monotonic()))
            if frame is not None and frame.type not in skip:
                raise AssertionError("unexpected %r" % frame)
            if frame is not None:
                self.drained.append(frame)

    def request(self, to, number=None, budget=20000, body=b"", type=REQUEST, **fields):
        if number is None:
            self.requests += 1
            number = self.requests
        self.send(Frame(type, request=number, group=to, budget=budget, attempt=1, body=body, **fields))
        return number

    def status(self):
        """What the broker tells an operator."""
        self.send(Frame(REQUEST, flags=FLAG_BROKER, request=77, attempt=1))
        return decode_status(self.expect(REPLY, request=77).body)

    def alive(self):
        """A heartbeat there and back: everything that was sent before has been taken up."""
        number = secrets.randbits(63) | 1
        self.send(Frame(HEARTBEAT, request=number))
        end = time.monotonic() + DEADLINE
        kept = []
        while time.monotonic() < end:
            frame = self.receive(max(0, end - time.monotonic()))
            if frame is None:
                break
            if frame.type == HEARTBEAT and frame.request == number:
                return kept
            kept.append(frame)
        raise AssertionError("no heartbeat came back")


class Worker(Peer):
    def ready(self, to, term=1, window=1000):
        self.send(Frame(READY, group=to, term=term, sequence=window))
        # A heartbeat is answered, so that the READY before it has been taken up.
        self.send(Frame(HEARTBEAT, group=to, term=term, sequence=window, request=99))
        self.expect(HEARTBEAT, request=99)
        return self

    def answer(self, request, type=REPLY, body=b"", **fields):
        self.send(Frame(type, request=request.request, group=request.group, history=request.history,
                        command_id=request.command_id, route=request.route, body=body, **fields))


class Echo(threading.Thread):
    """A worker that answers everything with what came, until it is stopped."""

    def __init__(self, worker, on_request=None):
        super().__init__(daemon=True)
        self.worker, self.on_request = worker, on_request
        self.is_ended, self.count = False, 0
        self.start()

    def run(self):
        while not self.is_ended:
            frame = self.worker.receive(0.05)
            if frame is None or frame.type not in (REQUEST, HELLO):
                continue
            self.count += 1
            if self.on_request:
                self.on_request(frame)
            self.worker.answer(frame, type=REPLY if frame.type == REQUEST else WELCOME, body=frame.body)

    def end(self):
        self.is_ended = True
        self.join(DEADLINE)


class Broker:
    """A broker process in a folder of its own."""

    def __init__(self, test, workers=(), settings=None, operators=(), without=(), program=None, start=True,
                 rates=None):
        self.test = test
        self.folder = tempfile.mkdtemp(prefix="comity-broker-")
        self.config = os.path.join(self.folder, "broker.ini")
        self.ready_file = os.path.join(self.folder, "ready")
        self.log_path = os.path.join(self.folder, "log")
        self.without, self.program = without, program or (CONTROL if without else BROKER)
        self.process = None
        self.endpoints = {"front": "tcp://127.0.0.1:*", "back": "tcp://127.0.0.1:*"}
        self.settings = dict(heartbeat_ms=1000, heartbeats=20)
        self.settings.update(settings or {})
        # Tests send faster than people do; those of rates give their own, {} for the presets.
        self.rates = dict(strangers_per_minute=0, clients_per_minute=0) if rates is None else rates
        self.workers, self.operators = dict(workers), list(operators)
        test.addCleanup(self.remove)
        self.write_config()
        if start:
            self.start()

    def write_config(self):
        lines = ["[broker]", "key_file = %s/key" % self.folder, "ready_file = %s" % self.ready_file]
        lines += ["%s = %s" % (side, endpoint) for side, endpoint in self.endpoints.items()]
        lines += ["%s = %s" % item for item in self.settings.items()]
        lines += ["operator = %s" % key for key in self.operators]
        lines += ["[rates]"] + ["%s = %s" % item for item in self.rates.items()]
        for name, row in self.workers.items():
            key, groups = row if isinstance(row, tuple) else (row, ())
            lines += ["[worker %s]" % name, "key = %s" % key.hex]
            if not groups and len(self.workers) > 1:  # each has to have some
                groups = [group(name) for name in ("labour", "management", "nobody")]
            lines += ["group = %s" % group_id.hex() for group_id in groups]
        with open(self.config, "w") as file:
            file.write("\n".join(lines) + "\n")

    def start(self, expect_ready=True):
        # A sanitizer is to give back what was freed, so that memory can be measured.
        sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1:allocator_release_to_os_interval_ms=100"
        environment = {"COMITY_WITHOUT": " ".join(self.without), "ASAN_OPTIONS": sanitizer}
        if os.path.exists(self.ready_file):
            os.unlink(self.ready_file)
        self.process = run_beside([self.program, "--config", self.config], self.log_path, environment)
        if expect_ready:
            until(lambda: os.path.exists(self.ready_file) or self.process.poll() is not None,
                  "the broker to be ready")
            if self.process.poll() is not None:
                raise AssertionError("the broker ended: %d\n%s" % (self.process.returncode, self.log()))
            self.read_ready()
        return self

    def read_ready(self):
        with open(self.ready_file) as file:
            ready = dict(line.split(" ", 1) for line in file.read().splitlines())
        self.front, self.back, self.key = ready["front"], ready["back"], bytes.fromhex(ready["key"])
        self.pid = self.process.pid

    def log(self):
        if not os.path.exists(self.log_path):
            return ""  # it was never started
        with open(self.log_path, errors="replace") as file:
            return file.read()

    def stop(self, deadline=None):
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else None
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(deadline or DEADLINE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def kill(self):
        self.process.kill()
        self.process.wait()

    def is_stopped(self):
        """By a signal: its state is T."""
        with open("/proc/%d/stat" % self.process.pid) as file:
            return file.read().rpartition(")")[2].split()[0] == "T"

    def restart_at_same_address(self):
        self.endpoints = {"front": self.front, "back": self.back}
        self.write_config()
        self.start()

    def reload(self):
        before = self.log().count("event=reload")
        self.process.send_signal(signal.SIGHUP)
        until(lambda: self.log().count("event=reload") > before, "the reload")

    def remove(self):
        code = self.stop()
        log = self.log()
        shutil.rmtree(self.folder, ignore_errors=True)
        for word in ("AddressSanitizer", "runtime error:", "LeakSanitizer", "ThreadSanitizer"):
            if word in log:
                raise AssertionError("sanitizer (exit code %s):\n%s" % (code, log[-6000:]))

    def memory_bytes(self):
        with open("/proc/%d/statm" % self.process.pid) as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.process.pid) as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def client(self, **arguments):
        return self.test.keep(Peer(self.test, self.front, self.key, **arguments))

    def worker(self, name, **arguments):
        row = self.workers[name]
        key = row[0] if isinstance(row, tuple) else row
        return self.test.keep(Worker(self.test, self.back, self.key, key=key, **arguments))

    def stranger_at_back(self, **arguments):
        return self.test.keep(Worker(self.test, self.back, self.key, **arguments))


class TestCase(unittest.TestCase):
    longMessage = True

    def setUp(self):
        self.context = zmq.Context()
        self.context.max_sockets = 8192
        self.kept = []
        self.addCleanup(self.close_all)

    def close_all(self):
        for peer in self.kept:
            peer.close()
        self.context.destroy(0)

    def keep(self, peer):
        self.kept.append(peer)
        return peer

    def broker(self, workers=("north",), **arguments):
        if not isinstance(workers, dict):
            workers = {name: Key() for name in workers}
        return Broker(self, workers=workers, **arguments)


def is_readable(socket, seconds):
    return bool(select.select([socket], [], [], seconds)[0])
