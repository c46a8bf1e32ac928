"""What becomes of decisions, through real processes: terms, clauses, reviews, reopening, declared outcomes, actions,
mandates, minutes, and the register that shows all of it."""

import unittest

from cli_case import CliCase, USAGE, until


class Register(CliCase):
    """One session; each test puts its own proposals on its agenda."""

    def decide(self, *options, answer="agree"):
        item = self.ask("ben", "item", "add", 1, "An item")["number"]
        proposal = self.ask("dev", "proposal", "make", item, "Shift swaps", "--text", "Swaps within a day.\nBy form 7.",
                            *options)["number"]
        number = self.world.open_round(proposal)
        for who in ("ada", "ben", "carla", "dev"):
            self.ask(who, "vote", number, answer, "--reason", f"{who} is for it")
        self.ask("eli", "round", "close", number)
        return number

    def decision_of(self, number):
        return [row for row in self.ask("ada", "decisions")["decisions"] if row["round"] == number][0]

    def adopt(self, *options):
        return self.decision_of(self.decide(*options))["number"]

    def decision(self, number):
        return self.ask("ada", "decision", "show", number)["decision"]

    def test_terms_are_voted_on(self):
        item = self.ask("ben", "item", "add", 1, "An item")["number"]
        made = self.ask("dev", "proposal", "make", item, "Swaps", "--text", "Swaps.", "--review", "+30d", "--sunset", "+90d",
                        "--reopen-by", "seat", "--reopen-on", "An accident")
        terms = made["event"]["proposal_made"]["proposal"]["versions"][0]["terms"]
        self.assertGreater(terms["sunset_ms"], terms["review_ms"])
        number = self.world.open_round(made["number"])
        answered = self.ask("ada", "vote", number, "agree")
        self.assertEqual(answered["terms"]["reopen_on"]["text"], "An accident")
        code, output, _ = self.world.comity("ben", "vote", number, "agree")
        self.assertEqual(code, 0)
        self.assertIn("  To be reviewed ", output)
        self.assertIn("Can be reopened by a holder of a seat of the body, or a co-chair of a party, on this new fact: ",
                      output)
        for who in ("carla", "dev"):
            self.ask(who, "vote", number, "agree")
        self.ask("eli", "round", "close", number)
        decision = self.decision_of(number)
        self.assertEqual((decision["state"], decision["terms"]["sunset_ms"]), ("IN_EFFECT", terms["sunset_ms"]))

    def test_terms_that_are_refused(self):
        item = self.ask("ben", "item", "add", 1, "An item")["number"]
        make = ["proposal", "make", item, "Swaps", "--text", "Swaps."]
        self.refuse("dev", *make, "--sunset", "+1d", "--effective", "+2d", name="RANGE")
        self.refuse("dev", *make, "--review", "yesterday", name="USAGE", exit=USAGE)
        self.refuse("dev", *make, "--sunset", "2020-01-01", name="USAGE", exit=USAGE)
        self.refuse("dev", *make, "--effect", "kills=1", name="USAGE", exit=USAGE)
        self.refuse("dev", *make, "--effect", "ends=999", name="NOT_FOUND")
        self.refuse("dev", *make, "--clause", "Article 1=nobody", name="NOT_FOUND")
        self.refuse("dev", *make, "--reopen-by", "everybody", name="USAGE", exit=USAGE)

    def test_a_clause_waits_for_signatures(self):
        number = self.adopt("--clause", "Article 12.3=union,management")
        self.assertEqual(self.decision(number)["state"], "PENDING")
        error = self.refuse("eli", "decision", "sign", number, 1, name="FORBIDDEN")
        self.assertIn("not asked to sign", error["what"])
        self.ask("ada", "decision", "sign", number, 1)
        self.refuse("ben", "decision", "sign", number, 1, name="EXISTS")
        self.refuse("carla", "decision", "sign", number, 2, name="NOT_FOUND")
        code, output, _ = self.world.comity("ben", "decision", "show", number)
        self.assertIn("Touches Article 12.3: no effect before these have signed: union and management.", output)
        self.assertIn("Missing under its clauses: 1 signature", output)
        self.ask("carla", "decision", "sign", number, 1)
        self.assertEqual(self.decision(number)["state"], "IN_EFFECT")
        self.refuse("carla", "decision", "sign", number, 1, name="STATE")

    def test_one_supersedes_another(self):
        first = self.adopt()
        second = self.adopt("--effect", f"supersedes={first}")
        row = self.decision(first)
        self.assertEqual((row["state"], row["changed_by"]), ("SUPERSEDED", second))
        item = self.ask("ben", "item", "add", 1, "An item")["number"]
        error = self.refuse("dev", "proposal", "make", item, "T", "--text", "t", "--effect", f"ends={first}", name="STATE")
        self.assertIn("as it stands now", error["what"])
        listed = [row["decision"]["number"] for row in self.ask("ada", "register")["register"]]
        self.assertIn(second, listed)
        self.assertNotIn(first, listed)
        self.assertIn(first, [row["decision"]["number"] for row in self.ask("ada", "register", "--all")["register"]])
        # What it did to another cannot be taken back behind its back.
        self.refuse("ada", "decision", "declare", row["round"], "rejected", "--reason", "r", *self.world.with_key("carla"),
                    name="STATE")

    def test_sunset_and_review_come_by_themselves(self):
        number = self.adopt("--review", "+1s", "--sunset", "+2s")
        until(lambda: self.decision(number)["state"] == "ENDED", "the sunset")
        row = self.decision(number)
        self.assertEqual(row["end"], "SUNSET")
        self.assertNotEqual(row["review_due_ms"], 0)
        self.refuse("ada", "decision", "review", number, name="STATE")
        self.refuse("ada", "decision", "reopen", number, 1, "Again", "--fact", "f", name="STATE")

    def test_a_review_is_put_on_record(self):
        number = self.adopt("--review", "+30d")
        self.ask("ben", "decision", "review", number, "--next", "+60d", "--note", "It works.")
        row = self.decision(number)
        self.assertEqual(row["reviews"][0]["note"]["text"], "It works.")
        self.assertGreater(row["next_review_ms"], row["terms"]["review_ms"])
        self.refuse("eve", "decision", "review", number, name="FORBIDDEN")

    def test_reopening(self):
        number = self.adopt("--reopen-by", "co-chair")
        self.refuse("eli", "decision", "reopen", number, 1, "Again", "--fact", "f", name="FORBIDDEN")
        item = self.ask("carla", "decision", "reopen", number, 1, "Swaps again", "--fact", "Two were hurt.")["number"]
        row = [row for row in self.ask("ada", "item", "list", 1)["items"] if row["number"] == item][0]
        self.assertEqual(row["reopens"], number)
        self.assertEqual(self.decision(number)["reopenings"][0]["fact"]["text"], "Two were hurt.")
        nobody = self.adopt("--reopen-by", "nobody")
        self.refuse("carla", "decision", "reopen", nobody, 1, "Again", "--fact", "f", name="FORBIDDEN")

    def test_declared_otherwise(self):
        number = self.decide(answer="block")
        self.assertEqual([row for row in self.ask("ada", "decisions")["decisions"] if row["round"] == number], [])
        declare = ["decision", "declare", number, "adopted", "--reason", "We agreed afterwards."]
        self.refuse("ada", *declare, name="COSIGNERS")
        self.ask("ada", *declare, *self.world.with_key("carla"))
        row = self.decision_of(number)
        self.assertTrue(row["is_declared"])
        outcome = self.ask("dev", "outcome", number)
        self.assertEqual(outcome["outcome"], "BLOCKED")  # as the rule computed it, for ever
        self.assertEqual(outcome["round"]["declaration"]["outcome"], "ADOPTED")
        code, output, _ = self.world.comity("dev", "outcome", number)
        self.assertIn("Declared otherwise: ADOPTED, by Ada Okafor and Carla Weiss, ", output)
        self.refuse("ada", *declare, *self.world.with_key("carla"), name="EXISTS")
        self.refuse("ada", "decision", "declare", number, "carried", "--reason", "r", name="USAGE", exit=USAGE)

    def test_actions(self):
        number = self.adopt()
        add = ["action", "add", "Write form 7", "--owner", "Ben Ruiz", "--owner", "Dev Patel", "--due"]
        self.refuse("ada", *add, "2026-02-30", "--decision", number, name="RANGE")
        self.refuse("ada", *add, "soon", "--decision", number, name="USAGE", exit=USAGE)
        self.refuse("ada", *add, "2026-12-31", name="USAGE", exit=USAGE)
        self.refuse("ada", *add, "2026-12-31", "--decision", number, "--zone", "Nowhere/Land", name="USAGE", exit=USAGE)
        action = self.ask("ada", *add, "2099-12-31", "--decision", number)
        self.assertEqual(action["event"]["action_added"]["action"]["time_zone"], "America/Chicago")
        listed = self.ask("dev", "action", "list", "--mine")["actions"]
        self.assertIn(action["number"], [row["number"] for row in listed])
        self.assertNotIn(action["number"], [row["number"] for row in self.ask("ada", "action", "list", "--mine")["actions"]])
        self.refuse("ada", "action", "done", action["number"], name="FORBIDDEN")
        self.ask("ben", "action", "done", action["number"], "--note", "Printed.")
        self.assertNotIn(action["number"], [row["number"] for row in self.ask("ada", "action", "list")["actions"]])
        self.refuse("dev", "action", "done", action["number"], name="STATE")
        self.ask("dev", "action", "drop", action["number"], "--reason", "Not needed.")
        self.ask("eli", "action", "reopen", action["number"])
        row = [row for row in self.ask("ada", "action", "list", "--all")["actions"] if row["number"] == action["number"]][0]
        self.assertEqual([change["status"] for change in row["changes"]], ["DONE", "DROPPED", "OPEN"])

    def test_the_register(self):
        number = self.adopt("--review", "2099-06-30", "--sunset", "2099-12-31")
        action = self.ask("ada", "action", "add", "Write form 7", "--owner", "Ben Ruiz", "--due", "2099-03-01", "--decision",
                          number)["number"]
        code, output, _ = self.world.comity("dev", "register")
        self.assertEqual(code, 0)
        entry = output[output.index(f"Decision {number}, in effect: "):].split("\n\n")[0]
        for line in ("    Swaps within a day.\n    By form 7.", "  Why: decided ", "    Ada Okafor (agree): ada is for it",
                     f"  Who owes: Ben Ruiz, by 2099-03-01 (America/Chicago), open: Write form 7 (action {action})",
                     "  To be reviewed: 2099-06-30", "; ends 2099-12-31"):
            self.assertIn(line, entry)

    def test_mandates(self):
        number = self.adopt()
        give = ["mandate", "give", number, "--to-member", "Dev Patel", "--text", "Swaps of up to two days."]
        self.refuse("ada", *give, name="COSIGNERS")
        mandate = self.ask("ada", *give, "--report-by", "+1s", *self.world.with_key("carla"))["number"]
        until(lambda: self.ask("ada", "mandate", "show", mandate)["mandate"]["report_due_ms"] != 0, "the report is due")
        self.refuse("ben", "mandate", "report", mandate, "--text", "r", name="FORBIDDEN")
        self.ask("dev", "mandate", "report", mandate, "--text", "Three swaps.", "--next", "+30d")
        self.assertEqual(self.ask("ada", "mandate", "show", mandate)["mandate"]["reports"][0]["text"]["text"], "Three swaps.")
        self.refuse("eli", "mandate", "recall", mandate, "--reason", "r", name="FORBIDDEN")
        self.ask("ben", "mandate", "recall", mandate, "--reason", "Too many.")
        self.refuse("dev", "mandate", "report", mandate, "--text", "r", name="STATE")


