"""A disk that fails: a sync that does not succeed stops the worker unanswered, a full disk is an answer."""

import os

from worker_case import FakeInstallation, Refused, WorkerCase, main, pb, until  # sets the path
from comity_wire import NoAnswer, seal_up

FAULTS = os.environ.get("COMITY_WORKER_FAULTS", "")


class Disk(WorkerCase):
    kind = FakeInstallation
    options = {"start": False}

    def setUp(self):
        self.assertTrue(os.path.exists(FAULTS), "COMITY_WORKER_FAULTS names the library to preload")
        super().setUp()
        directory = self.installation.directory
        self.fault = {name: directory / name for name in ("sync", "full")}
        self.environment = {
            "LD_PRELOAD": FAULTS, "COMITY_FAULT_SYNC": str(self.fault["sync"]), "COMITY_FAULT_FULL": str(self.fault["full"]),
            # A sanitizer's library wants to be the first one otherwise.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }
        self.start()
        self.scene = self.found()

    def start(self):
        self.installation.start("worker", self.environment)

    def site(self, name):
        command = self.scene.command(add_site=pb.AddSite(site=pb.NewSite(
            name=name, title=self.scene.prose.ref("A site"), time_zone="UTC")))
        signed, _ = seal_up(command, self.scene.parties)
        return signed, self.scene.prose.of(command)

    def test_a_failed_sync(self):
        signed, texts = self.site("south")
        self.fault["sync"].touch()
        process = self.installation.processes["worker"]
        request = self.wire.submit_start(signed, texts)
        self.assertEqual(process.wait(20), 1)
        self.assertIn("event=store_failed error=STORE", self.log())
        with self.assertRaises(NoAnswer):
            self.wire.finish(request, timeout_s=0.5)
        self.installation.kill("worker")
        self.fault["sync"].unlink()
        self.start()
        receipt = self.wire.submit_signed(signed, texts, retry_s=20)   # done once, whether then or now
        self.wire.patiently(20, self.scene.hello)
        self.assertEqual((receipt.first_sequence, self.head(self.scene)), (2, 2))

    def test_a_full_disk(self):
        self.fault["full"].touch()
        for name in ("south", "east"):
            signed, texts = self.site(name)
            with self.assertRaises(Refused) as caught:
                self.wire.submit_signed(signed, texts)
            self.assertEqual(caught.exception.name, "DISK_FULL")
            self.assertEqual(self.head(self.scene), 1)   # queries are answered
        self.fault["full"].unlink()
        receipt = self.wire.submit_signed(signed, texts)
        self.assertEqual((receipt.first_sequence, self.head(self.scene)), (2, 2))
        self.assertEqual(self.installation.stop("worker"), 0)

    def test_a_full_disk_at_a_start(self):
        self.installation.kill("worker")
        self.fault["full"].touch()
        with self.assertRaises(Exception) as caught:
            self.start()
        self.assertIn("ended with 1", str(caught.exception))
        until(lambda: self.log().splitlines()[-1].startswith("comity-worker: "), "the sentence")
        self.fault["full"].unlink()
        self.start()
        self.wire.patiently(20, self.scene.hello)
        self.assertEqual(self.head(self.scene), 1)


if __name__ == "__main__":
    main()
