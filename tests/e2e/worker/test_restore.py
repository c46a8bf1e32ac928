"""A restore that is killed, or fails: nobody takes the half of it for a store, and nothing of it stays."""

import os
import subprocess

from worker_case import BUILD, FakeInstallation, WorkerCase, main, until  # sets the path
from comity_installation import NotStarted


class Restore(WorkerCase):
    kind = FakeInstallation

    def setUp(self):
        super().setUp()
        self.scene = self.found()
        self.scene.invite_many("labour", 20)
        self.before = self.head(self.scene)
        self.directory = self.installation.directory
        self.data, self.stream = self.directory / "data", self.directory / "stream"
        self.assertEqual(self.verb("export", "--to", self.stream).returncode, 0)
        self.assertEqual(self.installation.stop("worker"), 0)
        self.data.rename(self.directory / "lost")

    def command(self, name, *arguments):
        return [BUILD / "comity-worker", name, "--config", self.directory / "worker.ini", *arguments]

    def verb(self, name, *arguments):
        return subprocess.run(self.command(name, *arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120)

    def leftovers(self):
        return sorted(self.data.glob("restoring-*"))

    def begin(self):
        """A restore that has read half of the stream and waits for the rest; the process and the pipe's end."""
        pipe = self.directory / "pipe"
        os.mkfifo(pipe)
        process = subprocess.Popen(self.command("restore", "--from", pipe), stdin=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        file = open(pipe, "wb", buffering=0)
        self.addCleanup(file.close)
        whole = self.stream.read_bytes()
        file.write(whole[:len(whole) // 2])
        until(lambda: [d for d in self.leftovers() if (d / "data.mdb").exists()], "the half of a store")
        return process, file, whole[len(whole) // 2:]

    def assertNotStarted(self):
        with self.assertRaises(NotStarted) as caught:
            self.installation.start("worker")
        self.assertIn("ended with 2: ", str(caught.exception))
        self.start_words = str(caught.exception)
        self.assertIn("has not finished", self.start_words)
        self.assertFalse((self.data / "data.mdb").exists())

    def assertRestored(self):
        self.assertEqual(self.leftovers(), [])
        self.installation.start("worker")
        self.wire.patiently(self.scene.hello)
        self.assertEqual(self.head(self.scene), self.before + 1)

    def test_killed(self):
        process, file, _ = self.begin()
        process.kill()
        process.wait()
        self.assertEqual(len(self.leftovers()), 1)
        self.assertNotStarted()   # with an empty store in its place
        result = self.verb("restore", "--from", self.stream)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRestored()

    def test_failed(self):
        """Whatever was wrong with the file, and whether the directory was there: a start in between makes no store in its
        place, and the proper restore is not refused for what the failed one left."""
        bad = bytearray(self.stream.read_bytes())
        bad[len(bad) // 2] ^= 1
        (self.directory / "bad").write_bytes(bad)
        for file in ("bad", "there-is-none"):
            for is_there in (False, True):
                if is_there:
                    self.data.mkdir(mode=0o700)
                result = self.verb("restore", "--from", self.directory / file)
                self.assertNotEqual(result.returncode, 0)
                self.assertNotStarted()
                left = list(self.data.iterdir())
                self.assertEqual([list(each.iterdir()) for each in left], [[]], left)   # the mark, and no more
                self.assertIn("has not finished, or failed", self.start_words)
                left[0].rmdir()
                self.data.rmdir()
        self.assertNotEqual(self.verb("restore", "--from", self.directory / "bad").returncode, 0)
        self.assertNotStarted()
        result = self.verb("restore", "--from", self.stream)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRestored()

    def test_beside_another(self):
        process, file, rest = self.begin()
        result = self.verb("restore", "--from", self.stream)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("Another restore is at work", result.stderr)
        self.assertNotStarted()
        self.assertEqual(len(self.leftovers()), 1)   # of the one that is at work
        file.write(rest)
        file.close()
        self.assertEqual(process.wait(60), 0)
        self.assertRestored()

    def test_where_a_store_was_lost(self):
        """Its lock, and in it the mark of its last commit, were left behind: they say nothing of the restored one."""
        self.data.mkdir(mode=0o700)
        (self.directory / "lost" / "writer.lock").rename(self.data / "writer.lock")
        self.assertEqual(self.verb("restore", "--from", self.stream).returncode, 0)
        self.assertRestored()

    def test_killed_once_the_store_was_in_its_place(self):
        self.assertEqual(self.verb("restore", "--from", self.stream).returncode, 0)
        left = self.data / "restoring-abcdef"
        left.mkdir()
        os.link(self.data / "data.mdb", left / "data.mdb")
        (left / "writer.lock").touch()
        foreign = self.data / "restoring-notes"
        foreign.mkdir()
        (foreign / "mine").touch()
        self.installation.start("worker")
        self.assertFalse(left.exists())
        self.assertTrue((foreign / "mine").exists())   # no restore's
        self.wire.patiently(self.scene.hello)
        self.assertEqual(self.head(self.scene), self.before + 1)


if __name__ == "__main__":
    main()
