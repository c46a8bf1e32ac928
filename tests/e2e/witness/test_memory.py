"""What a witness's key signed and its state does not know: the state was lost, or an older copy was put back, or another machine
has the key. It is seen in the worker's answer, and nothing is signed until the operator says so."""

import shutil

from witness_case import CONTROL, WitnessCase, WitnessProgram, main, until  # first: sets the path
from comity_wire import open_checkpoint


class Memory(WitnessCase):
    def put_back(self, witness, later=0):
        """Watched, copied, watched on, and the copy put in its place; the record grows by so much more before it starts again.
        What it signed last."""
        witness.start()
        self.wait_cosigned(witness, self.head())
        witness.stop()
        shutil.copytree(witness.state, witness.directory / "older")
        witness.start()
        before = self.wait_cosigned(witness, self.grow(3))
        witness.stop()
        witness.state.rename(witness.directory / "newer")
        (witness.directory / "older").rename(witness.state)
        if later:
            self.grow(later)
        witness.start()
        return before

    def assertForgotten(self, witness, before):
        """It keeps what it had signed, and signs nothing more, over a restart too."""
        row = witness.wait_for("FORGOTTEN", size=before.size, epoch=1)
        self.assertEqual(witness.status()[0], 5)
        self.assertIn("comity-witness accept", row["to_do"])
        self.assertIn("level=error program=comity-witness event=forgotten", witness.log())
        size, _ = open_checkpoint(witness.verb("note", "trial").stdout.encode(), self.scene.history, 1, self.wire.log_key)
        self.assertEqual(size, before.size)
        looks = witness.log().count("event=forgotten")
        witness.stop()
        self.grow()
        witness.start().wait_for_log("event=forgotten", looks + 1)
        self.assertEqual(self.cosigned(witness), before)

    def test_an_older_copy_of_the_state(self):
        witness = self.appoint(WitnessProgram(self))
        before = self.put_back(witness)
        self.assertForgotten(witness, before)
        self.assertEqual(witness.verb("accept", "trial", "1").returncode, 0)
        self.wait_cosigned(witness, self.head())
        witness.wait_for("COSIGNED", size=self.head())
        self.assertEqual(witness.verb("accept", "trial", "1").returncode, 2)   # followed already

    def test_an_older_copy_of_the_state_and_a_record_that_grew(self):
        """The worker's head is past what was signed: its checkpoint of that size is asked for."""
        witness = self.appoint(WitnessProgram(self))
        self.assertForgotten(witness, self.put_back(witness, later=2))

    def test_a_state_that_was_lost(self):
        witness = self.appoint(WitnessProgram(self)).start()
        before = self.wait_cosigned(witness, self.grow(2))
        witness.stop()
        witness.state.rename(witness.directory / "lost")
        self.grow()
        witness.start()
        self.assertForgotten(witness, before)
        # As it says: another key, which is appointed; or go on from what the key is known to have signed.
        other = self.appoint(WitnessProgram(self, "labour-box-2")).start()
        self.wait_cosigned(other, self.head())
        self.assertEqual(witness.verb("accept", "trial", "1").returncode, 0)
        self.wait_cosigned(witness, self.head())

    def test_one_key_on_two_machines(self):
        first = self.appoint(WitnessProgram(self)).start()
        self.wait_cosigned(first, self.head())
        first.stop()
        twin = WitnessProgram(self, "twin")
        twin.name = first.name
        twin.configure(self.scene)
        shutil.copy2(first.directory / "witness.key", twin.directory)
        shutil.copytree(first.state, twin.state)
        first.start()
        before = self.wait_cosigned(first, self.grow(2))
        twin.start().wait_for("FORGOTTEN", size=before.size)
        self.assertEqual(self.cosigned(twin), before)
        # Accepted while the other goes on, it is found again, by one or the other.
        self.assertEqual(twin.verb("accept", "trial", "1").returncode, 0)
        until(lambda: self.grow() and "FORGOTTEN" in (first.status()[1]["state"], twin.status()[1]["state"]),
              "one of them finds what the other signed")

    def test_control_a_witness_that_does_not_look_goes_on(self):
        witness = WitnessProgram(self, program=CONTROL, environment={"COMITY_WITHOUT": "memory"})
        self.appoint(witness)
        before = self.put_back(witness, later=2)
        self.assertGreater(self.wait_cosigned(witness, self.head()).size, before.size)
        witness.wait_for("COSIGNED", size=self.head())
        self.assertNotIn("event=forgotten", witness.log())

    def test_control_with_the_check_the_control_build_is_no_other(self):
        witness = WitnessProgram(self, program=CONTROL)
        self.appoint(witness)
        self.assertForgotten(witness, self.put_back(witness, later=2))

    def test_the_state_of_another_key(self):
        witness = self.appoint(WitnessProgram(self)).start()
        before = self.wait_cosigned(witness, self.head())
        witness.stop()
        (witness.directory / "witness.key").rename(witness.directory / "its.key")
        other = witness.key()
        self.scene.do(self.scene.co_chairs["labour"][0], appoint_witness=self.appointment("labour-box-2", other))
        kept = (witness.state / self.scene.history.hex()).read_bytes()
        for arguments in ((), ("--check",), ("status",), ("note", "trial")):
            result = witness.verb(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""), arguments)
            self.assertIn("signed with another key", result.stderr)
            self.assertIn("trial", result.stderr)
        self.assertIsNone(self.cosigned(witness))
        self.assertEqual((witness.state / self.scene.history.hex()).read_bytes(), kept)
        # As it says: a state of its own, or the key that belongs to it.
        witness.state.rename(witness.directory / "its.state")
        witness.start()
        self.wait_cosigned(witness, self.head())
        witness.stop()
        shutil.rmtree(witness.state)
        (witness.directory / "its.state").rename(witness.state)
        (witness.directory / "its.key").rename(witness.directory / "witness.key")
        witness.start()
        self.assertGreater(self.wait_cosigned(witness, self.head()).size, before.size)


if __name__ == "__main__":
    main()
