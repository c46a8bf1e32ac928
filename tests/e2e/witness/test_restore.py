"""A restore from a backup opens a new epoch: it is shown, and followed once the operator says so."""

import subprocess

from witness_case import BUILD, CONTROL, WitnessCase, WitnessProgram, main, pb, until  # first: sets the path
from comity_installation import write_signing_seed


class Restore(WitnessCase):
    def worker_verb(self, name, *arguments):
        result = subprocess.run([BUILD / "comity-worker", name, "--config", self.installation.directory / "worker.ini",
                                 *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
        self.assertEqual(result.returncode, 0, result.stderr)

    def restored(self, witness, with_new_key):
        """Watched, exported, grown, lost, restored: the worker as it is then. Returns what was cosigned last before."""
        witness.start()
        self.wait_cosigned(witness, self.head())
        directory = self.installation.directory
        self.worker_verb("export", "--to", directory / "stream")
        seen = self.wait_cosigned(witness, self.grow(2))
        witness.wait_for("COSIGNED", size=seen.size)
        self.installation.stop("worker")
        self.data().rename(directory / "lost")
        if with_new_key:
            (directory / "log.seed").unlink()
            self.installation.log_key = write_signing_seed(directory / "log.seed")
        self.worker_verb("restore", "--from", directory / "stream")
        self.start_worker()
        return seen

    def check(self, with_new_key):
        witness = self.appoint(WitnessProgram(self))
        seen = self.restored(witness, with_new_key)
        row = witness.wait_for("NEW_EPOCH", epoch=1, size=seen.size)
        self.assertEqual(witness.status()[0], 5)
        epoch = self.wire.query(self.scene.history, whoami=pb.Whoami()).epoch
        self.assertEqual((row["next_epoch"], row["next_log_key"]), (epoch, self.installation.log_key.hex()))
        self.assertIn(row["next_log_key_fingerprint"], witness.verb("status").stdout)
        self.assertLess(self.cosigned(witness).size, seen.size)
        log_key = ("--log-key", self.installation.log_key.hex())
        for wrong in ("1", str(epoch + 1)):
            self.assertNotEqual(witness.verb("accept", "trial", wrong, *log_key).returncode, 0)
        self.check_blind(witness, epoch, row)
        self.assertEqual(self.cosigned(witness).epoch, 1)
        result = witness.verb("accept", self.scene.history.hex(), str(epoch), *log_key)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(row["next_log_key_fingerprint"], result.stdout)
        until(lambda: self.cosigned(witness).epoch == epoch, "the new epoch is cosigned")
        self.scene.epoch = epoch
        self.wait_cosigned(witness, self.grow())
        witness.wait_for("COSIGNED", epoch=epoch, size=self.head())
        # The store as it was before the restore, once more: an epoch that is over.
        self.installation.stop("worker")

    def check_blind(self, witness, epoch, row):
        """Without the log key that members have, and with another, it says which one the server signs with, and accepts nothing."""
        other = bytes(range(32)).hex()
        for arguments, code in [((), 2), (("--log-key", other), 1), (("--log-key", "abc"), 2)]:
            result = witness.verb("accept", "trial", str(epoch), *arguments)
            self.assertEqual((result.returncode, result.stdout), (code, ""), result.stderr)
            if arguments[-1:] != ("abc",):
                self.assertIn(row["next_log_key"], result.stderr)
                self.assertIn(row["next_log_key_fingerprint"], result.stderr)
        self.assertEqual(witness.status()[1]["state"], "NEW_EPOCH")

    def test_control_without_the_log_key_whatever_is_shown_is_accepted(self):
        witness = WitnessProgram(self, program=CONTROL, environment={"COMITY_WITHOUT": "log_key"})
        self.appoint(witness)
        self.restored(witness, True)
        epoch = witness.wait_for("NEW_EPOCH")["next_epoch"]
        self.assertEqual(witness.verb("accept", "trial", str(epoch)).returncode, 0)
        until(lambda: self.cosigned(witness).epoch == epoch, "the new epoch is cosigned")

    def test_with_the_same_log_key(self):
        self.check(False)

    def test_with_another_log_key(self):
        self.check(True)

    def test_the_store_from_before_the_restore_is_refused(self):
        witness = self.appoint(WitnessProgram(self))
        self.restored(witness, False)
        epoch = witness.wait_for("NEW_EPOCH")["next_epoch"]
        accepted = witness.verb("accept", "trial", str(epoch), "--log-key", self.installation.log_key.hex())
        self.assertEqual(accepted.returncode, 0, accepted.stderr)
        witness.wait_for("COSIGNED", epoch=epoch)
        self.put_data("lost", "restored")
        witness.wait_for("REFUSED", last_word="old_epoch", epoch=epoch)
        self.assertEqual(self.cosigned(witness).epoch, 1)


if __name__ == "__main__":
    main()
