"""Keys that are lost and come back, several co-chairs who sign together, and witnesses: what each is told."""

import json
import unittest

from cli_case import REFUSED, USAGE, CliCase

ADA, BEN, CARLA, DEV, ELI, EVE = range(1, 7)


class Back(CliCase):
    has_seats = False

    def join(self, who, name, by="ada"):
        self.ask(by, "invite", name, "--out", f"{who}.invitation")
        return self.ask(who, "join", f"{who}.invitation")["number"]

    def valid_keys(self, member):
        return [row["key"] for row in self.ask("ben", "key", "list", "--all")["keys"]
                if row["member"] == member and row["revoked"] == 0]

    def test_a_member_comes_back_on_another_machine(self):
        number = self.join("fay", "Fay Lind")
        before = self.valid_keys(number)
        # Nobody but her own co-chairs lets her back.
        for who in ("carla", "eli"):
            error = self.refuse(who, "member", "recover", number, "--out", "no.invitation", name="FORBIDDEN")
            self.assertIn("of another constituency", error["what"])
        self.refuse("fay", "member", "recover", number, "--out", "no.invitation", name="FORBIDDEN")
        self.assertFalse(self.world.file("no.invitation").exists())
        code, output, errors = self.world.comity("ada", "member", "recover", "Fay Lind", "--out", "fay-back.invitation")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("Fay Lind can come back until", output)
        self.assertIn("All other keys of Fay Lind end with that.", output)
        rows = self.ask("ben", "invitation", "list")["invitations"]
        self.assertEqual([row["recovers"] for row in rows if row["is_open"] and row["recovers"]], [number])
        line = next(line for line in self.world.comity("ben", "invitation", "list")[1].splitlines()
                    if "Fay Lind" in line and line.endswith("  open"))
        self.assertIn("union", line)
        self.assertEqual(self.valid_keys(number), before)
        code, output, errors = self.world.comity("fay-new", "join", "fay-back.invitation")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn(f"Welcome back, Fay Lind: you are member {number} of", output)
        self.assertIn("1 other key of yours is revoked.", output)
        self.assertEqual(self.ask("fay-new", "whoami")["member"]["number"], number)
        self.assertEqual(self.ask("fay", "whoami", exit=REFUSED)["error"]["name"], "KEY_REVOKED")
        self.assertEqual(len(self.valid_keys(number)), 1)
        self.assertNotEqual(self.valid_keys(number), before)
        self.refuse("fay", "join", "fay-back.invitation", name="INVITATION")
        history = self.world.comity("ben", "history")[1]
        self.assertIn("Ada Okafor invited Fay Lind back, to get a new key", history)
        self.assertRegex(history, "Fay Lind got a new key, [0-9a-f ]{19}; revoked by it: [0-9a-f ]{19}\n")
        self.ask("ada", "key", "revoke", number)
        self.ask("ada", "member", "recover", number, "--out", "fay-again.invitation")
        self.ask("fay-again", "join", "fay-again.invitation")
        history = self.world.comity("ben", "history")[1]
        self.assertRegex(history, "Fay Lind got a new key, [0-9a-f ]{19}\n")   # in place of none
        self.assertNotIn("nobody", history)

    def test_of_several_invitations_back_one_is_good(self):
        number = self.join("kim", "Kim Holt")
        self.ask("ada", "member", "recover", number, "--out", "kim-1.invitation")
        self.ask("ben", "member", "recover", number, "--out", "kim-2.invitation")
        document = self.ask("kim-new", "join", "kim-2.invitation")
        self.assertEqual(len(document["event"]["key_added"]["withdrawn"]), 1)
        self.refuse("thief", "join", "kim-1.invitation", name="INVITATION")
        lines = [line for line in self.world.comity("ada", "invitation", "list")[1].splitlines() if "Kim Holt" in line]
        self.assertEqual([line.endswith("  open") for line in lines], [False] * len(lines))
        self.assertEqual(self.ask("kim-new", "whoami")["member"]["number"], number)
        for index in range(8):
            self.ask("ada", "member", "recover", number, "--out", f"kim-{index}.more")
        error = self.refuse("ada", "member", "recover", number, "--out", "kim-9.more", name="LIMIT")
        self.assertIn("As many invitations of this member are open as are allowed.", error["what"])
        self.assertIn("comity invitation list", error["next"])

    def test_on_the_same_machine(self):
        number = self.join("gil", "Gil Roth")
        self.ask("ben", "member", "recover", number, "--out", "gil-back.invitation")
        document = self.ask("gil", "join", "gil-back.invitation")
        self.assertEqual((document["number"], document["is_back"]), (number, True))
        self.assertEqual(len(document["event"]["key_added"]["revoked"]), 1)
        self.assertTrue((self.world.home("gil") / "keys" / "signing-2.key").exists())
        self.assertEqual(self.ask("gil", "whoami")["member"]["number"], number)

    def test_who_serves_all_is_let_back_by_all(self):
        error = self.refuse("eve", "member", "recover", ELI, "--out", "eli.invitation", name="COSIGNERS")
        self.assertEqual(error["field"], "cosigners.union")
        self.assertIn("Of the party union no co-chair is among those who sign.", error["what"])
        self.ask("eve", "member", "recover", ELI, "--out", "eli.invitation", *self.world.with_key("ada"),
                 *self.world.with_key("carla"))
        self.assertEqual(self.ask("eli", "join", "eli.invitation")["number"], ELI)
        self.assertEqual(self.ask("eli", "whoami")["member"]["number"], ELI)

    def test_a_stolen_key_does_not_come_back_by_what_it_signed(self):
        self.ask("carla", "invite", "Tom Reed", "--out", "tom.invitation", "--office", "co-chair")
        number = self.ask("tom", "join", "tom.invitation")["number"]
        # The thief, with his key, prepares: a way back, and another co-chair's place.
        self.ask("tom", "member", "recover", number, "--out", "thief-1.invitation")
        self.ask("tom", "member", "recover", CARLA, "--out", "thief-2.invitation")
        self.ask("tom", "invite", "Some One", "--out", "thief-3.invitation", "--office", "co-chair")
        self.ask("carla", "key", "revoke", number)
        for index in (1, 2, 3):
            self.refuse("thief", "join", f"thief-{index}.invitation", name="INVITATION")
        self.assertEqual(self.ask("carla", "whoami")["member"]["number"], CARLA)
        self.assertEqual(self.valid_keys(number), [])

    def test_a_key_that_nobody_has(self):
        for typed in ("0123 4567 89ab cdef", "0123456789ABCDEF"):
            error = self.refuse("ada", "key", "revoke", typed, name="NOT_FOUND")
            self.assertEqual(error["what"], "This key belongs to nobody here.")
            self.assertIn("comity invitation list", error["next"])
        error = self.refuse("ada", "key", "revoke", "Abe Cade", name="NOT_FOUND")   # a name, of such letters too
        self.assertEqual(error["what"], "There is no member `Abe Cade`.")

    def test_the_recovery_key(self):
        self.ask("dev", "key", "new", "--out", "recovery.key")
        error = self.refuse("ben", "key", "recover", DEV, "--recovery", "recovery.key", name="KEY_UNKNOWN")
        self.assertEqual(error["what"], "The key in recovery.key is no constituency's recovery key here, or not any longer.")
        self.world.file("letter.txt", "The key is in the safe.\n").chmod(0o600)
        error = self.refuse("ben", "key", "recover", DEV, "--recovery", "letter.txt", name="MALFORMED", exit=USAGE)
        self.assertEqual((error["what"], error["next"]), ("letter.txt is no key file, or was altered.",
                                                          "Take the file that `comity recovery-key set` was given last."))
        self.assertEqual(self.ask("ben", "whoami")["member"]["number"], BEN)  # as before
        made = self.ask("dev", "recovery-key", "set", "recovery.key")
        self.assertEqual(made["event"]["recovery_key_set"]["key"], self.ask("dev", "key", "show", "recovery.key")["key"])
        self.refuse("ada", "recovery-key", "set", "recovery.key", name="EXISTS")
        # A new machine, which knows the place and the history and nothing else.
        history = self.ask("ada", "partnership", "show")["history"]
        self.ask("dev-new", "context", "add", "lakeside", "--place", self.world.data / "place.json", "--history", history)
        for who in (ADA, 77):
            self.refuse("dev-new", "key", "recover", who, "--recovery", "recovery.key", name="FORBIDDEN" if who == ADA else "NOT_FOUND")
        before = self.valid_keys(DEV)
        document = self.ask("dev-new", "key", "recover", DEV, "--recovery", "recovery.key")
        self.assertEqual(document["event"]["key_added"]["revoked"], before)
        self.assertEqual(self.ask("dev-new", "whoami")["member"]["number"], DEV)
        self.assertEqual(self.ask("dev", "whoami", exit=REFUSED)["error"]["name"], "KEY_REVOKED")
        # Whose key it was put in place of reads that it was not by an own one.
        self.assertEqual([row["came_by"] for row in self.ask("dev-new", "key", "list")["keys"]][-1], "RECOVERY_KEY")
        said = f"Dev Patel got a new key, {document['fingerprint']}, by the recovery key; all others are revoked\n"
        self.assertIn(said, self.world.comity("ben", "history")[1])
        self.ask("dev-new", "key", "rotate")
        self.assertEqual([row["came_by"] for row in self.ask("dev-new", "key", "list")["keys"]][-2:], ["RECOVERY_KEY", "REPLACING"])
        # What it is not for.
        self.ask("recoverer", "context", "add", "lakeside", "--place", self.world.data / "place.json", "--history", history,
                 "--key", self.world.file("recovery.key"))
        error = self.ask("recoverer", "whoami", exit=REFUSED)["error"]
        self.assertEqual(error["name"], "GRANT")


