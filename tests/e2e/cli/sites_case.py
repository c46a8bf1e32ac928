"""Three sites of one group, and people with a home each, who founded a partnership in it.

    class Case(SitesCase):
        def test_x(self):
            self.ask("ada", "whoami"); self.sites.stop("broker", "north")

Who belongs to which site is in AT: the broker of it is the first, or the only one, that they are given."""

import json
import os
import re
import sys
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "support" / "python"), os.environ["COMITY_CONTRACT_DIR"]]

from cli_case import BUILD, World  # noqa: E402
from comity_sites import Loopback, Sites  # noqa: E402

NAMES = ["north", "south", "east"]


class SitesWorld(World):
    def __init__(self, list_number=0, brokers=1, log=None, names=NAMES):
        """@brokers: how many of them the place that people are given has; the first site's comes first."""
        super().__init__()
        self.brokers = brokers
        try:
            self.sites = Sites(BUILD, Loopback(self.directory, names), log=log)
            self.sites.list_number = list_number
            self.sites.__enter__()
            self.data.mkdir()
            self.write_place("north")
        except BaseException:
            super().close()
            raise

    def close(self):
        self.sites.__exit__()
        super().close()

    def home_at(self, who, *names):
        """@who knows no brokers but those of these sites, in this order. Returns what takes that back."""
        file = self.home(who) / "contexts" / "lakeside.ini"
        text = file.read_text()
        brokers = [(name, *self.sites.brokers(name)[0]) for name in names]
        file.write_text(re.sub(r"\[broker [^\[]*", "", text) + "".join(
            f"\n[broker {name}]\nendpoint = {endpoint}\nkey = {key.hex()}\n" for name, endpoint, key in brokers))
        return lambda: file.write_text(text)

    def write_place(self, first):
        brokers = [{"endpoint": endpoint, "key": key.hex()} for endpoint, key in self.sites.brokers(first)[:self.brokers]]
        (self.data / "place.json").write_text(json.dumps({"group_key": self.sites.group_key.hex(), "brokers": brokers}))

    def found(self, draft="founding.draft"):
        self.ask("operator", "context", "add", "local", "--place", self.data / "place.json")
        self.prepare(draft)
        return self.ask("operator", "draft", "submit", draft, "--context", "local", "--token-file", self.sites.directory / "token")


class SitesCase(unittest.TestCase):
    list_number, brokers, has_seats = 0, 1, True

    def setUp(self):
        self.world = SitesWorld(self.list_number, self.brokers)
        self.addCleanup(self.world.close)
        self.sites = self.world.sites
        self.world.found()
        if self.has_seats:
            self.world.seat_everybody()

    def ask(self, who, *words, **options):
        return self.world.ask(who, *words, **options)
