"""A decision from the founding to the outcome, as programs drive it: every document of every command."""

import json
import os
import signal
import subprocess
import unittest

from cli_case import COMITY, CliCase, INTERNAL, REFUSED, USAGE, until


class Founding(CliCase):
    has_seats = False

    def test_who_is_who(self):
        me = self.ask("carla", "whoami")
        self.assertEqual(me["member"]["name"]["text"], "Carla Weiss")
        self.assertEqual(me["constituency"]["name"], "management")
        self.assertEqual(me["partnership"]["title"]["text"], "Lakeside Health Partnership")
        shown = self.ask("eli", "partnership", "show")
        self.assertEqual([row["name"] for row in shown["constituencies"]], ["union", "management", "convener"])
        self.assertEqual([row["standing"] for row in shown["constituencies"]], ["PARTY", "PARTY", "NEUTRAL"])
        self.assertEqual([row["name"] for row in shown["sites"]][:2], ["north", "south"])
        # The history's id was known before it was founded: it is what the founders signed.
        draft = self.ask("ada", "draft", "show", "founding.draft")["draft"]
        self.assertEqual(draft["history"], shown["history"])
        self.assertEqual(draft["missing"], 0)

    def test_one_founder_is_missing(self):
        self.world.file("two.ini", self.world.file("charter.ini").read_text().replace("lakeside", "seaside"))
        self.ask("ada", "found", "prepare", "two.ini", "--place", self.world.data / "place.json", "--out", "two.draft")
        error = self.refuse("operator", "draft", "submit", "two.draft", name="COSIGNERS")
        self.assertIn("comity draft sign", error["next"])
        self.refuse("operator", "draft", "submit", "two.draft", "--token-file", "no-such", name="COSIGNERS")
        self.assertEqual(len(self.ask("ada", "context", "list")["contexts"]), 2)
        self.ask("ada", "context", "use", "lakeside")

    def test_founding_needs_the_token(self):
        """A founder of another charter, with everybody's signatures, and without the operator's leave."""
        self.ask("zoe", "key", "new")
        key = self.ask("zoe", "key", "show")["key"]
        recovery = self.ask("zoe", "key", "new", "--out", "zoe/recovery.key")["key"]
        self.world.file("zoe.ini", "[partnership]\nname = zoo\ntitle = Zoo\n[constituency one]\nkind = worker\n"
                        f"standing = party\ntitle = One\nrecovery = {recovery}\n[site s]\ntitle = S\ntime_zone = UTC\n"
                        f"[founder zoe]\nconstituency = one\nname = Zoe\nkey = {key}\noffices = co-chair\n")
        self.ask("zoe", "found", "prepare", "zoe.ini", "--place", self.world.data / "place.json", "--out", "zoe.draft")
        self.refuse("zoe", "draft", "submit", "zoe.draft", name="FOUNDING")
        self.world.file("wrong.token", "wrong\n")
        self.refuse("zoe", "draft", "submit", "zoe.draft", "--token-file", "wrong.token", name="FOUNDING")
        self.refuse("zoe", "draft", "submit", "zoe.draft", "--token-file", "no-such.token", name="FILE", exit=USAGE)
        self.ask("zoe", "draft", "submit", "zoe.draft", "--token-file", self.world.data / "founding.token")
        self.assertEqual(self.ask("zoe", "whoami")["constituency"]["name"], "one")
        self.refuse("zoe", "draft", "submit", "founding.draft", name="CONFIG", exit=USAGE)

    def test_a_draft_that_was_altered(self):
        document = json.loads(self.world.file("founding.draft").read_text())
        packed = document["submit"]
        for at in range(40, len(packed) - 4, len(packed) // 12):
            other = "A" if packed[at] != "A" else "B"
            document["submit"] = packed[:at] + other + packed[at + 1:]
            self.world.file("altered.draft", json.dumps(document))
            answer = self.world.ask("ada", "draft", "show", "altered.draft", exit=USAGE)
            self.assertNotIn("draft", answer)

    def test_a_key_that_is_not_asked_for(self):
        self.ask("mallory", "key", "new")
        self.refuse("mallory", "draft", "sign", "founding.draft", name="COSIGNERS")
        before = self.world.file("founding.draft").read_text()
        self.ask("ben", "draft", "sign", "founding.draft")
        self.assertEqual(json.loads(before), json.loads(self.world.file("founding.draft").read_text()))

    def test_invitations(self):
        self.refuse("eli", "invite", "Nobody", "--out", "nobody", "--office", "king", name="USAGE", exit=USAGE)
        self.ask("ada", "invite", "Fay Lind", "--out", "fay.invitation", "--office", "adviser")
        self.assertEqual(os.stat(self.world.file("fay.invitation")).st_mode & 0o777, 0o600)
        self.refuse("ada", "invite", "Fay Lind", "--out", "fay.invitation", name="EXISTS", exit=USAGE)
        rows = self.ask("ada", "invitation", "list")["invitations"]
        row = [row for row in rows if row["name"]["text"] == "Fay Lind"][0]
        self.assertEqual((row["name"]["text"], row["offices"], row["member"]), ("Fay Lind", ["ADVISER"], 0))
        joined = self.ask("fay", "join", "fay.invitation")
        self.assertEqual(joined["context"], "lakeside")
        self.assertEqual(self.ask("fay", "whoami")["member"]["number"], joined["number"])
        # One time is one time; and whoever comes too late keeps nothing of it.
        self.refuse("gus", "join", "fay.invitation", name="INVITATION")
        self.assertEqual(self.ask("gus", "context", "list")["contexts"], [])
        self.refuse("fay", "invite", "Another", "--out", "another", name="FORBIDDEN")
        self.assertFalse(self.world.file("another").exists())

    def test_no_side_makes_its_own_facilitator(self):
        invite = ["invite", "Hal Stone", "--out", "hal.invitation", "--office", "facilitator"]
        self.refuse("ada", *invite, name="COSIGNERS")
        self.assertFalse(self.world.file("hal.invitation").exists())
        self.ask("ada", *invite, *self.world.with_key("carla"))
        self.ask("hal", "join", "hal.invitation")
        self.assertEqual(self.ask("hal", "whoami")["member"]["offices"], ["FACILITATOR"])

    def test_revoking_a_key(self):
        self.ask("ada", "invite", "Ira Short", "--out", "ira.invitation")
        number = self.ask("ira", "join", "ira.invitation")["number"]
        key = self.ask("ira", "key", "show")["key"]
        self.refuse("carla", "key", "revoke", key, name="FORBIDDEN")
        self.ask("ada", "key", "revoke", key)
        rows = [row for row in self.ask("ada", "key", "list", "--all")["keys"] if row["member"] == number]
        self.assertNotEqual(rows[0]["revoked"], 0)
        error = self.world.ask("ira", "whoami", exit=REFUSED)["error"]
        self.assertIn(error["name"], ("KEY_REVOKED", "GRANT"))
        self.assertNotIn("whoami", error["next"])

    def test_joining_again_after_a_revocation(self):
        self.ask("ada", "invite", "Jo Hart", "--out", "jo.invitation")
        first = self.ask("jo", "join", "jo.invitation")["number"]
        old = self.world.home("jo") / "keys" / "signing.key"
        before = old.read_bytes()
        # A member needs no second membership, and the invitation stays good for somebody else.
        self.refuse("ada", "invite", "Jo Hart", "--out", "jo-2.invitation", name="CONFUSABLE")
        self.ask("ada", "invite", "Jo Hart, again", "--out", "jo-2.invitation", "--office", "co-chair")
        error = self.refuse("jo", "join", "jo-2.invitation", name="EXISTS")
        self.assertIn("You are a member already", error["what"])
        self.assertEqual(self.ask("jo", "whoami")["member"]["number"], first)
        self.assertFalse((self.world.home("jo") / "keys" / "signing-2.key").exists())
        # Where the context was lost, it is back.
        (self.world.home("jo") / "contexts" / "lakeside.ini").unlink()
        self.refuse("jo", "join", "jo-2.invitation", name="EXISTS")
        self.assertEqual(self.ask("jo", "whoami")["member"]["number"], first)
        self.ask("ada", "key", "revoke", self.ask("jo", "key", "show")["key"])
        joined = self.ask("jo", "join", "jo-2.invitation")
        self.assertEqual(joined["context"], "lakeside")
        self.assertEqual(old.read_bytes(), before)
        new = self.world.home("jo") / "keys" / "signing-2.key"
        self.assertEqual(os.stat(new).st_mode & 0o777, 0o600)
        self.assertEqual(self.ask("jo", "whoami")["member"]["number"], joined["number"])
        self.assertNotEqual(joined["number"], first)
        # Its rights are the new key's: as a co-chair it invites, and signs what others drafted.
        self.ask("jo", "invite", "Kit", "--out", "kit.invitation")
        drafted = self.ask("carla", "site", "add", "east", "--title", "East", "--time-zone", "UTC", "--draft",
                           "east.draft", "--cosigner", str(joined["number"]))
        self.assertEqual(drafted["draft"]["missing"], 1)
        self.assertEqual(self.ask("jo", "draft", "sign", "east.draft")["draft"]["missing"], 0)
        self.ask("jo", "draft", "submit", "east.draft")
        # An invitation that is used up leaves everything as it is.
        self.ask("ada", "key", "revoke", self.ask("jo", "key", "show", new)["key"])
        self.refuse("jo", "join", "kit.invitation-that-is-not-there", name="FILE", exit=USAGE)
        self.refuse("jo", "join", "jo-2.invitation", name="INVITATION")
        self.assertFalse((self.world.home("jo") / "keys" / "signing-3.key").exists())

    def test_a_key_that_others_can_read(self):
        self.ask("lea", "key", "new")
        self.ask("ada", "invite", "Lea", "--out", "lea.invitation")
        key = self.world.home("lea") / "keys" / "signing.key"
        key.chmod(0o644)
        for words in (["key", "show"], ["draft", "sign", "founding.draft"], ["join", "lea.invitation"]):
            error = self.refuse("lea", *words, name="FILE_MODE", exit=USAGE)
            self.assertEqual(error["next"], f"chmod 600 {key}")
            self.assertIn(str(key), error["what"])

    def test_joint_acts(self):
        add = ["site", "add", "west", "--title", "West Clinic", "--time-zone", "America/Denver"]
        self.refuse("ada", *add, name="COSIGNERS")
        self.refuse("ada", *add, "--cosigner", "Carla Weiss", name="USAGE", exit=USAGE)
        error = self.refuse("ada", *add, "--draft", "alone.draft", name="USAGE", exit=USAGE)
        self.assertIn("--cosigner WHO, one co-chair of every party", error["what"])
        self.assertFalse(self.world.file("alone.draft").exists())
        drafted = self.ask("ada", *add, "--draft", "west.draft", "--cosigner", "Carla Weiss")
        self.assertEqual(drafted["draft"]["missing"], 1)
        self.assertNotIn("receipt", drafted)
        self.refuse("ada", "draft", "submit", "west.draft", name="COSIGNERS")
        self.assertEqual(self.ask("carla", "draft", "sign", "west.draft")["draft"]["missing"], 0)
        self.ask("carla", "draft", "submit", "west.draft")
        self.assertIn("west", [row["name"] for row in self.ask("ben", "site", "list")["sites"]])
        self.refuse("ada", *add, *self.world.with_key("carla"), name="EXISTS")
        self.refuse("ada", *add, "--with", "no-such.key", name="FILE", exit=USAGE)


class Admission(CliCase):
    has_seats = False

    def test_admitting_a_constituency(self):
        keys = {who: self.ask(who, "key", "new")["key"] for who in ("hal", "ida")}
        self.world.file("admit.ini", "[constituency clerks]\nkind = worker\nstanding = party\ntitle = Clerks\n" + "".join(
            f"[founder {who}]\nconstituency = clerks\nname = {who}\nkey = {key}\noffices = co-chair\n"
            for who, key in keys.items()))
        admit = ["constituency", "admit", "admit.ini"]
        error = self.refuse("ada", *admit, *self.world.with_key("carla"), name="COSIGNERS")
        self.assertIn("their keys are not among those of --with: hal and ida.", error["what"])
        self.ask("ada", *admit, *self.world.with_key("carla"), *self.world.with_key("hal"), *self.world.with_key("ida"))
        self.assertIn("clerks", [row["name"] for row in self.ask("ben", "constituency", "list")["constituencies"]])
        # They know the place and the history from the draft or from one another.
        history = self.ask("ada", "context", "show")["context"]["history"]
        self.ask("hal", "context", "add", "lakeside", "--place", self.world.data / "place.json", "--history", history)
        self.assertEqual(self.ask("hal", "whoami")["constituency"]["name"], "clerks")
        self.by_draft()

    def by_draft(self):
        """The founders are asked by themselves, and so has to be every party, the one that is there by now as well."""
        keys = {who: self.ask(who, "key", "new")["key"] for who in ("jan", "kai")}
        self.world.file("guards.ini", "[constituency guards]\nkind = worker\nstanding = party\ntitle = Guards\n" + "".join(
            f"[founder {who}]\nconstituency = guards\nname = {who}\nkey = {key}\noffices = co-chair\n"
            for who, key in keys.items()))
        admit = ["constituency", "admit", "guards.ini", "--draft", "guards.draft"]
        error = self.refuse("ada", *admit, name="COSIGNERS")
        self.assertIn("Of the party management no co-chair is among those who sign. Its co-chairs: Carla Weiss and Dev Patel.",
                      error["what"])
        error = self.refuse("ada", *admit, "--cosigner", "Carla Weiss", name="COSIGNERS")
        self.assertIn("Of the party clerks no co-chair", error["what"])
        self.assertIn("--cosigner WHO", error["next"])
        self.assertFalse(self.world.file("guards.draft").exists())
        drafted = self.ask("ada", *admit, "--cosigner", "Carla Weiss", "--cosigner", "hal")["draft"]
        self.assertEqual({row["key"] for row in drafted["signatures"]} & set(keys.values()), set(keys.values()))
        self.assertEqual(drafted["missing"], 4)
        for who in ("carla", "hal"):
            self.assertNotIn("context", self.ask(who, "draft", "sign", "guards.draft"))
        self.assertEqual(self.ask("jan", "draft", "sign", "guards.draft")["context"], "guards")
        code, output, _ = self.world.comity("kai", "draft", "sign", "guards.draft")
        self.assertEqual(code, 0)
        self.assertIn("Context guards is made: it works once the draft is submitted.\n", output)
        self.assertIn("Nobody is missing: comity draft submit guards.draft\n", output)
        code, output, _ = self.world.comity("ada", "draft", "submit", "guards.draft")
        self.assertEqual(code, 0)
        self.assertIn("guards is admitted. Its founders who signed with comity draft sign can go on: comity whoami\n", output)
        for who in keys:
            self.assertEqual(self.ask(who, "whoami")["constituency"]["name"], "guards")

    def test_a_cosigner_who_cannot_sign(self):
        add = ["site", "add", "east", "--title", "East", "--time-zone", "UTC"]
        self.ask("carla", "invite", "Lou Berg", "--out", "lou.invitation", "--office", "co-chair")
        self.ask("lou", "join", "lou.invitation")
        self.ask("carla", "key", "revoke", "Lou Berg")
        lou = self.world.with_key("lou")
        error = self.refuse("ada", *add, *self.world.with_key("carla"), *lou, name="KEY_REVOKED")
        self.assertRegex(error["field"], r"cosigners\[[01]\]")
        self.assertRegex(error["what"], r"The key [0-9a-f ]{19} of Lou Berg \(--with .*/lou/keys/signing.key\) is revoked\.")
        self.ask("carla", "invite", "Mia Voss", "--out", "mia.invitation")
        self.ask("mia", "join", "mia.invitation")
        error = self.refuse("ada", *add, *self.world.with_key("mia"), name="FORBIDDEN")
        self.assertIn("Mia Voss, who is to sign with you", error["what"])
        self.ask("new", "key", "new")
        error = self.refuse("ada", *add, *self.world.with_key("new"), name="KEY_UNKNOWN")
        self.assertIn("belongs to nobody here", error["what"])


class Decision(CliCase):
    def outcome(self, votes):
        """A proposal of its own, one round of these votes; the outcome's document."""
        proposal = self.world.propose()
        number = self.world.open_round(proposal)
        for who, words in votes.items():
            self.ask(who, "vote", number, *words)
        self.ask("eli", "round", "close", number)
        return proposal, self.ask("ada", "outcome", number)

    def test_blocked_revised_adopted(self):
        proposal, blocked = self.outcome({"ada": ["agree"], "ben": ["block", "--reason", "the nights"],
                                          "carla": ["reserved"], "dev": ["agree"]})
        self.assertEqual(blocked["outcome"], "BLOCKED")
        self.assertTrue(any("over by 1" in line for line in blocked["working"]))
        self.assertEqual([row["reason"]["text"] for row in blocked["ballots"] if row["reason"]], ["the nights"])
        self.assertEqual(self.ask("ben", "proposal", "revise", proposal, "--file", "-", input="Not at night.")["version"], 2)
        number = self.world.open_round(proposal)
        for who in ("ada", "ben", "carla", "dev"):
            voted = self.ask(who, "vote", number, "agree")
            self.assertEqual(voted["text"], "Not at night.")
            self.assertEqual(voted["stance"], "AGREE")
        self.assertEqual(self.ask("eli", "round", "close", number)["outcome"], "ADOPTED")
        adopted = self.ask("eve", "outcome", number)
        self.assertEqual(len(adopted["round"]["outcome"]["ballots"]), 4)
        self.assertTrue(all(line.endswith("holds") for line in adopted["working"]))
        row = [row for row in self.ask("ben", "decisions")["decisions"] if row["proposal"] == proposal][0]
        self.assertEqual((row["outcome"], row["state"], row["version"]), ("ADOPTED", "IN_EFFECT", 2))
        self.refuse("eli", "round", "open", proposal, "--rule", "consensus", name="STATE")

    def test_ballots(self):
        number = self.world.open_round(self.world.propose())
        self.refuse("ada", "vote", number, "concern", name="REASON")
        error = self.refuse("ada", "vote", number, "maybe", name="USAGE", exit=USAGE)
        self.assertIn("stand-aside", error["what"])
        first = self.ask("ada", "vote", number, "6", "--reason", "no")
        self.assertEqual(first["stance"], "BLOCK")
        error = self.refuse("ada", "vote", number, "agree", name="EXISTS")
        self.assertIn("--replace", error["next"])
        second = self.ask("ada", "vote", number, "agree", "--replace")
        self.assertEqual(second["replaces"], first["receipt"]["sequence"])
        self.refuse("eve", "vote", number, "agree", name="NOT_ON_ROLL")
        code, output, errors = self.world.comity("eve", "vote", number, "agree")
        self.assertEqual((code, output), (REFUSED, ""))
        self.assertIn("You are not on the roll", errors)
        roll = self.ask("ben", "round", "show", number)["roll"]
        self.assertEqual([row["has_answered"] for row in roll], [True, False, False, False])
        shown = self.world.comity("ben", "round", "show", number)[1]
        self.assertIn("; closes when a facilitator closes it", shown)
        self.assertEqual(shown.count("not yet"), 3)
        self.refuse("eli", "session", "close", 1, name="STATE")
        ballots = self.ask("ben", "ballots", number)
        self.assertEqual([(row["answer"], row["replaces"]) for row in ballots["ballots"]],
                         [(1, first["receipt"]["sequence"])])
        self.assertEqual((ballots["answered"], ballots["eligible"]), (1, 4))
        self.refuse("ada", "outcome", number, name="STATE")
        self.refuse("ben", "round", "close", number, name="FORBIDDEN")
        self.ask("eli", "round", "close", number)
        self.refuse("ben", "vote", number, "agree", name="CLOSED")
        self.refuse("ben", "vote", 999, "agree", name="NOT_FOUND")

    def test_lists(self):
        self.world.propose()
        self.assertEqual([row["holder"] for row in self.ask("ada", "body", "show", "steering")["seats"]], [1, 2, 3, 4])
        shown = self.ask("ada", "session", "show", 1)
        self.assertEqual(sorted(row["site"] for row in shown["presences"]), [1, 1, 2, 2])
        self.assertEqual(shown["absent"], [])
        later = self.ask("eli", "session", "convene", "steering", "Later", "--starts", "+1d")["number"]
        self.ask("eli", "session", "open", later)
        self.ask("ada", "checkin", later, "north")
        self.assertEqual(self.ask("ada", "session", "show", later)["absent"], [2, 3, 4])
        self.assertIn("Not checked in, of those who hold a seat: Ben Ruiz, Carla Weiss and Dev Patel.",
                      self.world.comity("ada", "session", "show", later)[1])
        self.assertEqual(shown["session"]["state"], "OPEN")
        self.assertEqual(self.ask("ada", "rule", "list")["rules"][0]["rule"]["name"], "consensus")
        self.assertEqual(self.ask("ada", "rule", "show", "consensus", "--adopted")["version"], 1)
        for words in (["body", "list"], ["session", "list"], ["item", "list"], ["item", "list", "1"],
                      ["proposal", "list"], ["proposal", "show", "1"], ["round", "list"], ["member", "list"],
                      ["invitation", "list"], ["key", "list"], ["constituency", "list"], ["site", "list"], ["status"],
                      ["decisions"], ["receipt", "list"], ["context", "list"], ["context", "show"], ["errors"],
                      ["rule", "templates"], ["help"], ["help", "round"], ["help", "exit-codes"], ["version"],
                      ["found", "charter"], ["whoami"], ["partnership", "show"]):
            with self.subTest(words=words):
                self.ask("ada", *words)
                code, output, errors = self.world.comity("ada", *words)
                self.assertEqual((code, errors), (0, ""))
                self.assertGreater(len(output), 5)
                self.assertNotIn("(null)", output)

    def test_output_that_nobody_takes(self):
        """What is recorded stays so, whether or not it could be printed."""
        item = self.ask("ben", "item", "add", 1, "A full disk")["number"]
        known = self.ask("ben", "proposal", "list", item)["proposals"]
        for options in ([], ["--json"]):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([COMITY, "proposal", "make", str(item), "Unseen", "--text", "x", "--home",
                                       self.world.home("dev"), *options], stdout=full, stderr=subprocess.PIPE,
                                      text=True, timeout=60)
            self.assertEqual(done.returncode, INTERNAL, done.stderr)
            now = self.ask("ben", "proposal", "list", item)["proposals"]
            self.assertEqual(len(now), len(known) + 1)
            known = now
            number = self.ask("dev", "receipt", "list")["receipts"][-1]["sequence"]
            self.assertIn(f"It was recorded as number {number}, but the output could not be written", done.stderr)
            self.assertNotIn("othing was sent", done.stderr)
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([COMITY, "item", "list", "--home", self.world.home("dev")], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=60)
        self.assertEqual(done.returncode, USAGE)
        self.assertNotIn("recorded", done.stderr)

    def test_a_rule_is_read_before_it_is_signed(self):
        self.ask("ada", "rule", "adopt", "consensus", "--as", "read-first", "--draft", "rule.draft", "--cosigner",
                 "Carla Weiss")
        rule = self.world.comity("carla", "rule", "show", "consensus")[1].splitlines()
        for words in (["draft", "show", "rule.draft"], ["draft", "sign", "rule.draft"]):
            code, output, _ = self.world.comity("carla", *words)
            self.assertEqual(code, 0)
            for line in rule[2:-2]:   # but for the hash, and whether it is FINAL
                self.assertIn(line, output.splitlines())
            self.assertIn("read-first", output)
            self.assertRegex(output, r"\nHash: [0-9a-f]{64}\n")   # of another name, so another one

    def test_a_rule_of_ones_own(self):
        rule = self.ask("ada", "rule", "show", "consensus")["rule"]
        rule["name"] = "strict"
        for test in rule["tests"]:
            if test["name"] == "floor":
                test["numerator"], test["denominator"] = 9, 10
        self.world.file("strict.json", json.dumps({"rule": rule}))
        self.ask("ada", "rule", "adopt", "--file", "strict.json", "--rounds", "3", *self.world.with_key("carla"))
        adopted = self.ask("dev", "rule", "show", "strict", "--adopted")["rule"]
        self.assertEqual(adopted["rounds"], 3)
        self.assertEqual([test["numerator"] for test in adopted["tests"] if test["name"] == "floor"], [9])
        rule["tests"][0]["bound"] = "AT_BEST"
        self.world.file("wrong.json", json.dumps(rule))
        error = self.refuse("ada", "rule", "adopt", "--file", "wrong.json", *self.world.with_key("carla"), name="ENUM",
                            exit=USAGE)
        self.assertIn("tests.bound", error["what"])
        rule["tests"][0]["bound"], rule["tests"][0]["denominator"] = "AT_LEAST", 0
        self.world.file("wrong.json", json.dumps(rule))
        error = self.world.ask("ada", "rule", "adopt", "--file", "wrong.json", *self.world.with_key("carla"),
                               exit=REFUSED)["error"]
        self.assertIn("denominator", error["field"])

    def test_rounds_that_close_by_themselves(self):
        self.ask("ada", "rule", "adopt", "unanimous", *self.world.with_key("carla"))
        number = self.ask("eli", "round", "open", self.world.propose(), "--rule", "unanimous")["number"]
        for who in ("ada", "ben", "carla", "dev"):
            self.ask(who, "vote", number, "agree")
        outcome = self.ask("ada", "outcome", number)
        self.assertEqual((outcome["outcome"], outcome["round"]["cause"]), ("ADOPTED", "ALL_ANSWERED"))
        rule = self.ask("ada", "rule", "show", "consent")["rule"]
        rule["name"], rule["silence"], rule["close"] = "by-friday", "CONSENT", {"at_time": True}
        self.world.file("by-friday.json", json.dumps(rule))
        self.ask("ada", "rule", "adopt", "--file", "by-friday.json", *self.world.with_key("carla"))
        proposal = self.world.propose()
        self.refuse("eli", "round", "open", proposal, "--rule", "by-friday", "--closes", "soon", name="USAGE", exit=USAGE)
        self.world.ask("eli", "round", "open", proposal, "--rule", "by-friday", exit=REFUSED)
        number = self.ask("eli", "round", "open", proposal, "--rule", "by-friday", "--closes", "+6s")["number"]
        self.ask("ada", "vote", number, "agree")
        until(lambda: self.world.comity("ada", "outcome", number)[0] == 0, "the round closes at its time")
        outcome = self.ask("ada", "outcome", number)
        self.assertEqual((outcome["outcome"], outcome["round"]["cause"]), ("ADOPTED", "TIME"))
        self.refuse("ben", "vote", number, "agree", name="CLOSED")

    def test_ballots_that_are_hidden(self):
        rule = self.ask("ada", "rule", "show", "consensus", "--template")["rule"]
        rule["name"], rule["visibility"], rule["close"] = "hidden", "UNTIL_CLOSE", {"at_time": True, "all_answered": True}
        self.world.file("hidden.json", json.dumps(rule))
        self.ask("ada", "rule", "adopt", "--file", "hidden.json", *self.world.with_key("carla"))
        code, opened, _ = self.world.comity("eli", "round", "open", self.world.propose(), "--rule", "hidden", "--closes",
                                            "+2d")
        self.assertEqual(code, 0)
        closing = r"It closes at 20\d\d-\d\d-\d\d \d\d:\d\d \S+, or earlier by a facilitator, or once everybody has answered\."
        self.assertRegex(opened, closing)
        number = self.ask("eli", "round", "list")["rounds"][-1]["number"]
        self.refuse("ada", "vote", number, "block", "--reason", "first\nsecond\x1b[2J", name="TEXT", exit=USAGE)
        code, output, _ = self.world.comity("ada", "vote", number, "block", "--reason", "first\nsecond")
        self.assertEqual(code, 0)
        self.assertRegex(output, closing)
        self.assertEqual([row["has_answered"] for row in self.ask("ada", "round", "show", number)["roll"]],
                         [True, False, False, False])
        # That somebody answered is no secret, also where how is one; replaced or not, and one of two rounds alone.
        other = self.world.open_round(self.world.propose())
        self.ask("dev", "vote", other, "agree")
        self.ask("ada", "vote", number, "block", "--reason", "first\nsecond", "--replace")
        self.assertEqual([row["has_answered"] for row in self.ask("ben", "round", "show", number)["roll"]],
                         [True, False, False, False])
        shown = self.world.comity("ben", "round", "show", number)[1]
        self.assertIn("Every member sees who has answered. How, and why, is hidden until the round closes.\n", shown)
        self.assertRegex(shown, r"Ada Okafor .* yes")
        self.assertNotIn("?", shown.split("there when it opened")[1])
        self.assertNotIn("block", shown.split("there when it opened")[1])
        self.ask("eli", "round", "close", number)
        self.assertEqual([row["has_answered"] for row in self.ask("ben", "round", "show", number)["roll"]],
                         [True, False, False, False])
        output = self.world.comity("ben", "outcome", number)[1]
        self.assertIn("  Ada Okafor (block):\n    first\n    second\n", output)
        self.assertIn("Counted from 1 ballot,", output)

    def test_the_rule_that_is_shown_is_the_one_that_is_meant(self):
        self.ask("ada", "rule", "adopt", "thumbs", "--rounds", "2", *self.world.with_key("carla"))
        self.assertEqual(self.ask("ben", "rule", "show", "thumbs")["rule"]["rounds"], 2)
        self.assertTrue(self.world.comity("ben", "rule", "show", "thumbs")[1].startswith("Adopted "))
        self.assertIsNone(self.ask("ben", "rule", "show", "thumbs", "--template")["number"])
        self.assertTrue(self.world.comity("ben", "rule", "show", "simple-majority")[1].startswith(
            "A template; no rule of this name is adopted\n"))
        self.assertTrue(self.world.comity("nobody", "rule", "show", "thumbs")[1].startswith("A template\n"))
        self.refuse("nobody", "rule", "show", "no-such", name="NOT_FOUND")
        self.refuse("ben", "rule", "show", "simple-majority", "--adopted", name="NOT_FOUND")

    def test_hostile_text_is_refused_and_shown_harmlessly(self):
        item = self.ask("ben", "item", "add", 1, "Who may swap a shift")["number"]
        before = self.ask("ada", "proposal", "list")["proposals"]
        for hostile in ("quiet\x1b[2J", "quiet\x1b[31m", "\u202egnihton\u202c", "ring\x07", "rub\x7f"):
            for words in (["proposal", "make", item, "Shift swaps", "--text", hostile], ["proposal", "make", item, hostile, "--text", "x"]):
                code, output, errors = self.world.comity("dev", *words)
                self.assertEqual((code, output), (USAGE, ""), words)
                self.assertFalse(set(errors) & {"\x1b", "\x07", "\u202e", "\x7f"}, words)
        self.assertEqual(self.ask("ada", "proposal", "list")["proposals"], before)
        code, output, errors = self.world.comity("ada", "vote", "\x1b[31m", "agree")
        self.assertEqual(code, USAGE)
        self.assertNotIn("\x1b", errors)

    def test_the_record(self):
        self.world.propose()
        whole = self.ask("ada", "events")
        sequences = [row["sequence"] for row in whole["events"]]
        self.assertEqual(sequences, list(range(1, len(sequences) + 1)))
        self.assertEqual(whole["events"][0]["kind"], "partnership_founded")
        part = self.ask("ada", "events", "--from", "5", "--limit", "3")
        self.assertEqual(part["events"], whole["events"][4:7])
        self.assertEqual(part["next"], 8)
        copied = self.ask("ada", "export", "copy.comity")
        self.assertEqual(copied["events"], len(sequences))
        self.refuse("ada", "export", "copy.comity", name="EXISTS", exit=USAGE)

    def test_receipts(self):
        own = self.ask("ada", "receipt", "list")["receipts"]
        self.assertTrue(own and all(row["has_receipt"] for row in own))
        shown = self.ask("ada", "receipt", "show", own[-1]["command_id"])
        self.assertEqual((shown["is_own"], shown["is_verified"]), (True, True))
        others = self.ask("ben", "receipt", "show", own[-1]["command_id"])
        self.assertEqual((others["is_own"], others["is_verified"]), (False, True))
        self.refuse("ben", "receipt", "show", "00" * 16, name="NOT_FOUND")
        self.refuse("ben", "receipt", "show", "00", name="USAGE", exit=USAGE)
        self.assertEqual(self.ask("ada", "resubmit")["resubmitted"], [])

    def test_following(self):
        head = self.ask("ada", "events")["next"]
        process = subprocess.Popen([COMITY, "events", "--follow", "--from", str(head), "--json", "--home",
                                    self.world.home("ada")], stdout=subprocess.PIPE, text=True)
        try:
            number = self.ask("ben", "item", "add", 1, "Followed")["number"]
            row = json.loads(process.stdout.readline())
            while row["kind"] != "item_added" or row["event"]["item_added"]["item"]["number"] != number:
                row = json.loads(process.stdout.readline())
            self.assertEqual(row["event"]["item_added"]["item"]["title"]["text"], "Followed")
            # Both daemons die; what comes afterwards is heard as well, and nothing twice.
            for child in ("worker", "broker"):
                os.kill(self.world.pids(child)[0], signal.SIGKILL)
            until(lambda: self.world.comity("ben", "whoami")[0] == 0, "the installation is back")
            after = self.ask("ben", "item", "add", 1, "After")["receipt"]["sequence"]
            last = row["sequence"]
            while last < after:
                row = json.loads(process.stdout.readline())
                self.assertEqual(row["sequence"], last + 1)
                last = row["sequence"]
            process.send_signal(signal.SIGINT)
            self.assertEqual(process.wait(timeout=60), 0)
            self.assertEqual(process.stdout.read(), "")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


if __name__ == "__main__":
    unittest.main()
