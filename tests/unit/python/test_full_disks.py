"""Whether full disks were felt: a kind that was tried often and left room each time has tried nothing."""

import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "e2e" / "fault"), str(ROOT / "support" / "python")]

from site_faults import OFTEN, FullDisks  # noqa: E402


class Disks(unittest.TestCase):
    def test_toothless(self):
        disks = FullDisks()
        self.assertEqual(disks.toothless(), [])
        for _ in range(OFTEN - 1):
            disks.note("etcd_disk_full", False)
        self.assertEqual(disks.toothless(), [])
        disks.note("etcd_disk_full", False)
        self.assertEqual(disks.toothless(), ["etcd_disk_full"])
        self.assertIn("FAILED: etcd_disk_full", disks.sentence())
        disks.note("etcd_disk_full", True)
        self.assertEqual(disks.toothless(), [])
        disks.note("leaders_disk_full", False)   # another one's room is its own
        self.assertEqual(disks.sentence(), f"full disks that left no room: etcd_disk_full 1 of {OFTEN + 1}, leaders_disk_full 0 of 1")


if __name__ == "__main__":
    unittest.main(verbosity=2)
