"""Members who leave, and what is told of them to those who stay."""

import hashlib
import itertools
import json
import re
import subprocess
import unittest

from cli_case import COMITY, CliCase, USAGE


class Leaving(CliCase):
    def join(self, who, name, file):
        self.ask("ada", "invite", name, "--out", file)
        return self.ask(who, "join", file)["number"]

    def test_who_left_is_seen_to_have_left(self):
        first = self.join("lou", "Lou Berg", "lou.invitation")
        self.ask("ada", "body", "create", "board", "--title", "Board", "--seats", "union=2", *self.world.with_key("carla"))
        self.ask("ada", "seat", "assign", "board", 1, "Lou Berg")
        self.ask("ada", "seat", "assign", "board", 2, "Ada Okafor")
        self.ask("ada", "rule", "adopt", "consensus", "--as", "of-the-board", "--body", "board",
                 *self.world.with_key("carla"))
        rows = {row["number"]: row["has_valid_key"] for row in self.ask("ada", "member", "list")["members"]}
        self.assertTrue(rows[first])
        code, output, errors = self.world.comity("ada", "key", "revoke", "lou berg")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("The key of Lou Berg is revoked.", output)
        self.assertIn("They still hold seat 1 of board: comity seat vacate board 1\n", output)
        self.ask("ada", "invite", "Lou Berg", "--out", "lou-2.invitation")
        members = {row["number"]: row["has_valid_key"] for row in self.ask("ben", "member", "list")["members"]}
        self.assertEqual((members[first], members[1]), (False, True))
        seats = self.ask("ben", "body", "show", "board")["seats"]
        self.assertEqual([row["has_valid_key"] for row in seats], [False, True])
        for words in (["member", "list"], ["body", "show", "board"]):
            shown = self.world.comity("ben", *words)[1].splitlines()
            for line in shown:
                if "Lou Berg" in line or "Ada Okafor" in line:
                    self.assertEqual("Lou Berg" in line, line.endswith("no valid key"), line)
        self.ask("eli", "session", "convene", "board", "Without Lou")
        session = len(self.ask("eli", "session", "list")["sessions"])
        self.ask("eli", "session", "open", session)
        self.ask("ada", "checkin", session, "north")
        item = self.ask("ada", "item", "add", session, "x")["number"]
        proposal = self.ask("ada", "proposal", "make", item, "x", "--text", "x")["number"]
        number = self.ask("eli", "round", "open", proposal, "--rule", "of-the-board")["number"]
        roll = self.ask("ada", "round", "show", number)["roll"]
        self.assertEqual([row["has_valid_key"] for row in roll if row["member"] == first], [False])
        # Two of one name: the one with a key is meant, and the other one by number.
        second = self.ask("lou", "join", "lou-2.invitation")["number"]
        self.ask("ada", "seat", "assign", "board", 1, "Lou Berg")
        self.assertEqual(self.ask("ada", "body", "show", "board")["seats"][0]["holder"], second)
        self.refuse("ada", "invite", "Lou Berg", "--out", "lou-3.invitation", name="CONFUSABLE")
        self.ask("ada", "key", "revoke", str(second))
        error = self.refuse("ada", "seat", "assign", "board", 1, "Lou Berg", name="USAGE", exit=USAGE)
        self.assertEqual(error["what"], f"2 members are called `Lou Berg`: {first} (union, no valid key), "
                         f"{second} (union, no valid key).")
        self.assertIn("number", error["next"])

    def keys_of_invitations(self):
        return {row["key"] for row in self.ask("ada", "invitation", "list")["invitations"]}

    def test_both_see_the_invitations_fingerprint(self):
        """Who invites and who joins, a member who comes back too: it is that of the key which is on the list."""
        said = "The invitation's fingerprint, for both of you to compare: {}\n"
        for number, words in enumerate((("invite", "Ola Berg"), ("member", "recover", "Ola Berg"))):
            file, who = f"ola-{number}.invitation", f"ola-{number}"
            before = self.keys_of_invitations()
            invited = self.ask("ada", *words, "--out", file)
            key, = self.keys_of_invitations() - before
            digest = hashlib.sha256(bytes.fromhex(key)).hexdigest()[:16]
            self.assertEqual(invited["fingerprint"], " ".join(digest[at:at + 4] for at in range(0, 16, 4)))
            joined = self.ask(who, "join", file)
            self.assertEqual(joined["invitation_fingerprint"], invited["fingerprint"])
            self.assertNotEqual(joined["fingerprint"], invited["fingerprint"])
        code, output, errors = self.world.comity("ada", "invite", "Olo Dahl", "--out", "olo.invitation")
        self.assertEqual((code, errors), (0, ""))
        shown = re.search(said.format("(.+)"), output)[1]
        self.assertIn(said.format(shown), self.world.comity("olo", "join", "olo.invitation")[1])
        self.assertIn(shown, self.world.comity("ada", "invitation", "list")[1])

    def test_an_invitation_is_withdrawn(self):
        self.ask("ada", "invite", "Pia Roth", "--out", "pia.invitation")
        row = [row for row in self.ask("ada", "invitation", "list")["invitations"] if row["name"]["text"] == "Pia Roth"][0]
        self.assertTrue(row["is_open"])
        line = [line for line in self.world.comity("ada", "invitation", "list")[1].splitlines() if "Pia Roth" in line][0]
        self.assertTrue(line.endswith("  open"), line)
        fingerprint = re.search(r"([0-9a-f]{4} ){3}[0-9a-f]{4}", line)[0]
        error = self.refuse("ada", "key", "revoke", "pia roth", name="NOT_FOUND")
        self.assertIn("is invited, and no member yet", error["what"])
        self.assertIn("comity invitation list", error["next"])
        self.refuse("carla", "key", "revoke", fingerprint, name="FORBIDDEN")
        code, output, _ = self.world.comity("ada", "key", "revoke", fingerprint)
        self.assertEqual(code, 0)
        self.assertIn("The invitation is withdrawn.\n", output)
        self.refuse("pia", "join", "pia.invitation", name="INVITATION")
        self.refuse("ada", "key", "revoke", row["key"], name="STATE")
        self.refuse("ada", "key", "revoke", "ab" * 32, name="NOT_FOUND")
        row = [row for row in self.ask("ada", "invitation", "list")["invitations"] if row["name"]["text"] == "Pia Roth"][0]
        self.assertFalse(row["is_open"])

    def test_invitations_end_with_the_key_that_signed_them(self):
        self.ask("ada", "invite", "Quy Tran", "--out", "quy.invitation", "--office", "co-chair")
        self.ask("quy", "join", "quy.invitation")
        self.ask("quy", "invite", "Rob Lee", "--out", "rob.invitation")
        self.ask("ada", "body", "create", "panel", "--title", "Panel", "--seats", "union=1", *self.world.with_key("carla"))
        self.ask("quy", "seat", "assign", "panel", 1, "Quy Tran")
        # One's own key is not revoked by a name alone.
        error = self.refuse("quy", "key", "revoke", "Quy Tran", name="USAGE", exit=USAGE)
        self.assertIn("This is your own key.", error["what"])
        self.assertIn("--yes", error["next"])
        self.ask("quy", "whoami")
        code, output, _ = self.world.comity("quy", "key", "revoke", "Quy Tran", "--yes")
        self.assertEqual(code, 0)
        self.assertIn("Your key is revoked. What you signed before stands. You cannot sign or read here with it any more", output)
        self.assertIn("Your invitation of Rob Lee ends with it.\n", output)
        self.assertIn("You still hold seat 1 of panel. A co-chair of your constituency leaves it empty: comity seat vacate", output)
        self.assertIn("void: the key that signed it is revoked", self.world.comity("ada", "invitation", "list")[1])
        self.refuse("rob", "join", "rob.invitation", name="INVITATION")

    def test_the_ways_to_name_a_key(self):
        for index, way in enumerate(("number", "fingerprint", "key")):
            who = f"moe-{index}"
            number = self.join(who, f"Moe {index}", f"{who}.invitation")
            shown = dict(self.ask(who, "key", "show"), number=number)
            revoked = self.ask("ada", "key", "revoke", shown[way])
            self.assertEqual(revoked["event"]["key_revoked"], {"key": shown["key"], "member": number, "stages": [], "constituency": 0})
            self.assertEqual((revoked["seats"], revoked["invitations"]), ([], []))
        self.refuse("ada", "key", "revoke", "Moe 0", name="NOT_FOUND")
        self.refuse("ada", "key", "revoke", "Nobody", name="NOT_FOUND")


