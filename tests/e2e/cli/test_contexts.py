"""Two partnerships in one home, used at the same time."""

import json
import os
import signal
import subprocess
import threading
import unittest

from cli_case import CHARTER, COMITY, DONE, FOUNDERS, USAGE, CliCase, until


class TwoPartnerships(CliCase):
    has_seats = False
    loops, calls = 4, 40

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        keys = {who: world.ask(who, "key", "show")["key"] for who, *_ in FOUNDERS}
        charter = CHARTER.replace("lakeside", "riverside").replace("Lakeside", "Riverside")
        world.file("second.ini", charter + "".join(
            f"[founder {who}]\nconstituency = {side}\nname = {name}\nkey = {keys[who]}\noffices = {offices}\n"
            for who, side, name, offices in FOUNDERS))
        world.ask("ada", "found", "prepare", "second.ini", "--place", world.data / "place.json", "--out", "second.draft")
        for who, *_ in FOUNDERS[1:]:
            world.ask(who, "draft", "sign", "second.draft")
        world.ask("operator", "draft", "submit", "second.draft", "--context", "local")

    def test_each_context_has_a_connection_key_of_its_own(self):
        contexts = self.ask("ada", "context", "list")["contexts"]
        names = {context["name"]: context["connection_key"] for context in contexts}
        self.assertEqual(names, {"lakeside": "keys/connection-lakeside.key", "riverside": "keys/connection-riverside.key"})
        for path in names.values():
            self.assertEqual(os.stat(self.world.home("ada") / path).st_mode & 0o777, 0o600)

    def test_a_key_of_its_own_is_found_from_everywhere(self):
        """Relative to where the person stands, never to the home; and a file that is no key is refused at once."""
        world = self.world
        history = self.ask("ada", "context", "show", "lakeside")["context"]["history"]
        words = ["context", "add", "third", "--place", world.data / "place.json", "--history", history]
        key = world.file("mine.key")
        key.write_bytes((world.home("ada") / "keys" / "signing.key").read_bytes())
        key.chmod(0o644)
        error = self.refuse("new", *words, "--key", "mine.key", name="FILE_MODE", exit=USAGE)
        self.assertEqual(error["next"], "chmod 600 mine.key")
        self.refuse("new", *words, "--key", "no-such.key", name="FILE", exit=USAGE)
        self.refuse("new", *words, "--key", "charter.ini", name="FILE_MODE", exit=USAGE)
        world.file("charter.ini").chmod(0o600)
        self.refuse("new", *words, "--key", "charter.ini", name="MALFORMED", exit=USAGE)
        self.refuse("new", *words[:-2], "--key", "mine.key", name="USAGE", exit=USAGE)
        self.assertEqual(self.ask("new", "context", "list")["contexts"], [])
        key.chmod(0o600)
        self.ask("new", *words, "--key", "mine.key")
        self.assertEqual(self.ask("new", "context", "show")["context"]["signing_key"], str(key.resolve()))
        self.assertEqual(self.ask("new", "whoami")["member"]["number"], 1)

    def call_often(self, context, refused):
        for _ in range(self.calls):
            code, output, errors = self.world.comity("ada", "member", "list", "--context", context, "--json")
            if code != DONE:
                refused.append((context, output, errors))

    def test_neither_gets_in_the_others_way(self):
        head = self.ask("ada", "events", "--context", "riverside")["next"]
        follow = subprocess.Popen([COMITY, "events", "--follow", "--from", str(head), "--json", "--context", "riverside",
                                   "--home", self.world.home("ada")], stdout=subprocess.PIPE, text=True)
        refused = []
        try:
            loops = [threading.Thread(target=self.call_often, args=(("lakeside", "riverside")[i % 2], refused))
                     for i in range(self.loops)]
            for loop in loops:
                loop.start()
            for loop in loops:
                loop.join()
            self.assertEqual(refused, [])
            self.assertIsNone(follow.poll(), "events --follow has ended")
            invited = self.ask("ben", "invite", "Fay Lind", "--out", "fay.invitation", "--context", "riverside")
            row = json.loads(follow.stdout.readline())
            self.assertEqual(row["sequence"], invited["receipt"]["sequence"])
            follow.send_signal(signal.SIGINT)
            until(lambda: follow.poll() is not None, "events --follow to end")
            self.assertEqual(follow.returncode, 0)
        finally:
            follow.kill()
            follow.wait()
            follow.stdout.close()


if __name__ == "__main__":
    unittest.main()
