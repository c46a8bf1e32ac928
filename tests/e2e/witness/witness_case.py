"""What the witness's tests share: a worker with a partnership, and a comity-witness of its own that one side appointed.

Run by CTest with COMITY_BUILD set to the build directory; alone: COMITY_BUILD=DIR python3 test_...py
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "support" / "python"))

from comity_case import BUILD, WAIT_S, InstallationCase, until  # noqa: E402
from comity_processes import run_beside  # noqa: E402
from comity_wire import pb  # noqa: E402

CONTROL = Path(os.environ.get("COMITY_WITNESS_CONTROL", BUILD / "tests/e2e/witness/comity-witness-control"))


class WitnessProgram:
    """One comity-witness: its configuration, its state, and the process."""

    def __init__(self, case, name="labour-box", program=None, environment=None):
        self.case, self.name, self.process = case, name, None
        self.program = program or BUILD / "comity-witness"
        self.environment = environment or {}
        self.directory = case.installation.directory / name
        self.directory.mkdir(mode=0o700)
        self.state = self.directory / "state"
        self.histories = []

    def configure(self, *scenes, log_key=None, interval_s=1, refresh_s=3600, extra=""):
        installation = self.case.installation
        self.histories = scenes or self.histories
        sections = "".join(
            f"[history trial{index or ''}]\nhistory = {scene.history.hex()}\n"
            f"log_key = {(log_key or installation.log_key).hex()}\ngroup_key = {installation.group_key.hex()}\n"
            f"broker = {installation.front} {installation.broker_key.hex()}\n"
            for index, scene in enumerate(self.histories))
        self.config.write_text(
            f"[witness]\nname = {self.name}\nkey_file = {self.directory}/witness.key\nstate = {self.state}\n"
            f"interval_s = {interval_s}\nrefresh_s = {refresh_s}\nready_file = {self.directory}/ready\n"
            f"log_level = debug\n{extra}{sections}")

    @property
    def config(self):
        return self.directory / "witness.ini"

    def verb(self, *arguments):
        return subprocess.run([self.program, *arguments, "--config", self.config], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, env={**os.environ, **self.environment})

    def key(self):
        result = self.verb("key")
        self.case.assertEqual(result.returncode, 0, result.stderr)
        return bytes.fromhex(next(line for line in result.stdout.splitlines() if line.startswith("key ")).split()[1])

    def start(self):
        (self.directory / "ready").unlink(missing_ok=True)
        self.process = run_beside([self.program, "--config", self.config], self.directory / "log", self.environment)
        self.case.addCleanup(self.kill)
        until(lambda: (self.directory / "ready").exists() or self.process.poll() is not None, "the witness is ready")
        self.case.assertIsNone(self.process.poll(), self.log())
        return self

    def kill(self, number=signal.SIGKILL):
        process, self.process = self.process, None
        if process is None or process.poll() is not None:
            return process and process.returncode
        process.send_signal(number)
        return process.wait(WAIT_S)

    def stop(self):
        return self.kill(signal.SIGTERM)

    def log(self):
        path = self.directory / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def wait_for_log(self, words, count=1):
        until(lambda: self.log().count(words) >= count, f"{words!r} in the log: {self.log()[-2000:]}")

    def status(self):
        """The exit code, and the first history's row of status --json."""
        result = self.verb("status", "--json")
        self.case.assertNotEqual(result.stdout, "", result.stderr)
        return result.returncode, json.loads(result.stdout)["histories"][0]

    def wait_for(self, state, **values):
        def stands():
            code, row = self.status()
            return row if row["state"] == state and all(row[k] == v for k, v in values.items()) else None
        try:
            return until(stands, state)
        except AssertionError:
            raise AssertionError(f"not {state} {values}: {self.status()} {self.log()[-3000:]}") from None


class WitnessCase(InstallationCase):
    """One installation a test, with a partnership."""

    patience_s = 60

    def setUp(self):
        super().setUp()
        self.scene = self.found()

    def head(self, scene=None):
        return super().head(scene or self.scene)

    def grow(self, count=1):
        """So many events more, of names that nobody gave before, in whatever copy of the record."""
        for _ in range(count):
            name = f"site-{secrets.token_hex(6)}"
            self.scene.do(self.scene.parties, add_site=pb.AddSite(site=pb.NewSite(
                name=name, title=self.scene.prose.ref(name.title()), time_zone="UTC")))
        return self.head()

    def appoint(self, program, *scenes):
        """A witness of labour's, configured and appointed, not started."""
        scenes = scenes or (self.scene,)
        program.configure(*scenes)
        key = program.key()
        for scene in scenes:
            scene.hello()
            scene.do(scene.co_chairs["labour"][0], appoint_witness=self.appointment(program.name, key))
        self.scene.hello()
        return program

    @staticmethod
    def appointment(name, key):
        return pb.AppointWitness(name=name, key=key)

    def ask(self, scene, wanted):
        history = (scene or self.scene).history
        return self.wire.patiently(lambda: self.wire.query(history, checkpoint=wanted))

    def cosigned(self, program, scene=None):
        """What the worker has of this witness, or None."""
        answer = self.ask(scene, pb.GetCheckpoint())
        key = program.key()
        return next((row for row in answer.cosignatures if row.key == key), None)

    def wait_cosigned(self, program, size, scene=None):
        def is_there():
            row = self.cosigned(program, scene)
            return row if row and row.size >= size else None
        try:
            return until(is_there, f"cosigned up to {size}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {program.log()[-3000:]}") from None

    # Copies of the data directory, as a worker's operator can make them.

    def data(self):
        return self.installation.directory / "data"

    def copy_data(self, name):
        """Of a worker that stands still; it goes on afterwards."""
        self.installation.stop("worker")
        shutil.copytree(self.data(), self.installation.directory / name)
        self.start_worker()

    def put_data(self, name, keep_as):
        self.installation.stop("worker")
        self.data().rename(self.installation.directory / keep_as)
        (self.installation.directory / name).rename(self.data())
        self.start_worker()

    def start_worker(self):
        self.installation.start("worker")
        self.wire.patiently(self.scene.hello)


def main():
    unittest.main(verbosity=2)
