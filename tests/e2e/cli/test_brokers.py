"""The list of brokers: who knows one of them learns the others, and goes on over them once it is gone."""

import json
import stat
import unittest

import nacl.signing

from cli_case import DONE, UNREACHABLE
from sites_case import NAMES, SitesCase
from comity_installation import write_connection_key


class Learning(SitesCase):
    list_number = 1

    def context(self, who):
        return self.ask(who, "context", "show")["context"]

    def kept(self, who):
        return self.world.home(who) / "contexts" / "lakeside.brokers"

    def sites_of(self, who):
        return [broker["site"] for broker in self.context(who)["brokers"]]

    def test_who_knows_one_broker_goes_on_over_the_others(self):
        proposal = self.world.propose()
        number = self.world.open_round(proposal)
        context = self.context("ada")
        self.assertEqual(len(context["place"]["brokers"]), 1)
        self.assertEqual(context["broker_list"], 1)
        self.assertEqual(self.sites_of("ada"), ["north", "east", "south"])
        self.assertEqual(stat.S_IMODE(self.kept("ada").stat().st_mode), 0o600)
        self.sites.stop("broker", "north")
        self.ask("ada", "vote", number, "agree")
        self.assertEqual(self.ask("carla", "vote", number, "agree")["exit"], DONE)
        doctor = self.ask("ada", "doctor", exit=None)
        shown = json.dumps(doctor)
        for endpoint, _ in self.sites.brokers():
            self.assertIn(endpoint, shown)

    def write_place(self, first):
        self.world.brokers = 3
        self.world.write_place(first)
        return self.world.data / "place.json"

    def change_site(self):
        """By a context that is made anew with it, or by the order in the file of the one that is there; an operator's learns no list."""
        self.ask("dev", "whoami")
        before = self.context("dev")
        self.assertEqual(self.sites_of("dev"), ["north", "east", "south"])
        key = (self.world.home("dev") / "keys" / "connection-lakeside.key").read_bytes()
        self.ask("dev", "context", "remove", "lakeside", "--yes")
        self.ask("dev", "context", "add", "lakeside", "--place", self.write_place("south"), "--history", before["history"])
        self.assertEqual(self.context("dev")["log_keys"], [])   # learnt anew: what it knew went with it
        self.ask("dev", "whoami")
        self.assertEqual(self.sites_of("dev"), ["south", "north", "east"])
        self.assertEqual(self.context("dev")["log_keys"], before["log_keys"])
        self.assertEqual((self.world.home("dev") / "keys" / "connection-lakeside.key").read_bytes(), key)
        file = self.world.home("dev") / "contexts" / "lakeside.ini"
        first, *brokers = file.read_text().split("\n[broker ")
        file.write_text("\n[broker ".join([first, *(broker.rstrip() + "\n" for broker in brokers[::-1])]))
        self.assertEqual(self.sites_of("dev"), ["south", "east", "north"])   # what was chosen stays
        self.kept("dev").unlink()
        self.assertEqual(self.context("dev")["log_keys"], before["log_keys"])
        self.ask("dev", "whoami")
        self.assertEqual(self.sites_of("dev"), ["east", "north", "south"])
        self.ask("operator", "status", "--context", "local")
        shown = self.ask("operator", "context", "show", "local")["context"]
        self.assertEqual((shown["broker_list"], len(shown["brokers"])), (0, 1))

    def test_who_is_invited_is_given_all_of_them(self):
        self.change_site()
        self.ask("eli", "whoami")
        self.ask("eli", "invite", "Rena Voss", "--out", "rena.invitation")
        self.sites.stop("broker", "north")
        self.ask("rena", "join", "rena.invitation")
        self.assertEqual(len(self.context("rena")["place"]["brokers"]), 3)

    def test_a_later_list_is_taken_up_and_an_earlier_one_is_not(self):
        """By SIGHUP, at one site after the other."""
        self.ask("ada", "whoami")
        fronts, self.sites.list_number = dict(self.sites.fronts), 2
        self.sites.fronts = {name: fronts[name] for name in ("north", "south")}
        for name in NAMES:
            self.sites.reload(name)
        self.ask("ada", "whoami")
        self.assertEqual(self.sites_of("ada"), ["north", "south"])
        self.assertEqual(self.context("ada")["broker_list"], 2)
        self.sites.fronts, self.sites.list_number = fronts, 1
        for name in NAMES:
            self.sites.reload(name)
        self.ask("ada", "whoami")
        self.assertEqual(self.sites_of("ada"), ["north", "south"])

    def test_a_list_that_a_stranger_signed_is_not_followed(self):
        """Its form and its group are right; the key is nobody's whom this context knows."""
        self.ask("ada", "whoami")
        self.ask("dev", "whoami")
        true = json.loads(self.kept("ada").read_text())
        packed = bytes.fromhex(true["brokers"])
        forged = nacl.signing.SigningKey.generate().sign(b"comity/v1/brokers\0" + packed).signature
        self.assertNotEqual(forged.hex(), true["signature"])
        self.kept("ada").write_text(json.dumps({**true, "signature": forged.hex()}))
        self.assertEqual(self.context("ada")["broker_list"], 0)
        self.assertEqual(self.sites_of("ada"), [""])
        self.sites.stop("broker", "north")
        self.ask("ada", "whoami", exit=UNREACHABLE)
        self.ask("dev", "whoami")  # who has the true one


