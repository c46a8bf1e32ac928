"""A site that cannot reach the others: what it has is shown, and that there may be more is said once, below."""

import re
import shutil
import signal
import subprocess
import unittest

from cli_case import BUILD, COMITY, DONE, TIMEOUT_S, UNREACHABLE, CliCase, World

SENTENCE = "this site cannot reach the others at the moment, so there may be more."


class CutOff(unittest.TestCase):
    """With a worker that is never sure to have all."""

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        programs = cls.world.directory / "programs"
        programs.mkdir()
        for name, program in (("comity", "comity"), ("comity-broker", "comity-broker"),
                              ("comity-worker", "tests/comity-worker-is-cut-off")):
            shutil.copy(BUILD / program, programs / name)
        cls.programs = programs
        cls.up()
        cls.world.found()
        cls.world.seat_everybody()

    @classmethod
    def up(cls):
        subprocess.run([cls.programs / "comity", "up", "--data", cls.world.data, "--detach", "--home", cls.world.home("operator")],
                       check=True, capture_output=True, timeout=TIMEOUT_S)

    def head(self):
        return self.world.ask("ada", "events")["next"] - 1

    def test_it_is_said_once_below(self):
        for words in (("member", "list"), ("events",), ("whoami",), ("site", "list")):
            code, output, errors = self.world.comity("ada", *words)
            self.assertEqual((code, errors), (DONE, ""), words)
            self.assertEqual(output.count(SENTENCE), 1, output)
            self.assertTrue(output.endswith(f"As of event {self.head()}: {SENTENCE}\n"), output)

    def test_programs_are_told(self):
        document = self.world.ask("ada", "member", "list")
        self.assertEqual(document["not_fresh"], {"as_of": self.head(), "moving": False})

    def test_who_follows_is_told_once_and_not_among_the_events(self):
        for words in (("events", "--follow"), ("watch", 1)):
            process = subprocess.Popen([COMITY, *map(str, words), "--home", self.world.home("ada")], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            try:
                self.assertEqual(process.stderr.readline(), f"As of event {self.head()}: {SENTENCE}\n")
                process.send_signal(signal.SIGINT)
                output, errors = process.communicate(timeout=TIMEOUT_S)
            finally:
                process.kill()
                process.wait()
            self.assertNotIn(SENTENCE, output + errors)
            self.assertEqual(process.returncode, DONE)

    def test_who_has_seen_more_is_shown_what_was_read_before(self):
        """And neither less than that as what is, nor nothing at all."""
        world, store = self.world, self.world.data / "store"
        world.down()
        shutil.copytree(store, world.directory / "less")
        self.up()
        world.ask("ada", "item", "add", 1, "Recorded, and not here")
        head = self.head()
        shown = world.ask("ada", "item", "list", 1)
        world.down()
        store.rename(world.directory / "more")
        (world.directory / "less").rename(store)
        self.up()
        try:
            read = world.ask("ada", "item", "list", 1, "--timeout", 2, exit=UNREACHABLE)
            self.assertEqual((read["error"]["name"], read["kept"]["as_of"], read["items"]), ("BEHIND", head, shown["items"]))
            self.assertIn(f"as of number {head} in the record", read["error"]["what"])
            _, output, errors = world.comity("ada", "item", "list", 1, "--timeout", 2)
            self.assertIn("Recorded, and not here", output)
            self.assertEqual(errors.count("has not all that was seen here: what follows was read before"), 1, errors)
            # What was never read there is not shown as it is without what was seen.
            self.assertEqual(world.ask("ada", "body", "list", "--timeout", 2, exit=UNREACHABLE)["error"]["name"], "BEHIND")
            self.assertEqual(world.ask("eve", "item", "list", 1)["items"], shown["items"][:-1])  # the control: who has not seen it
            # Who was told the number alone, with no checkpoint: it is the question that is refused.
            context = world.home("eve") / "contexts" / "lakeside.ini"
            context.write_text(re.sub(r"(?m)^seen = \d+$", f"seen = {head}", context.read_text()))
            read = world.ask("eve", "item", "list", 1, "--timeout", 2, exit=UNREACHABLE)
            self.assertEqual((read["error"]["name"], read["items"]), ("BEHIND", shown["items"][:-1]))
            self.assertLess(read["kept"]["as_of"], head)
        finally:
            world.down()
            shutil.rmtree(store)
            (world.directory / "more").rename(store)
            self.up()

    def test_what_is_recorded_is_told_as_ever(self):
        code, output, errors = self.world.comity("ada", "invite", "Rena Voss", "--out", "rena.invitation")
        self.assertEqual((code, errors), (DONE, ""))
        self.assertNotIn(SENTENCE, output)


class InTouch(CliCase):
    """The control: the one site that there is."""

    has_seats = False

    def test_nothing_is_said(self):
        code, output, _ = self.world.comity("ada", "member", "list")
        self.assertEqual(code, DONE)
        self.assertNotIn(SENTENCE, output)
        self.assertNotIn("not_fresh", self.ask("ada", "member", "list"))


if __name__ == "__main__":
    unittest.main()
