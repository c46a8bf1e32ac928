"""Servers that lie: the data directory is copied, both copies go on with the same keys, and one witness sees both."""

import base64
import hashlib
import signal
from pathlib import Path

from witness_case import CONTROL, WitnessCase, WitnessProgram, main, pb, until  # first: sets the path
from comity_wire import check_cosignature, open_checkpoint


class Forks(WitnessCase):
    def forked(self, witness):
        """A worker that goes on from an older copy: the witness saw the other one grow by three."""
        witness.start()
        self.wait_cosigned(witness, self.head())
        self.copy_data("other")
        seen = self.wait_cosigned(witness, self.grow(3))
        witness.wait_for("COSIGNED", size=seen.size)
        return seen

    def evidence(self, row):
        folder = Path(row["evidence"])
        self.assertTrue(folder.is_dir())
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    def check_note(self, note):
        """Anybody can: signed by the log key. (size, root)"""
        return open_checkpoint(note, self.scene.history, 1, self.installation.log_key)

    def check_kept_note(self, note, seen):
        """With the witness's own line, by the specification."""
        size, root = self.check_note(note)
        self.assertEqual(size, seen.size)
        check_cosignature(seen, self.scene.history, root)
        line = note.decode().splitlines()[-1]
        dash, name, blob = line.split(" ")
        raw = base64.b64decode(blob, validate=True)
        key_id = hashlib.sha256(b"labour-box\n\x04" + seen.key).digest()[:4]
        self.assertEqual((dash, name, raw[:4]), ("\u2014", "labour-box", key_id))
        self.assertEqual((int.from_bytes(raw[4:12], "big"), raw[12:]), (seen.time_s, seen.signature))
        return root

    def assertNothingMore(self, witness, before):
        """Not even when the record grows: it looks again, and signs nothing."""
        self.grow()
        witness.wait_for_log("event=stopped history")
        self.assertEqual(self.cosigned(witness).size, before)

    def test_a_fork_that_grew_longer(self):
        witness = self.appoint(WitnessProgram(self))
        start = self.head()
        seen = self.forked(witness)
        witness.process.send_signal(signal.SIGSTOP)   # it is not to see it before it is longer
        self.put_data("other", "first")
        self.grow(8)
        witness.process.send_signal(signal.SIGCONT)
        row = witness.wait_for("FORK", size=seen.size, epoch=1)
        self.assertEqual(witness.status()[0], 4)
        files = self.evidence(row)
        root = self.check_kept_note(files["kept.note"], seen)
        size, _ = self.check_note(files["shown.note"])
        self.assertGreater(size, seen.size)
        # The worker's own checkpoint of the same size, with another root, signed by the same key: that proves it.
        size, other_root = self.check_note(files["beside.note"])
        self.assertEqual(size, seen.size)
        self.assertNotEqual(other_root, root)
        self.assertIn(b"forked", files["README.txt"])
        self.assertNothingMore(witness, start)   # as it was in the copy
        self.assertIn(f"Evidence: {row['evidence']}", witness.verb("status").stdout)

    def test_a_fork_of_the_same_length(self):
        witness = self.appoint(WitnessProgram(self))
        seen = self.forked(witness)
        self.put_data("other", "first")
        self.grow(seen.size - self.head())
        self.assertEqual(self.head(), seen.size)
        row = witness.wait_for("FORK", size=seen.size)
        files = self.evidence(row)
        root = self.check_kept_note(files["kept.note"], seen)
        self.assertIn(witness.status()[1]["last_word"], ("fork", "stopped"))
        size, other_root = self.check_note(files["shown.note"])
        self.assertEqual(size, seen.size)
        self.assertNotEqual(root, other_root)

    def test_a_server_that_was_put_back(self):
        witness = self.appoint(WitnessProgram(self))
        seen = self.forked(witness)
        self.put_data("other", "first")
        row = witness.wait_for("REFUSED", last_word="behind", size=seen.size)
        self.assertEqual(witness.status()[0], 5)
        self.assertNotIn("evidence", row)
        self.assertLess(self.cosigned(witness).size, seen.size)   # nothing new was signed
        # Put right, it goes on by itself.
        self.put_data("first", "other")
        self.wait_cosigned(witness, self.grow())
        witness.wait_for("COSIGNED", size=self.head())

    def test_the_operator_decides(self):
        witness = self.appoint(WitnessProgram(self))
        seen = self.forked(witness)
        self.put_data("other", "first")
        self.grow(5)
        row = witness.wait_for("FORK")
        # Accepted while it still lies, and has grown: it is seen again, with evidence of its own.
        self.grow()
        witness.wait_for_log("event=stopped history")
        result = witness.verb("accept", "trial", "1")
        self.assertEqual(result.returncode, 0, result.stderr)
        again = until(lambda: (lambda r: r if r["state"] == "FORK" and r["evidence"] != row["evidence"] else None)(
            witness.status()[1]), "a second folder")
        self.assertTrue(Path(row["evidence"]).is_dir())
        # The true record is back: still nothing without the operator's word, and then it goes on.
        self.put_data("first", "liar")
        self.grow()
        self.assertEqual(self.cosigned(witness), seen)
        self.assertEqual(witness.status()[1]["state"], "FORK")
        self.assertEqual(witness.verb("accept", "trial", "1").returncode, 0)
        self.wait_cosigned(witness, self.head())
        witness.wait_for("COSIGNED")
        self.assertTrue(Path(again["evidence"]).is_dir())
        self.assertEqual(witness.verb("accept", "trial", "1").returncode, 2)   # followed already

    def test_the_fork_is_remembered_over_restarts(self):
        witness = self.appoint(WitnessProgram(self))
        seen = self.forked(witness)
        self.put_data("other", "first")
        self.grow(5)
        row = witness.wait_for("FORK")
        witness.stop()
        self.put_data("first", "other")
        witness.start().wait_for_log("stopped history")
        self.assertEqual(self.cosigned(witness), seen)
        self.assertEqual(witness.status()[1]["evidence"], row["evidence"])

    def test_control_a_witness_without_the_check_cosigns_both(self):
        """The control of all above: what is refused there, a witness without the check signs."""
        witness = WitnessProgram(self, program=CONTROL, environment={"COMITY_WITHOUT": "consistency"})
        self.appoint(witness)
        seen = self.forked(witness)
        first = self.wire.query(self.scene.history, checkpoint=pb.GetCheckpoint(size=seen.size))
        self.put_data("other", "first")
        self.grow(5)
        other = self.wait_cosigned(witness, seen.size + 1)
        now = self.wire.query(self.scene.history, checkpoint=pb.GetCheckpoint(**{"from": 1, "size": seen.size}))
        self.assertNotEqual(self.check_note(first.checkpoint), self.check_note(now.checkpoint))
        self.assertEqual((seen.key, seen.epoch), (other.key, other.epoch))   # one witness, two records
        self.assertEqual(witness.status()[0], 0)

    def test_control_with_the_check_the_control_build_is_no_other(self):
        witness = WitnessProgram(self, program=CONTROL)
        self.appoint(witness)
        self.forked(witness)
        self.put_data("other", "first")
        self.grow(5)
        witness.wait_for("FORK")


if __name__ == "__main__":
    main()
