"""A restore from a backup opens a new epoch: it is shown, with what it lost, and followed once the operator says so; one that
rewrites what was cosigned is not followed."""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))

from witness_case import BUILD, CONTROL, WitnessCase, WitnessProgram, main, pb, until  # first: sets the path
from comity_installation import write_signing_seed
from comity_record import Record, seed_of


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
        base = seen.size - 2
        self.assertEqual((row["next_holds"], row["next_holds_all"]), (base, False))
        lost = f"It went back to number {base}: of what was cosigned, numbers {base + 1} to {seen.size} are lost."
        self.assertIn(lost, witness.verb("status").stdout)
        log_key = ("--log-key", self.installation.log_key.hex())
        for wrong in ("1", str(epoch + 1)):
            self.assertNotEqual(witness.verb("accept", "trial", wrong, *log_key).returncode, 0)
        self.check_blind(witness, epoch, row)
        self.assertEqual(self.cosigned(witness).epoch, 1)
        accept = ("accept", self.scene.history.hex(), str(epoch), *log_key)
        for arguments in ((), ("--back-to", str(base - 1)), ("--back-to", str(seen.size)), ("--back-to", "x")):
            result = witness.verb(*accept, *arguments)   # what is lost is not accepted unseen
            self.assertEqual((result.returncode, result.stdout), (2, ""), result.stderr)
            self.assertTrue(arguments[1:] == ("x",) or f"--back-to {base}." in result.stderr, result.stderr)
        result = witness.verb(*accept, "--back-to", str(base))
        self.assertEqual(result.returncode, 0, result.stderr)
        [note] = witness.state.glob("*-epoch-1.note")      # what was cosigned before stays
        self.assertIn(f"\n{seen.size}\n", note.read_text())
        self.assertIn(f"\u2014 {witness.name} ", note.read_text())
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
        for arguments, code in [((), 2), (("--log-key", other), 2), (("--log-key", "abc"), 2)]:
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
        back_to = witness.status()[1]["next_holds"]
        self.assertEqual(witness.verb("accept", "trial", str(epoch), "--back-to", str(back_to)).returncode, 0)
        until(lambda: self.cosigned(witness).epoch == epoch, "the new epoch is cosigned")

    def test_with_the_same_log_key(self):
        self.check(False)

    def test_with_another_log_key(self):
        self.check(True)

    def test_the_store_from_before_the_restore_is_refused(self):
        witness = self.appoint(WitnessProgram(self))
        self.restored(witness, False)
        row = witness.wait_for("NEW_EPOCH")
        epoch = row["next_epoch"]
        accepted = witness.verb("accept", "trial", str(epoch), "--log-key", self.installation.log_key.hex(), "--back-to", str(row["next_holds"]))
        self.assertEqual(accepted.returncode, 0, accepted.stderr)
        witness.wait_for("COSIGNED", epoch=epoch)
        self.put_data("lost", "restored")
        witness.wait_for("REFUSED", last_word="old_epoch", epoch=epoch)
        self.assertEqual(self.cosigned(witness).epoch, 1)

    # A backup that reaches all that was cosigned.

    def restored_whole(self, witness, alter=None):
        """Exported with all that was cosigned, altered by whoever has the log key, restored. Returns its last number."""
        witness.start()
        size = self.grow(3)
        self.wait_cosigned(witness, size)
        witness.wait_for("COSIGNED", size=size)
        directory = self.installation.directory
        self.worker_verb("export", "--to", directory / "stream")
        self.installation.stop("worker")
        self.data().rename(directory / "lost")
        if alter:
            record = Record(directory / "stream")
            alter(record, size)
            record.seal(seed_of(directory / "log.seed")).write(directory / "stream")
        self.worker_verb("restore", "--from", directory / "stream")
        self.start_worker()
        return size

    @staticmethod
    def stamped_anew(record, size):
        """Nothing but a moment, long before the last: every hash after it is another one, and every check of a restore is passed."""
        event = next(record.event(at) for at in range(size - 2, 1, -1) if record.event(at).time_ms > record.event(at - 1).time_ms)
        event.time_ms = record.event(event.sequence - 1).time_ms

    def test_a_backup_of_all_that_was_cosigned(self):
        witness = self.appoint(WitnessProgram(self))
        size = self.restored_whole(witness)
        row = witness.wait_for("NEW_EPOCH", epoch=1, size=size)
        self.assertEqual((row["next_holds"], row["next_holds_all"]), (size, True))
        self.assertIn("It holds all that was cosigned.", witness.verb("status").stdout)
        refused = witness.verb("accept", "trial", str(row["next_epoch"]), "--log-key", self.installation.log_key.hex(), "--back-to", "3")
        self.assertEqual(refused.returncode, 2)
        self.assertIn("leave out --back-to", refused.stderr)
        accepted = witness.verb("accept", "trial", str(row["next_epoch"]), "--log-key", self.installation.log_key.hex())
        self.assertEqual(accepted.returncode, 0, accepted.stderr)
        until(lambda: self.cosigned(witness).epoch == row["next_epoch"], "the new epoch is cosigned")

    def test_a_backup_that_was_rewritten_is_never_followed(self):
        witness = self.appoint(WitnessProgram(self))
        size = self.restored_whole(witness, self.stamped_anew)
        row = witness.wait_for("FORK", epoch=1, size=size)
        self.assertEqual(witness.status()[0], 4)
        epoch = self.wire.query(self.scene.history, whoami=pb.Whoami()).epoch
        refused = witness.verb("accept", "trial", str(epoch), "--log-key", self.installation.log_key.hex())
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("does not hold what was cosigned here, though it says to", refused.stderr)
        folder = Path(row["evidence"])
        kept, shown, beside = ((folder / f"{name}.note").read_text().splitlines() for name in ("kept", "shown", "beside"))
        self.assertEqual((kept[1], beside[1], int(shown[1]) > size), (str(size), str(size), True))
        self.assertNotEqual(kept[2], beside[2])             # of one length, and another root
        self.assertEqual((kept[0], beside[0]), (f"comity/{self.scene.history.hex()}/1", f"comity/{self.scene.history.hex()}/{epoch}"))
        self.assertIn("EPOCH_OPENED", (folder / "README.txt").read_text())
        self.assertEqual(self.cosigned(witness), None)      # nor what was signed before is a signature of this record

    def test_control_a_witness_that_does_not_look_signs_the_rewritten_record(self):
        witness = WitnessProgram(self, program=CONTROL, environment={"COMITY_WITHOUT": "epoch"})
        self.appoint(witness)
        self.restored_whole(witness, self.stamped_anew)
        epoch = witness.wait_for("NEW_EPOCH")["next_epoch"]
        accepted = witness.verb("accept", "trial", str(epoch), "--log-key", self.installation.log_key.hex())
        self.assertEqual(accepted.returncode, 0, accepted.stderr)
        until(lambda: (lambda row: row and row.epoch == epoch)(self.cosigned(witness)), "the new epoch is cosigned")


if __name__ == "__main__":
    main()
