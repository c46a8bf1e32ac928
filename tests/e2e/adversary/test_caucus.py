"""A caucus of one constituency: a history of its own, in an installation of the constituency's own. It works from the founding to
a ratification, and of it nothing is in the joint installation or with the other side but the result that was carried over.

Run by CTest with COMITY_BUILD set to the build directory."""

import secrets
import unittest

from canary import Canary, files, found
from hostile import ROOT  # noqa: F401  (where the modules of the command line's tests are)

from cli_case import CliCase

CHARTER = """[partnership]
name = nurses
title = Nurses United, among themselves
[constituency union]
kind = worker
standing = party
title = Nurses United
[site hall]
title = Union Hall
time_zone = America/Chicago
"""


class Caucus(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        world = cls.world
        cls.place = world.directory / "union"
        world.ask("steward", "up", "--data", cls.place, "--detach")
        cls.addClassCleanup(world.ask, "steward", "down", "--data", cls.place)
        keys = {who: world.ask(who, "key", "show")["key"] for who in ("ada", "ben")}
        world.file("caucus.ini", CHARTER + "".join(
            f"[founder {who}]\nconstituency = union\nname = {name}\nkey = {keys[who]}\noffices = {offices}\n"
            for who, name, offices in (("ada", "Ada Okafor", "co-chair facilitator"), ("ben", "Ben Ruiz", "co-chair"))))
        world.ask("ada", "found", "prepare", "caucus.ini", "--place", cls.place / "place.json", "--out", "caucus.draft")
        world.ask("ben", "draft", "sign", "caucus.draft")
        world.ask("steward", "draft", "submit", "caucus.draft", "--context", "local")

    def among(self, who, *words, **options):
        return self.ask(who, *words, "--context", "nurses", **options)

    def ratify(self, text):
        """Members vote on a text in their own history: the outcome."""
        self.among("ada", "body", "create", "members", "--title", "The members", "--seats", "union=2")
        self.among("ada", "rule", "adopt", "two-thirds")
        for seat, member in enumerate(("Ada Okafor", "Ben Ruiz"), start=1):
            self.among("ada", "seat", "assign", "members", seat, member)
        self.among("ada", "session", "convene", "members", "Ratification", "--starts", "+1h")
        self.among("ada", "session", "open", 1)
        for who in ("ada", "ben"):
            self.among(who, "checkin", 1, "hall")
        item = self.among("ben", "item", "add", 1, "Do we ratify?")["number"]
        proposal = self.among("ada", "proposal", "make", item, "Ratification", "--text", text)["number"]
        number = self.among("ada", "round", "open", proposal, "--rule", "two-thirds")["number"]
        for who in ("ada", "ben"):
            self.among(who, "vote", number, "yes", "--reason", text)
        shown = self.among("ada", "round", "show", number)["round"]
        if shown["state"] == "OPEN":
            self.among("ada", "round", "close", number)
            shown = self.among("ada", "round", "show", number)["round"]
        return shown["outcome"]["kind"]

    def test_a_ratification_in_a_caucus(self):
        world = self.world
        secret = f"strike-fund-{secrets.token_hex(8)}"
        self.assertEqual(self.ratify(f"We hold out for four weeks: {secret}"), "ADOPTED")
        # Two contexts, switched between; each command goes where it is said to.
        self.assertEqual({row["name"] for row in self.ask("ada", "context", "list")["contexts"]}, {"lakeside", "nurses"})
        self.ask("ada", "context", "use", "nurses")
        self.assertEqual(self.ask("ada", "whoami")["partnership"]["name"], "nurses")
        self.ask("ada", "context", "use", "lakeside")
        self.assertEqual(self.ask("ada", "whoami")["partnership"]["name"], "lakeside")
        # The joint record gets the result, as a text, and nothing else.
        result = f"Nurses United has ratified it. {secrets.token_hex(8)}"
        item = self.ask("ada", "item", "add", 1, "Ratification")["number"]
        self.ask("ada", "proposal", "make", item, "Ratified", "--text", result)
        self.check_secret(Canary("secret", secret), result)

    def check_secret(self, canary, result):
        world = self.world
        history = Canary("history", bytes.fromhex(self.ask("ada", "context", "show", "nurses")["context"]["history"]))
        for who, file in (("carla", "joint.record"), ("eli", "neutral.record")):
            self.ask(who, "export", file)
            self.assertIn(result.encode(), world.file(file).read_bytes())
            self.assertEqual(found([canary, history], world.file(file).read_bytes(), file), [])
        for directory in (world.data, world.home("carla"), world.home("dev"), world.home("eli"), world.home("operator")):
            for path, content in files(directory):
                self.assertEqual(found([canary, history], content, str(path)), [])
        # Whoever is not of the constituency cannot read it, even by its place and its history's id.
        self.ask("carla", "context", "add", "peek", "--place", self.place / "place.json", "--history", history.content.hex())
        try:
            self.refuse("carla", "whoami", "--context", "peek", name="GRANT")
        finally:
            self.ask("carla", "context", "remove", "peek")
        # The control: a member's own copy has it.
        self.among("ada", "export", "own.record")
        own = world.file("own.record").read_bytes()
        self.assertTrue(canary.forms_in(own) and history.forms_in(own))


if __name__ == "__main__":
    unittest.main(verbosity=2)