class Characters(CliCase):
    """What names and texts may look like: refused here where it is written, by the worker whoever wrote it."""

    files = itertools.count()

    def invite(self, name, code=None, **options):
        file = f"characters-{next(self.files)}.invitation"
        words = ("ada", "invite", name, "--out", file)
        return self.refuse(*words, name=code, **options) if code else dict(self.ask(*words), file=file)

    def names_of_the_invited(self):
        return [row["name"]["text"] for row in self.ask("ada", "invitation", "list")["invitations"] if not row["recovers"]]

    def test_names_that_look_alike(self):
        self.invite("Noa Stern")
        for name in ("Noa Stern", "noa stern", "No\u0430 Stern", "N\u03bfa Stern", "Noa\u00a0Stern"):
            error = self.invite(name, "CONFUSABLE")
            self.assertIn("can be mistaken for", error["what"])
            self.assertIn("Add what tells the two apart", error["next"])
        # Of whoever is on the roll, of another side too.
        for row in self.ask("ada", "member", "list")["members"]:
            self.invite(row["name"]["text"].upper(), "CONFUSABLE")
        self.invite("Noa Sterm")
        # By the other side too: variants of a letter, signs between and behind.
        for name in ("\uff2eoa Stern", "\u24c3oa Stern", "Noa Ster\u207f", "Noa-Stern", "Noa Stern.", "NoaStern\u2713"):
            self.refuse("carla", "invite", name, "--out", "alike.invitation", name="CONFUSABLE")

    def test_a_look_alike_while_the_key_is_revoked(self):
        """Between a revocation and the way back nobody of the other side takes the name's place."""
        number = self.ask("wes", "join", self.invite("Wes Lind")["file"])["number"]
        self.ask("ada", "key", "revoke", "Wes Lind")
        for name in ("Wes Lind", "W\u0435s Lind"):
            self.refuse("carla", "invite", name, "--out", "alike.invitation", name="CONFUSABLE")
        self.ask("ada", "member", "recover", number, "--out", "wes-back.invitation")
        self.refuse("carla", "invite", "W\u0435s Lind", "--out", "alike.invitation", name="CONFUSABLE")
        self.invite("Wes Lind", "CONFUSABLE")   # who is let back is on the roll: of the own side, too
        self.assertEqual(self.ask("wes-new", "join", "wes-back.invitation")["number"], number)
        names = [row["name"]["text"] for row in self.ask("ada", "member", "list")["members"]]
        self.assertEqual([name for name in names if name.endswith("s Lind")], ["Wes Lind"])
        # Who was invited anew, instead: the way back is refused, and says why.
        self.ask("ada", "key", "revoke", "Wes Lind")
        self.invite("Wes Lind")
        error = self.refuse("ada", "member", "recover", number, "--out", "twice.invitation", name="CONFUSABLE")
        self.assertEqual(error["field"], "invite.member")
        self.assertIn("has a name that this member's can be mistaken for", error["what"])
        self.assertFalse(self.world.file("twice.invitation").exists())

    def test_names_of_all_scripts(self):
        names = ["\u0410\u043d\u043d\u0430 \u0406\u0432\u0430\u043d\u043e\u0432\u0430", "\u03a3\u03bf\u03c6\u03af\u03b1",
                 "\u05d3\u05d5\u05d3 \u05db\u05d4\u05df", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u5c71\u7530\u3000\u592a\u90ce",
                 "Nguy\u1ec5n Th\u1ecb", "Mary O\u2019Neill-Ng (nights)"]
        for name in names:
            self.invite(name)
        shown = self.names_of_the_invited()
        for name in names:
            self.assertIn(name, shown)

    def test_a_name_is_composed_before_it_is_signed(self):
        self.invite("Zoe\u0308 Lind")
        shown = self.names_of_the_invited()
        self.assertIn("Zo\u00eb Lind", shown)
        self.invite("Zo\u00eb Lind", "CONFUSABLE")

    def test_characters_that_mislead(self):
        for name, says in (("Ada \u202efakO", "direction of writing"), ("A\u200bda", "nobody would see"),
                           ("Ada\u0007", "control character"), ("Ada  B", "two in a row")):
            error = self.invite(name, "TEXT", exit=USAGE)
            self.assertIn(says, error["what"])


