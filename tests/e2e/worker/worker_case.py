"""What the worker's tests share: an installation, a client and a partnership for each test, and how a refusal is expected.

Run by CTest with COMITY_BUILD set to the build directory; alone: COMITY_BUILD=DIR python3 test_...py
Tests run against the fake broker (`Fake...`) or through the real one (`Real...`), as their classes say.
"""

import os
import sys
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "support" / "python"))

from comity_fake_broker import FakeInstallation  # noqa: E402
from comity_installation import Installation  # noqa: E402
from comity_scene import Scene  # noqa: E402
from comity_wire import ERR, Refused, pb  # noqa: E402

BUILD = Path(os.environ.get("COMITY_BUILD", "."))
WAIT_S = 20


def until(condition, what, timeout_s=WAIT_S):
    """The condition's first true value; AssertionError after the time."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"in vain for {timeout_s} s: {what}")
        time.sleep(0.005)


class WorkerCase(unittest.TestCase):
    """One installation a test. `kind` is FakeInstallation or Installation."""

    kind = FakeInstallation
    options = {}

    def setUp(self):
        self.installation = self.enterContext(self.kind(BUILD, **self.options))
        self.wire = self.new_wire()

    def enterContext(self, context):
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def new_wire(self, **options):
        wire = self.installation.wire(**options)
        self.addCleanup(wire.close)
        return wire

    def found(self, **options):
        scene = Scene(self.wire, self.installation.token)
        scene.found({"labour": "WORKER", "management": "EMPLOYER"}, **options)
        return scene

    def log(self, name="worker"):
        return (self.installation.directory / f"{name}.log").read_text(errors="replace")

    def wait_for_log(self, words, count=1):
        until(lambda: self.log().count(words) >= count, f"{words!r} in the log, {count} times")

    def assertRefused(self, name, field, call, **more):
        """call() is refused with this code and field; returns the refusal."""
        with self.assertRaises(Refused) as caught:
            call()
        refused = caught.exception
        self.assertEqual((refused.name, refused.field), (name, field))
        for key, value in more.items():
            self.assertEqual(getattr(refused, key), value, key)
        return refused

    def head(self, scene):
        return self.wire.query(scene.history, whoami=pb.Whoami()).as_of


def main():
    assert ERR.BUSY == -80
    unittest.main(verbosity=2)