class Last(CliCase):
    """The only co-chair of a constituency revokes the own key."""
    has_seats = False

    def test_whoever_lets_the_last_co_chair_back_is_named(self):
        self.ask("eve", "key", "new", "--out", "recovery.key")
        error = self.refuse("eve", "key", "revoke", EVE, name="USAGE", exit=USAGE)
        self.assertIn("until a co-chair of your constituency lets you back", error["what"])
        self.ask("eve", "key", "revoke", ELI)
        self.refuse("eve", "key", "revoke", EVE, "--yes", name="LAST_CO_CHAIR")
        self.ask("eve", "recovery-key", "set", "recovery.key")
        said = "the recovery key of your constituency gives you a new one (comity key recover)"
        error = self.refuse("eve", "key", "revoke", EVE, name="USAGE", exit=USAGE)
        self.assertIn(f"no other co-chair of your constituency has one. Once it is revoked, you cannot sign or read here any more, until {said}",
                      error["what"])
        code, output, errors = self.world.comity("eve", "key", "revoke", EVE, "--yes")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn(f"You cannot sign or read here with it any more; {said}.", output)
        self.ask("eve", "key", "recover", EVE, "--recovery", "recovery.key")
        self.assertEqual(self.ask("eve", "whoami")["member"]["number"], EVE)