class Names(CliCase):
    """Whoever reads the record learns the names in it, wherever they were given."""

    def test_on_pages_of_one(self):
        self.ask("ada", "invite", "Fay Lind", "--out", "fay.invitation")
        self.ask("fay", "join", "fay.invitation")
        whole = self.ask("ada", "events")["events"]
        self.assertEqual(whole[-1]["event"]["invitation_redeemed"]["member"]["name"]["text"], "Fay Lind")
        for row in whole:
            page = self.ask("ada", "events", "--from", row["sequence"], "--limit", 1)["events"]
            self.assertEqual(page, [row])

    def test_of_who_joins_meanwhile(self):
        head = self.ask("ada", "events")["next"]
        command = [COMITY, "events", "--follow", "--from", str(head - 1), "--home", self.world.home("ada")]
        follows = [subprocess.Popen(command + words, stdout=subprocess.PIPE, text=True) for words in ([], ["--json"])]
        try:
            for follow in follows:
                follow.stdout.readline()
            self.ask("ada", "invite", "Gus Holm", "--out", "gus.invitation")
            for follow in follows:
                follow.stdout.readline()
            number = self.ask("gus", "join", "gus.invitation")["number"]
            line, row = follows[0].stdout.readline(), json.loads(follows[1].stdout.readline())
            self.assertIn("Gus Holm: ", line)
            self.assertNotIn(f"#{number}", line)
            self.assertEqual(row["event"]["invitation_redeemed"]["member"]["name"]["text"], "Gus Holm")
        finally:
            for follow in follows:
                follow.kill()
                follow.wait()
                follow.stdout.close()


