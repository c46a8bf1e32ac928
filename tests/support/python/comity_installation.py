"""One broker and one worker as real processes in a directory of their own, for tests and benchmarks.

    with Installation(build) as installation, installation.wire() as wire:
        ...
        installation.kill("worker"); installation.start("worker")

Ports are the system's choice at the first start and stay the same across restarts. Whatever happens, both processes are ended,
by pid, and the directory is removed (with COMITY_KEEP=1 it stays, and its path is printed).
"""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from comity_patience import Patience
from comity_processes import run_beside
from comity_wire import Wire, group_id, public_half
import nacl.signing

START_S = 120
# After it broker and worker take each other for lost. On a slow machine one that is there is silent for more than a second.
SILENCE_MS, SHORT_SILENCE_MS = 5000, 1000
BROKER_HEARTBEAT_MS, WORKER_HEARTBEAT_MS = 200, 100


# For loads that give more commands by one key than a member ever would.
UNLIMITED = "[rates]\ncommands_per_minute = 0\nqueries_per_minute = 0\nconnection_per_minute = 0\n"
# The broker's part of it. An installation that is to have the broker's own limits is given other settings.
UNLIMITED_FRAMES = "[rates]\nstrangers_per_minute = 0\nclients_per_minute = 0\n"


class NotStarted(Exception):
    def __init__(self, words, status=None):
        """@status: with which it ended; none: it runs, and is not ready."""
        super().__init__(words)
        self.status = status


def write_secret(path, text):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def write_connection_key(path):
    """A new connection key's file; its public half."""
    secret = secrets.token_bytes(32)
    public = public_half(secret)
    write_secret(path, f"comity connection key 1\npublic {public.hex()}\nsecret {secret.hex()}\n")
    return public


def write_signing_seed(path):
    key = nacl.signing.SigningKey.generate()
    write_secret(path, f"comity signing seed 1\npublic {bytes(key.verify_key).hex()}\nsecret {bytes(key).hex()}\n")
    return bytes(key.verify_key)


class Installation:
    def __init__(self, build, worker=None, start=True, worker_settings="", broker_settings=UNLIMITED_FRAMES, address="127.0.0.1",
                 silence_ms=SILENCE_MS):
        build = Path(build).resolve()
        self.programs = {"broker": build / "comity-broker", "worker": Path(worker or build / "comity-worker")}
        self.directory = Path(tempfile.mkdtemp(prefix="comity-test-"))
        self.processes, self.ports = {}, {}
        self.will_start = start
        self.address = address  # of the front
        self.silence_ms = silence_ms
        self.worker_settings, self.broker_settings = worker_settings, broker_settings
        self.token = secrets.token_hex(16)
        write_secret(self.directory / "token", self.token + "\n")
        self.broker_key = write_connection_key(self.directory / "broker.key")
        self.worker_key = write_connection_key(self.directory / "worker.key")
        self.group_key = write_connection_key(self.directory / "group.key")
        self.group = group_id(self.group_key)
        self.log_key = write_signing_seed(self.directory / "log.seed")
        self.data = self.directory / "data"

    @property
    def data_file(self):
        return self.data / "data.mdb"

    # Where it runs: for installations that are spread over hosts

    def bind_address(self, name):
        """Of a broker's front or back."""
        return self.address if name == "front" else "127.0.0.1"

    def reach(self, name):
        """A broker's front or back, as others reach it."""
        return self.ports[name]

    def spawn(self, name, command, environment, log):
        """A Popen whose pid is the program's. @log: a file that its output is added to."""
        return run_beside(command, log, environment)

    # Life

    def __enter__(self):
        try:
            if self.will_start:
                self.start("broker")
                self.start("worker")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for name in list(self.processes):
            self.kill(name)
        if os.environ.get("COMITY_KEEP") == "1":
            print(f"kept: {self.directory}")
        else:
            shutil.rmtree(self.directory, ignore_errors=True)

    def write_settings(self):
        front, back = (self.ports.get(name, f"tcp://{self.bind_address(name)}:*") for name in ("front", "back"))
        (self.directory / "broker.ini").write_text(
            f"[broker]\nfront = {front}\nback = {back}\nkey_file = {self.directory}/broker.key\n"
            f"ready_file = {self.directory}/broker.ready\nheartbeat_ms = {BROKER_HEARTBEAT_MS}\n"
            f"heartbeats = {self.silence_ms // BROKER_HEARTBEAT_MS}\n{self.broker_settings}\n"
            f"[worker one]\nkey = {self.worker_key.hex()}\ngroup = {self.group.hex()}\n")
        if self.ports:
            (self.directory / "worker.ini").write_text(
                f"[worker]\ndata = {self.data}\nconnection_key = {self.directory}/worker.key\n"
                f"group_key = {self.directory}/group.key\nlog_key = {self.directory}/log.seed\n"
                f"founding = token\nfounding_token_file = {self.directory}/token\n"
                f"ready_file = {self.directory}/worker.ready\nheartbeat_ms = {WORKER_HEARTBEAT_MS}\nsilence_ms = {self.silence_ms}\n"
                f"{self.worker_settings}\n"
                f"[broker near]\nendpoint = {self.reach('back')}\nkey = {self.broker_key.hex()}\n")

    def start(self, name, environment=None, arguments=()):
        """Start and wait until it is ready. NotStarted with its last words if it ends instead."""
        assert name not in self.processes
        self.write_settings()
        ready = self.directory / f"{name}.ready"
        ready.unlink(missing_ok=True)
        process = self.spawn(name, [self.programs[name], "--config", self.directory / f"{name}.ini", *arguments],
                             environment or {}, self.directory / f"{name}.log")
        self.processes[name] = process
        patience = Patience(START_S)
        while not ready.exists():
            if process.poll() is not None:
                del self.processes[name]
                raise NotStarted(f"{name} ended with {process.returncode}: {self.last_words(name)}", process.returncode)
            if patience.is_over():
                raise NotStarted(f"{name} is not ready after {START_S} s: {self.last_words(name)}")
            time.sleep(0.005)
        if name == "broker":
            self.ports = dict(line.split(" ", 1) for line in ready.read_text().splitlines() if " " in line)

    def last_words(self, name):
        lines = (self.directory / f"{name}.log").read_text(errors="replace").splitlines()
        return " / ".join(lines[-3:])

    def pid(self, name):
        return self.processes[name].pid

    def kill(self, name, number=signal.SIGKILL):
        """End it, wait for its end, and return its exit status. Nothing if it does not run."""
        process = self.processes.pop(name, None)
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def stop(self, name):
        return self.kill(name, signal.SIGTERM)

    # What a client needs

    @property
    def front(self):
        return self.reach("front")

    def wire(self, **options):
        return Wire(self.front, self.broker_key, self.group_key, **options)
