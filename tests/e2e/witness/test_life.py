"""A witness at work: key, appointment, cosigning as the record grows, restarts, dismissal, several histories, two of them."""

import json
import stat

from witness_case import ROOT, WitnessCase, WitnessProgram, main, pb, until  # first: sets the path
from comity_wire import Refused, check_cosignature, open_checkpoint


class Life(WitnessCase):
    def check(self, row, scene=None):
        """By the test's own arithmetic: over the tree of its size."""
        scene = scene or self.scene
        answer = self.wire.query(scene.history, checkpoint=pb.GetCheckpoint(size=row.size))
        size, root = open_checkpoint(answer.checkpoint, scene.history, row.epoch, self.wire.log_key)
        check_cosignature(row, scene.history, root)

    def test_it_cosigns_as_the_record_grows(self):
        witness = self.appoint(WitnessProgram(self)).start()
        for count in (1, 3, 1):
            head = self.grow(count)
            row = self.wait_cosigned(witness, head)
            self.check(row)
        witness.wait_for("COSIGNED", size=self.head(), epoch=1)
        code, row = witness.status()
        self.assertEqual((code, row["to_do"]), (0, "Nothing."))
        note = witness.verb("note", "trial").stdout.encode()
        size, root = open_checkpoint(note, self.scene.history, 1, self.wire.log_key)
        self.assertEqual(size, row["size"])
        self.assertTrue(note.decode().splitlines()[-1].startswith("\u2014 labour-box "))
        self.assertEqual(witness.stop(), 0)
        self.assertFalse((witness.directory / "ready").exists())

    def test_the_key_file_is_made_for_its_user_alone(self):
        witness = WitnessProgram(self)
        witness.configure(self.scene)
        result = witness.verb("--check")
        self.assertEqual(result.returncode, 2)
        self.assertIn("comity-witness key makes it", result.stderr)
        key = witness.key()
        self.assertEqual(key, witness.key())
        path = witness.directory / "witness.key"
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        shown = witness.verb("key").stdout
        for words in ("labour-box", key.hex(), "fingerprint", f"comity witness appoint labour-box {key.hex()}", "+"):
            self.assertIn(words, shown)
        self.assertEqual(witness.verb("--check").returncode, 0)
        path.chmod(0o640)
        result = witness.verb("--check")
        self.assertEqual(result.returncode, 2)
        self.assertIn("others can read it", result.stderr)

    def test_before_it_is_appointed_it_waits(self):
        witness = WitnessProgram(self)
        witness.configure(self.scene)
        key = witness.key()
        witness.start().wait_for_log("error=GRANT")
        witness.wait_for("NOT_APPOINTED", last_word="GRANT", size=0)
        self.assertEqual(witness.status()[0], 5)
        self.scene.do(self.scene.co_chairs["labour"][0], appoint_witness=pb.AppointWitness(name="labour-box", key=key))
        self.wait_cosigned(witness, self.head())
        self.assertEqual(witness.log().count("event=connected"), 1, witness.log())   # asked again, and not connected anew

    def test_dismissed_it_cosigns_no_more(self):
        witness = self.appoint(WitnessProgram(self)).start()
        before = self.wait_cosigned(witness, self.head())
        self.scene.do(self.scene.co_chairs["labour"][0], dismiss_witness=pb.DismissWitness(witness=1))
        self.grow()
        row = witness.wait_for("DISMISSED", last_word="KEY_REVOKED", size=before.size)
        self.assertEqual(witness.status()[0], 5)
        for name, key in (("labour-two", witness.key()), (witness.name, bytes(32))):
            with self.assertRaises(Refused):
                self.scene.do(self.scene.co_chairs["labour"][0], appoint_witness=pb.AppointWitness(name=name, key=key))
        self.assertIn("Neither its key nor its name can be appointed again", row["to_do"])   # no advice that is refused
        self.assertEqual(self.cosigned(witness), before)

    def test_it_goes_on_after_a_restart_of_either(self):
        witness = self.appoint(WitnessProgram(self)).start()
        self.wait_cosigned(witness, self.head())
        self.installation.kill("worker")
        self.start_worker()
        self.wait_cosigned(witness, self.grow())
        witness.kill()
        head = self.grow(2)
        witness.start()
        self.check(self.wait_cosigned(witness, head))
        self.installation.kill("broker")
        self.installation.start("broker")
        self.wire = self.new_wire()
        self.scene.wire = self.wire
        self.wire.patiently(self.scene.hello)
        self.wait_cosigned(witness, self.grow())

    def test_what_was_signed_and_is_not_there_is_given_again(self):
        """The same bytes: what was kept is not signed a second time."""
        witness = self.appoint(WitnessProgram(self)).start()
        self.wait_cosigned(witness, self.head())
        witness.stop()
        head = self.grow()
        self.copy_data("without")
        witness.start()
        given = self.wait_cosigned(witness, head)
        witness.stop()
        self.put_data("without", "with")   # the same events, and nothing of the signature
        self.assertLess(self.cosigned(witness).size, head)
        witness.start()
        self.assertEqual(self.wait_cosigned(witness, head), given)

    def test_a_record_that_does_not_grow_is_signed_anew(self):
        witness = self.appoint(WitnessProgram(self))
        witness.configure(refresh_s=1)
        witness.start()
        row = self.wait_cosigned(witness, self.head())
        later = until(lambda: (lambda new: new if new.time_s > row.time_s else None)(self.cosigned(witness)), "signed anew")
        self.assertEqual(later.size, row.size)
        self.check(later)

    def test_several_histories(self):
        other = self.found()
        self.scene.hello()
        witness = WitnessProgram(self)
        self.appoint(witness, self.scene, other)
        witness.start()
        self.check(self.wait_cosigned(witness, self.head()))
        self.wire.hello([self.wire.grant(scene.history, scene.founder) for scene in (self.scene, other)])
        self.check(self.wait_cosigned(witness, self.head(other), other), other)
        result = witness.verb("status", "--json")
        names = [row["name"] for row in json.loads(result.stdout)["histories"]]
        self.assertEqual(names, ["trial", "trial1"])

    def test_two_of_them_do_not_share_a_state(self):
        witness = self.appoint(WitnessProgram(self)).start()
        self.wait_cosigned(witness, self.head())
        result = witness.verb()
        self.assertEqual(result.returncode, 1)
        self.assertIn("Another comity-witness runs", result.stderr)

    def test_killed_it_is_known_not_to_run(self):
        """At once: by its lock, not by how long nothing was heard of it."""
        witness = self.appoint(WitnessProgram(self))
        self.assertEqual(witness.status()[1]["state"], "NEVER")
        witness.start()
        self.wait_cosigned(witness, self.head())
        witness.wait_for("COSIGNED")
        self.assertTrue(json.loads(witness.verb("status", "--json").stdout)["is_running"])
        witness.kill()
        code, row = witness.status()
        self.assertEqual((code, row["state"]), (5, "NOT_RUNNING"))
        self.assertFalse(json.loads(witness.verb("status", "--json").stdout)["is_running"])
        shown = witness.verb("status").stdout
        self.assertIn("comity-witness does not run", shown)
        self.assertIn("it was killed", shown)   # of which its log says nothing
        self.assertIn("Last word: ", shown)
        witness.start().wait_for("COSIGNED")

    def test_a_state_that_others_can_write_is_refused(self):
        witness = self.appoint(WitnessProgram(self))
        witness.state.mkdir(mode=0o700)
        witness.state.chmod(0o770)
        result = witness.verb()
        self.assertEqual(result.returncode, 2)
        self.assertIn("others can write to it", result.stderr)

    def test_a_damaged_state_stops_it(self):
        witness = self.appoint(WitnessProgram(self)).start()
        self.wait_cosigned(witness, self.head())
        witness.stop()
        path = witness.state / self.scene.history.hex()
        whole = path.read_bytes()
        before = self.cosigned(witness)
        for damaged in (whole[:-3], whole.replace(b"epoch 1", b"epoch 2"), b"", whole + b"x"):
            path.write_bytes(damaged)
            code, row = witness.status()
            self.assertEqual((code, row["state"]), (5, "DAMAGED"))
            self.assertEqual((row["history"], row["log_key"]), (self.scene.history.hex(), self.wire.log_key.hex()))
        self.grow()
        witness.start().wait_for_log("state_failed")
        self.assertEqual(self.cosigned(witness), before)
        witness.stop()
        path.write_bytes(whole)
        witness.start()
        self.wait_cosigned(witness, self.head())

    def test_another_log_key_is_not_believed(self):
        witness = self.appoint(WitnessProgram(self))
        witness.configure(log_key=bytes(range(1, 33)))
        stands = witness.start().wait_for("REFUSED", last_word="signature")
        self.assertIn("put theirs into the configuration", stands["to_do"])   # whoever mistyped it is told
        self.assertEqual(witness.status()[0], 5)
        self.assertIsNone(self.cosigned(witness))

    def test_what_is_wrong_in_the_configuration_is_not_taken_for_an_appointment(self):
        witness = self.appoint(WitnessProgram(self))
        line = next(row for row in witness.config.read_text().splitlines() if row.startswith("broker = "))
        witness.config.write_text(witness.config.read_text().replace(line, line.rsplit(" ", 1)[0] + " " + bytes(range(1, 33)).hex()))
        stands = witness.start().wait_for("NEVER", last_word="SERVER_KEY")
        self.assertIn("broker are what comity context show prints", stands["to_do"])

    def test_the_sample_is_a_configuration_once_it_is_filled_in(self):
        witness = self.appoint(WitnessProgram(self))
        own = witness.config.read_text()
        for sample in ((ROOT / "deploy" / "witness.ini").read_text(), witness.verb("--help-config").stdout):
            witness.config.write_text(sample)
            self.assertEqual(witness.verb("--check").returncode, 2)   # it has the zeros, or the blanks, of a sample
            lines = dict(line.split(" = ", 1) for line in own.splitlines() if " = " in line)
            filled = []
            for line in sample.splitlines():
                name = line.removeprefix("# ").split(" =")[0]
                filled.append(f"{name} = {lines[name]}" if " =" in line and name in lines else line)
            witness.config.write_text("\n".join(filled).replace("# [history NAME]", "[history trial]") + "\n")
            result = witness.verb("--check")
            self.assertEqual(result.returncode, 0, result.stderr + witness.config.read_text())
        witness.config.write_text(own)

    def test_bad_command_lines_and_configurations(self):
        witness = self.appoint(WitnessProgram(self))
        for arguments, words, code in [
                (("dance",), "no such verb", 2), (("accept",), "Give the history", 2), (("accept", "trial"), "Give the epoch", 2), (("note",), "Give the history", 2),
                (("note", "nobody"), "no such history", 2), (("note", "trial"), "was cosigned yet", 1), (("note", "trial", "2"), "more than", 2),
                (("accept", "nobody", "2"), "no such history", 2), (("accept", "trial", "x"), "is a number", 2),
                (("accept", "trial", "0"), "is a number", 2), (("accept", "trial", "2"), "Nothing was seen", 2),
                (("accept", "trial", "2", "3"), "more than this takes", 2),
                (("accept", "trial", "2", "--log-key", "zz"), "64 hexadecimal digits", 2), (("status", "--log-key", "00" * 32), "more than this takes", 2),
                 (("status", "trial"), "more than this takes", 2),
                (("--colour",), "usage", 2)]:
            result = witness.verb(*arguments)
            self.assertIn(words, result.stderr)
            self.assertEqual(result.returncode, code, result.stderr)
        good = witness.config.read_text()
        for old, new, words in [("name = labour-box", "name = Labour Box", "name: "), ("interval_s = 1", "interval_s = 0", "interval_s"),
                                ("log_key = ", "log_key = zz", "log_key"), ("tcp://", "udp://", "endpoint"),
                                ("[history trial]", "[history Trial!]", "is not 1 to 40"), ("log_level = debug", "log_level = loud", "log_level"),
                                ("state = ", "colour = ", "colour")]:
            witness.config.write_text(good.replace(old, new, 1))
            result = witness.verb("--check")
            self.assertEqual(result.returncode, 2, (new, result.stdout))
            self.assertIn(words, result.stderr)
        witness.config.write_text(good.replace("witness.key", "nowhere/witness.key"))
        result = witness.verb("key")
        self.assertEqual(result.returncode, 2)
        self.assertIn("there is no such folder", result.stderr)
        witness.config.write_text(good.replace("[history trial]", "[history first]") + good[good.index("[history"):])
        self.assertIn("are the same history", witness.verb("--check").stderr)


if __name__ == "__main__":
    main()
