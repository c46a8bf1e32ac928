"""A disk that fails: a sync that does not succeed stops the worker unanswered, a full disk is an answer."""

import os

from worker_case import FakeInstallation, Refused, WorkerCase, main, pb  # sets the path
from comity_installation import NotStarted
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
        self.assertEqual(process.wait(60), 1)
        self.assertIn("event=store_failed error=STORE", self.log())
        with self.assertRaises(NoAnswer):
            self.wire.finish(request, timeout_s=0.5)
        self.installation.kill("worker")
        self.fault["sync"].unlink()
        self.start()
        receipt = self.wire.submit_signed(signed, texts, retry_s=60)   # done once, whether then or now
        self.wire.patiently(self.scene.hello)
        self.assertEqual((receipt.first_sequence, self.head(self.scene)), (2, 2))

    def fill(self):
        """No room can be reserved any more: what fits into the room that there is is done, until one is refused. Its bytes, and the head."""
        self.fault["full"].touch()
        for number in range(5000):
            signed, texts = self.site(f"site-{number}")
            try:
                self.wire.submit_signed(signed, texts)
            except Refused as refused:
                self.assertEqual(refused.name, "DISK_FULL")
                return signed, texts, number + 1
        self.fail("5,000 commands fit into the room that was reserved")

    def test_a_full_disk(self):
        signed, texts, head = self.fill()
        for _ in range(2):
            with self.assertRaises(Refused) as caught:
                self.wire.submit_signed(signed, texts)
            self.assertEqual(caught.exception.name, "DISK_FULL")
            self.assertEqual(self.head(self.scene), head)   # queries are answered
        self.fault["full"].unlink()
        receipt = self.wire.submit_signed(signed, texts)
        self.assertEqual((receipt.first_sequence, self.head(self.scene)), (head + 1, head + 1))
        self.assertEqual(self.installation.stop("worker"), 0)

    def test_a_full_disk_at_a_start(self):
        signed, texts, head = self.fill()
        self.installation.kill("worker")
        self.start()   # what a start writes has room
        self.wire.patiently(self.scene.hello)
        self.assertEqual(self.head(self.scene), head)
        self.fault["full"].unlink()
        self.assertEqual(self.wire.submit_signed(signed, texts).first_sequence, head + 1)

    def test_a_full_disk_at_the_first_start(self):
        self.installation.kill("worker")
        data = self.installation.data_file.parent
        data.rename(data.with_name("before"))
        self.fault["full"].touch()
        with self.assertRaises(NotStarted) as caught:
            self.start()
        self.assertIn("ended with 1: ", str(caught.exception))
        self.assertTrue(self.log().splitlines()[-1].startswith("comity-worker: "), self.log()[-500:])
        self.fault["full"].unlink()
        self.start()
        self.wire.patiently(self.wire.hello)


if __name__ == "__main__":
    main()