class Drafts(CliCase):
    """What those who are asked to sign see, and what is said once it is done."""

    def test_a_draft_names_people_and_times(self):
        self.ask("ada", "invite", "Nia Falk", "--out", "nia.invitation", "--office", "recorder", "--draft", "nia.draft",
                 "--cosigner", "Carla Weiss")
        for words in (["draft", "show", "nia.draft"], ["draft", "sign", "nia.draft"]):
            code, output, errors = self.world.comity("carla", *words)
            self.assertEqual((code, errors), (0, ""))
            self.assertRegex(output, r"\n  expires: 20\d\d-\d\d-\d\d \d\d:\d\d ")
            self.assertNotIn("expires_ms", output)
            self.assertIn("\n  constituency: union\n", output)
            self.assertRegex(output, r"has signed +Ada Okafor \(union\)\n")
            self.assertRegex(output, r"  Carla Weiss \(management\)\n")
        code, output, errors = self.world.comity("carla", "draft", "submit", "nia.draft")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("Nia Falk is invited until 20", output)
        # Who has no context of it, or whose broker is out of reach, sees the draft all the same.
        self.assertIn("has signed", self.world.comity("stranger", "draft", "show", "nia.draft")[1])

    def test_a_draft_tells_what_it_made(self):
        for words, said in ((["site", "add", "mill", "--title", "Mill", "--time-zone", "UTC"], "Site mill is number 3."),
                            (["body", "create", "one", "--title", "One", "--seats", "union=1"],
                             "Body one is number 2, with 1 seat. Next, by each side's co-chair: comity seat assign one SEAT"),
                            (["rule", "adopt", "consensus", "--as", "drafted", "--body", "steering"],
                             "Rule drafted, version 1, is number 2.")):
            self.ask("ada", *words, "--draft", "made.draft", "--cosigner", "Carla Weiss")
            signed = self.world.comity("carla", "draft", "sign", "made.draft")[1]
            if words[0] == "rule":
                self.assertIn("To decide by it: body steering.", signed)
            code, output, _ = self.world.comity("carla", "draft", "submit", "made.draft")
            self.assertEqual(code, 0)
            self.assertIn(said, output)
            self.world.file("made.draft").unlink()


if __name__ == "__main__":
    unittest.main()