class Minutes(CliCase):
    """Of session 1, from the record to the day on which they are in force."""

    def test_minutes(self):
        proposal = self.world.propose()
        number = self.world.open_round(proposal)
        for who in ("ada", "ben", "carla"):
            self.ask(who, "vote", number, "agree", "--reason", f"{who} says yes")
        self.ask("dev", "vote", number, "stand-aside")
        self.ask("eli", "round", "close", number)
        decision = self.ask("ada", "decisions")["decisions"][0]["number"]
        self.ask("ada", "action", "add", "Write form 7", "--owner", "Ben Ruiz", "--due", "2099-03-01", "--decision", decision)
        self.refuse("eli", "minutes", "draft", 1, name="STATE")
        error = self.refuse("ada", "minutes", "show", 1, name="NOT_FOUND")
        self.assertIn("comity minutes draft 1", error["next"])
        item = self.ask("ada", "item", "add", 1, "Wages")["number"]
        self.ask("carla", "item", "bargaining", item, "--reason", "Wages are bargained.")
        self.ask("eli", "session", "close", 1)
        self.refuse("ada", "minutes", "draft", 1, name="FORBIDDEN")

        printed = self.ask("eli", "minutes", "draft", 1, "--print")["text"]
        for line in ("# Minutes: Shift swaps", "- union, from north: Ada Okafor", "## Item 1: Who may swap a shift",
                     "### Proposal 1: Shift swaps", "> Swaps are approved within a day.", "**ADOPTED**",
                     "- Ada Okafor, agree:", "  > ada says yes",
                     "Wages are bargained.", f"**Decision {decision}**, in effect.",
                     "- Ben Ruiz, by 2099-03-01 (America/Chicago), open: Write form 7 (action 1)"):
            self.assertIn(line, printed)
        self.refuse("ada", "minutes", "show", 1, name="NOT_FOUND")  # printed, and nothing more
        self.ask("eli", "minutes", "draft", 1)
        self.refuse("eli", "minutes", "draft", 1, name="EXISTS")
        self.assertFalse(self.ask("ada", "minutes", "approve", 1)["is_in_force"])

        corrected = printed.replace("> Swaps are approved within a day.", "> Swaps are approved within one day.")
        self.world.file("corrected.md", corrected)
        self.assertEqual(self.ask("dev", "minutes", "correct", 1, "--file", "corrected.md")["version"], 2)
        code, output, _ = self.world.comity("ada", "minutes", "show", 1, "--changes")
        self.assertIn("    - > Swaps are approved within a day.\n    + > Swaps are approved within one day.\n", output)
        self.assertIn("union approved version 1, which counts no more, by Ada Okafor", output)
        self.assertIn("Not in force", output)
        self.assertNotIn("FINAL", output)  # a draft is neither in force nor to become FINAL
        self.refuse("dev", "minutes", "correct", 1, "--file", "corrected.md", "--text", "both", name="USAGE", exit=USAGE)

        self.assertFalse(self.ask("carla", "minutes", "dissent", 1, "--text", "It was two days.")["is_in_force"])
        self.assertTrue(self.ask("ben", "minutes", "approve", 1)["is_in_force"])
        session = self.ask("ada", "session", "show", 1)["session"]
        self.assertEqual(session["state"], "MINUTED")
        self.assertIn("Session: 1 of steering, closed ", self.world.comity("ada", "watch", 1, "--once")[1])
        code, output, _ = self.world.comity("dev", "minutes", "show", 1)
        self.assertIn("management dissented, by Carla Weiss, ", output)
        self.assertIn("    It was two days.", output)
        self.assertIn("Recorded, and in force.", output)
        self.refuse("dev", "minutes", "correct", 1, "--text", "Too late.", name="STATE")

        # The next session's minutes stand by silence when the one after it opens.
        self.ask("eli", "session", "convene", "steering", "Second")
        self.ask("eli", "session", "open", 2)
        self.ask("eli", "session", "close", 2)
        self.ask("eli", "minutes", "draft", 2, "--text", "Nothing happened.", "--by-silence")
        self.ask("ada", "minutes", "approve", 2)
        self.ask("eli", "session", "convene", "steering", "Third")
        self.ask("eli", "session", "open", 3)
        answers = self.ask("ada", "minutes", "show", 2)["minutes"]["answers"]
        self.assertEqual([(row["constituency"], row["member"] != 0) for row in answers], [(1, True), (2, False)])
        code, output, _ = self.world.comity("dev", "minutes", "show", 2)
        self.assertIn("management approved by silence, ", output)


if __name__ == "__main__":
    unittest.main()
