"""What the worker's tests share: an installation, a client and a partnership for each test, and how a refusal is expected.

Run by CTest with COMITY_BUILD set to the build directory; alone: COMITY_BUILD=DIR python3 test_...py
Tests run against the fake broker (`Fake...`) or through the real one (`Real...`), as their classes say.
"""

import sys
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "support" / "python"))

from comity_case import BUILD, InstallationCase, until  # noqa: E402,F401
from comity_fake_broker import FakeInstallation  # noqa: E402
from comity_installation import Installation  # noqa: E402,F401
from comity_scene import Scene  # noqa: E402,F401
from comity_wire import ERR, Refused, pb  # noqa: E402,F401


class WorkerCase(InstallationCase):
    """`kind` is FakeInstallation or Installation."""

    kind = FakeInstallation

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


def main():
    assert ERR.BUSY == -80
    unittest.main(verbosity=2)