class Replaced(SitesCase):
    """A site was replaced while somebody was away: what answers at its broker's address has another key."""

    list_number = 1

    def place_of(self, who, *names):
        self.ask(who, "whoami")
        self.world.home_at(who, *names)

    def replace(self, name, is_listed=True):
        endpoint = self.sites.fronts[name]
        self.sites.stop("broker", name)
        (self.sites.directory / name / "broker.key").unlink()
        self.sites.broker_keys[name] = write_connection_key(self.sites.directory / name / "broker.key")
        self.sites.start("broker", name)
        self.assertEqual(self.sites.fronts[name], endpoint)
        self.sites.list_number = 2
        if not is_listed:
            del self.sites.fronts[name]
        for other in NAMES:
            self.sites.stop("worker", other)
        for other in NAMES:
            self.sites.start("worker", other)
        self.sites.leader()

    def test_doctor_judges_by_the_list(self):
        """As the first command: of who has no list, of who has the one before, and of who was given no other broker."""
        self.place_of("dev", "south", "north")
        (self.world.home("dev") / "contexts" / "lakeside.brokers").unlink()
        self.place_of("ada", "south", "north")
        self.place_of("eli", "south")
        self.replace("south")
        for who in ("dev", "ada", "eli"):
            document = self.ask(who, "doctor", exit=None)
            said = json.dumps(document["checks"])
            self.assertEqual((document["problems"], document["exit"]), (0, DONE), said)
            self.assertNotIn("Go no further", said)
            self.assertEqual(said.count("has the right key, and a worker answers"), len(NAMES), said)
            context = self.ask(who, "context", "show")["context"]
            self.assertEqual(context["broker_list"], 2)

    def test_a_key_that_no_list_has_stays_a_problem(self):
        self.place_of("dev", "south", "north")
        self.replace("south", is_listed=False)
        for _ in range(2):
            document = self.ask("dev", "doctor", exit=UNREACHABLE)
            self.assertEqual(document["problems"], 1, document)
            self.assertIn("Go no further", json.dumps(document["checks"]))
        self.assertEqual(self.ask("dev", "context", "show")["context"]["broker_list"], 2)


class WithoutAList(SitesCase):
    """The control: nothing else leads a client to the other brokers."""

    def test_who_knows_one_broker_stays_with_it(self):
        self.assertEqual(len(self.ask("ada", "context", "show")["context"]["brokers"]), 1)
        self.sites.stop("broker", "north")
        self.ask("ada", "member", "list", exit=UNREACHABLE)


if __name__ == "__main__":
    unittest.main()