class Together(CliCase):
    """The charter asks for two co-chairs of union."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.file("charter.json", json.dumps({"text": "We decide together.", "facilitation": "PAIR",
                                                   "co_chairs": [{"constituency": "union", "count": 2}]}))
        cls.world.ask("ada", "charter", "adopt", "charter.json", *cls.world.with_key("carla"))

    def test_the_charter_says_it(self):
        self.assertEqual(self.ask("carla", "charter", "show")["charter"]["co_chairs"],
                         [{"constituency": "union", "count": 2}])
        self.assertIn("Who signs for union: 2 co-chairs together; all of them, where there are fewer.",
                      self.world.comity("carla", "charter", "show")[1])

    def test_a_key_at_hand(self):
        error = self.refuse("ada", "invite", "Hal Holm", "--out", "hal.invitation", name="COSIGNERS")
        self.assertEqual((error["field"], error["limit"]), ("cosigners.union", 2))
        self.assertIn("By the charter 2 co-chairs of union sign this together. Its co-chairs: Ada Okafor and Ben Ruiz.",
                      error["what"])
        said = self.world.comity("ada", "invite", "Hal Holm", "--out", "hal.invitation")[2]
        self.assertIn("By the charter 2 co-chairs of union", said)
        self.assertNotIn("limit", said)   # it is how many have to sign, and no limit
        self.assertFalse(self.world.file("hal.invitation").exists())
        self.ask("ada", "invite", "Hal Holm", "--out", "hal.invitation", *self.world.with_key("ben"))
        self.ask("hal", "join", "hal.invitation")
        self.refuse("ada", "key", "revoke", "Hal Holm", *self.world.with_key("carla"), name="COSIGNERS")
        # Who signs with others sees whose key ends.
        self.ask("ada", "key", "revoke", "Hal Holm", "--draft", "hal.draft", "--cosigner", "Ben Ruiz")
        shown = self.world.comity("ben", "draft", "show", "hal.draft")[1]
        self.assertIn(f"  fingerprint: {self.ask('hal', 'key', 'show')['fingerprint']}\n  of: Hal Holm\n", shown)
        self.refuse("ada", "key", "revoke", "Hal Holm", *self.world.with_key("ben"), *self.world.with_key("carla"),
                    name="FORBIDDEN")
        self.ask("ada", "key", "revoke", "Hal Holm", *self.world.with_key("ben"))
        # Of the other side one is enough, and nobody lends it a weight.
        refused = self.refuse("carla", "invite", "Ida Lund", "--out", "ida.invitation", *self.world.with_key("dev"), name="RANGE")
        self.assertEqual(refused["what"], "More people sign this than it takes.")
        self.ask("carla", "invite", "Ida Lund", "--out", "ida.invitation")

    def test_drafts_go_from_one_to_the_other(self):
        for words, said in ((["seat", "vacate", "steering", 2], None),
                            (["witness", "appoint", "owl", "ab" * 32], "owl is witness 1 of union."),
                            (["seat", "assign", "steering", 2, "Ben Ruiz"], None)):
            if words[0] == "witness":
                words[3] = self.ask("owl", "key", "new")["key"]
            self.refuse("ada", *words, name="COSIGNERS")
            self.refuse("ada", *words, "--draft", "own.draft", "--cosigner", "Carla Weiss", name="COSIGNERS")
            self.ask("ada", *words, "--draft", "own.draft", "--cosigner", "Ben Ruiz")
            self.refuse("ada", "draft", "submit", "own.draft", name="COSIGNERS")
            self.ask("ben", "draft", "sign", "own.draft")
            code, output, errors = self.world.comity("ada", "draft", "submit", "own.draft")
            self.assertEqual((code, errors), (0, ""))
            if said:
                self.assertIn(said, output)
            self.world.file("own.draft").unlink()
        self.assertEqual([row["holder"] for row in self.ask("ada", "body", "show", "steering")["seats"]][1], BEN)

    def test_joint_acts(self):
        words = ["site", "add", "mill", "--title", "Mill", "--time-zone", "UTC"]
        error = self.refuse("carla", *words, *self.world.with_key("ada"), name="COSIGNERS")
        self.assertEqual(error["field"], "cosigners.union")
        self.ask("carla", *words, *self.world.with_key("ada"), *self.world.with_key("ben"))

    def test_a_recovery_key_with_two(self):
        self.ask("ada", "key", "new", "--out", "union-recovery.key")
        self.refuse("ada", "recovery-key", "set", "union-recovery.key", name="COSIGNERS")
        self.ask("ada", "recovery-key", "set", "union-recovery.key", *self.world.with_key("ben"))


class Witnesses(CliCase):
    has_seats = False

    def test_appointed_listed_dismissed(self):
        document = self.ask("ada", "witness", "list")
        self.assertEqual((document["witnesses"], document["without"]), ([], ["union", "management"]))
        key = self.ask("owl", "key", "new")["key"]
        code, output, errors = self.world.comity("ada", "witness", "appoint", "owl", key)
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("owl is witness 1 of union. The fingerprint of its key:", output)
        for who, words, name in (("carla", ["appoint", "owl", "cd" * 32], "EXISTS"), ("ben", ["appoint", "hawk", key], "EXISTS"),
                                 ("carla", ["dismiss", "owl"], "FORBIDDEN"), ("eli", ["dismiss", "owl"], "FORBIDDEN"),
                                 ("carla", ["dismiss", "nobody"], "NOT_FOUND"), ("carla", ["dismiss", 9], "NOT_FOUND")):
            self.refuse(who, "witness", *words, name=name)
        document = self.ask("carla", "witness", "list")
        self.assertEqual([(row["name"], row["constituency"], row["key"], row["dismissed"]) for row in document["witnesses"]],
                         [("owl", 1, key, 0)])
        self.assertEqual(document["without"], ["management"])
        self.assertIn("management has no witness", self.world.comity("carla", "witness", "list")[1])
        self.assertIn("Ada Okafor appointed owl, witness 1 of union", self.world.comity("carla", "history")[1])
        code, output, errors = self.world.comity("ben", "witness", "dismiss", "owl")
        self.assertEqual((code, errors), (0, ""))
        self.assertIn("Witness 1 is dismissed, and counts no longer, whatever it signed.", output)
        self.refuse("ben", "witness", "dismiss", 1, name="STATE")
        self.assertIn("dismissed by number", self.world.comity("carla", "witness", "list")[1])
        made = self.ask("carla", "witness", "appoint", "hawk", self.ask("hawk", "key", "new")["key"])
        self.assertEqual(made["number"], 2)
        self.ask("carla", "undo", made["receipt"]["sequence"])
        self.assertEqual(self.ask("ada", "witness", "list")["without"], ["union", "management"])


if __name__ == "__main__":
    unittest.main()
