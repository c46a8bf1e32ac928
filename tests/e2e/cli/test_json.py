"""The contract of --json: every command is run in one decision that is played through, and its document has the members that
`comity help` says, no fewer and no others. A command that no line of PLAY runs is a failure: add one."""

import json
import re
import unittest

from cli_case import CHARTER, DONE, FOUNDERS, USAGE, World

ALL_HAVE = {"verb", "ok", "exit"}
NAME = re.compile(r"[a-z][a-z_]*")


def top_level(text):
    """The text without what stands in brackets, and for each bracket where it stood."""
    outer, inner, depth = "", {}, 0
    for c in text:
        if c in "([{":
            depth += 1
            if depth == 1:
                at = len(outer)
                inner[at] = ""
        if depth == 0:
            outer += c
        else:
            inner[at] += c
        if c in ")]}":
            depth -= 1
    return outer, inner


class Documented:
    """What a verb's row says of its document: `a`, `b` {x, y}, `c` [{x, y}], `d` [Row, and `z`]; with --draft: `e`."""

    def __init__(self, text):
        outer, inner = top_level(text)
        always = outer.split(";")[0]
        self.names = set(re.findall(r"`([a-z][a-z_]*)`", outer))
        self.alternatives = [set(re.findall(r"`([a-z][a-z_]*)`", part)) for part in re.split(r",? or ", always)]
        self.members = {}
        for found in re.finditer(r"`([a-z][a-z_]*)` ", outer):
            if found.end() in inner:
                self.members[found.group(1)] = inner[found.end()]

    def findings(self, document):
        keys = set(document) - ALL_HAVE
        if not ALL_HAVE <= set(document):
            yield f"lacks {ALL_HAVE - set(document)}"
        if not any(names <= keys for names in self.alternatives):
            yield f"lacks {[names - keys for names in self.alternatives]}"
        if keys - self.names:
            yield f"has {keys - self.names}, which nothing tells of"
        for name, form in self.members.items():
            if document.get(name) is not None:
                yield from (f"{name}: {what}" for what in self.member_findings(form, document[name]))

    @staticmethod
    def member_findings(form, value):
        if form[0] == "[" and not isinstance(value, list):
            yield "is no list"
            return
        rows = value if isinstance(value, list) else [value]
        if form.startswith(("{", "[{")):
            names = set(NAME.findall(top_level(form.strip("[]{}"))[0]))
            for row in rows:
                if set(row) != names:
                    yield f"has {sorted(row)}, not {sorted(names)}"
        for name in re.findall(r"`([a-z][a-z_]*)`", form) if form[0] == "[" else ():
            for row in rows:
                if name not in row:
                    yield f"lacks {name}"


BOTH = ["--with", "carla/keys/signing.key"]
STEERING = ["--body", "steering", *BOTH]
# Who, what; in this order. "KEY", "NUMBER" and "COMMAND" stand for what a document before had.
PLAY = [
    ("operator", "up --data data --detach"), ("operator", "status"), ("operator", "doctor"),
    *((who, "key new") for who, *_ in FOUNDERS), ("ada", "key show"), ("ada", "found charter"),
    ("spare", "key new"), ("spare", "key protect --new-passphrase-file secret"), ("spare", "key protect --remove --passphrase-file secret"),
    ("ada", "found prepare charter.ini --place data/place.json --out f.draft"), ("ben", "draft show f.draft"),
    *((who, "draft sign f.draft") for who, *_ in FOUNDERS[1:]), ("operator", "draft submit f.draft --dry-run"),
    ("operator", "draft submit f.draft"),
    ("ada", "status"), ("ada", "doctor"), ("ada", "whoami"), ("ada", "partnership show"), ("ada", "constituency list"),
    ("ada", "site list"), ("ada", ["site", "add", "west", "--title", "West", "--time-zone", "UTC", *BOTH]),
    ("ada", "site add east --title East --time-zone UTC --draft e.draft --cosigner 3"),
    ("ada", "invite Fay --out fay.inv"), ("ada", "invitation list"), ("fay", "join fay.inv"), ("ada", "member list"),
    ("ada", "key list"), ("ada2", "key request ada2.request"), ("ada", "key add ada2.request --out ada2.answer"), ("ada2", "key accept ada2.answer"),
    ("ada2", "key rotate"), ("eli", ["invite", "Rena", "--out", "rena.inv", "--office", "recorder", "--with", "ada/keys/signing.key", *BOTH]),
    ("rena", "join rena.inv"), ("ada", "invite Gil --out gil.inv"), ("ada", "key revoke KEY"),
    ("ada", "invite Ulla --out ulla.inv"), ("ada", "undo NUMBER"),
    ("ada", ["constituency", "admit", "cleaners.ini", "--draft", "c.draft", "--cosigner", "3"]),
    ("ada", ["body", "create", "steering", "--title", "Steering", "--seats", "union=2", "--seats", "management=2", *BOTH]),
    ("ada", "body list"), ("ada", "body show steering"), ("ada", "seat assign steering 1 1"), ("ada", "seat assign steering 2 Fay"),
    ("ada", "seat vacate steering 2"), ("ada", "seat assign steering 2 2"), ("carla", "seat assign steering 3 3"),
    ("carla", "seat assign steering 4 4"), ("ada", "charter sample"), ("ada", "charter history"), ("ada", "rule templates"), ("ada", "rule show consensus"),
    ("ada", "rule show consensus --yaml"), ("ada", "rule check swaps.yaml"), ("ada", "rule explain swaps.yaml"), ("ada", "rule diff swaps.yaml ./swaps.yaml"),
    ("ada", "rule simulate swaps.yaml roll.csv"),
    ("ada", ["rule", "adopt", "consensus", *BOTH]), ("ada", "rule list"), ("ada", "rule show consensus --adopted"),
    ("eli", "session convene steering Swaps --starts +1h"), ("eli", "session open 1"), ("ada", "session list"), ("ada", "watch 1 --once"),
    *((who, "checkin 1 north") for who in ("ada", "ben", "carla", "dev")), ("ada", "session show 1"), ("ben", "item add 1 Swaps"),
    ("ada", "charter sample"), ("ada", ["charter", "adopt", "rules.json", *BOTH]), ("ada", "charter show"), ("ada", "charter history"),
    ("ada", ["body", "create", "council", "--title", "Council", "--seats", "union=1,alternates=named", "--seats", "management=1", *BOTH]),
    ("ada", "seat assign council 1 1 --until +30d"), ("ada", "seat alternates council 1 --member 2"),
    ("eli", "session convene council Nights"), ("ada", "seat handover 2 1 2"), ("ada", "seat takeback 2 1"),
    ("ada", "item list"), ("dev", "proposal make 1 Swaps --text Yes."), ("dev", "proposal revise 1 --text Certainly."),
    ("ada", "proposal show 1"), ("ada", "proposal list"), ("ada", "pack before 1"), ("ada", "calendar"),
    ("eli", "round open 1 --rule consensus"), ("ada", "round show 1"), ("ada", "vote 1 agree"),
    ("ben", ["vote", "1", "reserved", "--reason", "Two clerks."]), ("carla", "vote 1 agree"), ("dev", "vote 1 agree"),
    ("ada", "ballots 1"), ("eli", "round close 1 --dry-run"), ("eli", "round close 1"), ("ada", "round list"), ("ada", "outcome 1"),
    ("ada", "decisions"), ("dev", "proposal make 1 Nights --text Later."), ("dev", "proposal make 1 Days --text Soon."), ("dev", ["recuse", "3", "I wrote it."]), ("eli", "round open 2 --rule consensus"),
    ("rena", "ballots import paper.csv --round 2 --with ada/keys/signing.key"), ("ada", "ballots confirm 2"),
    ("ben", "ballots dispute 2 --reason Never."), ("ada", "ballots 2"), ("eli", "round close 2"), ("eli", "session close 1"), ("ada", "pack after 1"), ("ada", "pack after 1 --out after.md"),
    # Problem solving.
    ("eli", "session convene steering More"), ("eli", "session open 3"), ("ben", "item add 3 Rosters --solve"),
    ("ada", "item show 2"), ("eli", "item move 2 data"), ("ada", "data ask 2 management Hours? --due +7d"),
    ("ada", "data ask 2 management Names? --body-only"), ("carla", "data answer 1 --text 40"),
    ("carla", "data refuse 2 --reason Private"), ("ada", "data list 2"), ("ada", "fact state 2 Forty. --request 1"),
    ("ada", "fact agree 1"), ("carla", "fact dispute 1 --reason Fifty."), ("ada", "fact list"), ("ada", "fact withdraw 1"),
    ("eli", "item move 2 interests"), ("eli", "contribution add 2 shared-interest Rest."), ("ada", "contribution approve 2"),
    ("carla", "contribution approve 2"), ("ada", "contribution list 2"), ("eli", "contribution amend 1 Sleep."),
    ("ada", "contribution approve 2"), ("carla", "contribution approve 2"), ("eli", "item hold 2 --reason Wait."),
    ("eli", "item release 2"), *(("eli", f"item move 2 {phase}") for phase in ("options", "standards", "evaluation", "proposal")),
    ("dev", "proposal make 2 Rosters --text Posted."), ("ada", "proposal link 4 --to 1"), ("ada", "proposal unlink 4 --to 1"),
    ("ada", "concern raise 4 Late."), ("ben", "concern second 1"), ("ada", "concern list 4"), ("ada", "concern resolve 1"),
    ("ada", "concern raise 4 Early."), ("ada", "concern withdraw 2"), ("eli", "contribution withdraw 1"),
    ("eli", "item defer 2 --reason Audit"), ("eli", "item move 2 proposal"), ("eli", "item table 2 --reason Calm"),
    ("ben", "item withdraw 2 --reason Done"), ("ben", "item add 3 Wages"), ("ada", "item bargaining 3"),
    # Sessions.
    ("eli", "session draft steering Later --starts +1h"), ("eli", "item add 4 Nights"), ("eli", "session order 4 --item 4"),
    ("eli", "session rules 4 --text Listen."), ("eli", "session facilitators 4 --member 5"), ("eli", "session notice 4"),
    ("eli", "session open 4"), ("eli", "rollcall 4 north --member 1 --member 2"), ("carla", "checkin 4 south"), ("ben", "away 4"),
    ("ada", "hand raise 4"), ("carla", "hand raise 4"), ("carla", "hand lower 4"), ("eli", "floor give 4"), ("ada", "floor yield 4"),
    ("eli", "timebox set 4 10"), ("eli", "timebox extend 4 5"), ("eli", "session recess 4"), ("eli", "session resume 4"),
    ("ada", "caucus call 4 --until +20m"), ("ada", "caucus end 4"), ("ada", "sidebar propose 4 Terms --member 3"),
    ("carla", "sidebar agree 1"), ("ada", "sidebar end 1"), ("ada", "sidebar propose 4 More --member 3"),
    ("carla", "sidebar decline 2"), ("ada", "plus 4 Calm."), ("ada", "delta 4 Long."), ("ada", "checkout 4"),
    # Decisions and minutes.
    ("ada", "register"), ("ada", "decision show 1"), ("eli", "decision review 1 --note Fine."),
    ("ada", "decision reopen 1 4 Again --fact New."), ("ada", ["decision", "declare", "2", "adopted", "--reason", "Agreed.", *BOTH]),
    ("eli", "action add Count --owner 1 --due 2030-12-31 --decision 1"), ("ada", "action list"), ("ada", "action done 1"),
    ("ada", "action reopen 1"), ("ada", "action drop 1 --reason No."),
    ("ada", ["mandate", "give", "1", "--to-member", "2", "--text", "Up to 100.", *BOTH]), ("ben", "mandate report 1 --text Ten."),
    ("ada", "mandate list"), ("ada", "mandate show 1"), ("ada", "mandate recall 1 --reason Done"),
    ("eli", "minutes draft 1"), ("ada", "minutes show 1"), ("ben", "minutes correct 1 --text Better."), ("ada", "minutes approve 1"),
    ("carla", "minutes dissent 1 --text No."), ("ada", "hold place 1 --reason Case"), ("ada", "hold list"), ("ada", "hold lift 1"),
    ("ada", "export early.export"), ("ada", "audit early.export"),
    ("ada", ["purge", "1", "--yes", *BOTH]), ("ada", ["retention", "set", "4", "talk", "--until", "+400d", *BOTH]), ("ada", "retention list"),
    # Rules and stages: one stage a proposal, of each kind that somebody answers.
    ("ada", ["rule", "adopt", "--file", "seconding.json", *STEERING]), ("ada", ["rule", "adopt", "--file", "confer.json", *STEERING]),
    ("ada", ["rule", "adopt", "--file", "casting.json", *STEERING]), ("ada", ["rule", "adopt", "--file", "umpire.json", *STEERING]),
    ("ada", ["rule", "adopt", "--file", "sign-off.json", *STEERING]), ("eli", "session convene steering Stages"),
    ("eli", "session open 5"), *((who, "checkin 5 north") for who in ("ada", "ben", "carla", "dev")),
    *(step for number, kind in enumerate(("seconding", "confer", "casting", "umpire", "sign-off"), start=6) for step in (
        ("ben", f"item add 5 {kind}"), ("dev", f"proposal make {number} {kind} --text So."),
        ("eli", f"round open {number - 1} --rule {kind}"), ("ada", f"vote {number - 3} agree"),
        ("carla", f"vote {number - 3} block --reason No."), ("eli", f"round close {number - 3}"))),
    ("ada", "stage list 5"), ("ada", "stage show 1"), ("dev", "stage second 1 3"),
    ("rena", "stage confer 2 --note Met. --with ada/keys/signing.key"), ("eli", "stage cast 3 for"),
    ("rena", "stage answer 4 rejected --text No. --with ada/keys/signing.key"), ("ada", "stage sign 5 --refuse"),
    # Rankings.
    ("ada", ["rule", "adopt", "--file", "trees.json", *STEERING]), ("ben", "item add 5 Trees"), ("dev", "proposal make 11 Trees --text Which."),
    ("eli", "round open 10 --rule trees"), ("carla", "round acknowledge 8"), ("ada", "vote 8 oak"), ("eli", "round close 8"),
    ("ada", "list set electors --constituency union --member 1"), ("ada", "list list"), ("ada", "list show electors"),
    ("ada", "ballots export 8 --blt trees-of-8.blt"), ("ada", "count trees.blt --method irv"),
    # Keys and witnesses.
    ("ada", f"witness appoint owl {'ab' * 32}"), ("ada", "witness list"), ("ada", "witness dismiss owl --yes"),
    ("ada", "member recover Fay --out fay-back.inv"), ("fay", "join fay-back.inv"), ("ada", "key new --out spare.key"),
    ("ada", "recovery-key set spare.key --yes"), ("ben", "key recover 2 --recovery spare.key --yes"),
    ("ada", "events"), ("ada", "history"), ("ada", "receipt list"), ("ada", "receipt show COMMAND"),
    ("ada", "receipt save COMMAND act.receipt"), ("ada", "receipt verify act.receipt"),
    ("ada", "checkpoint"), ("ben", "checkpoint compare ada.checkpoint"), ("ada", "resubmit"), ("ada", "resubmit --dry-run"),
    ("ada", "outbox list"),
    ("ada", "export record.export"), ("ada", "recount record.export"), ("ada", "context add third --place data/place.json"), ("ada", "context list"),
    ("ada", "context show lakeside"), ("ada", "context use lakeside"), ("ada", "context remove third --dry-run"),
    ("ada", "context remove third"), ("ada", "config show --origin"), ("ada", "config set timeout 20"), ("ada", "errors"),
    ("ada", "help"), ("ada", "help round"), ("ada", "help round open"), ("ada", "help exit-codes"), ("ada", "completion bash"),
    ("ada", "version"), ("operator", "down --data data"),
]
STAGES = {"seconding": {"kind": "SECONDING", "count": 1, "counts_as": "CONCERN"}, "confer": {"kind": "CONFER", "count": 1},
          "casting": {"kind": "CASTING", "office": "FACILITATOR"}, "umpire": {"kind": "UMPIRE", "who": "arbitrator"},
          "sign-off": {"kind": "SIGN_OFF", "office": "CO_CHAIR"}}
# `checkpoint accept` takes a record that was forked: test_forked.py plays it. `move` takes a second group: test_move.py. Nobody is cut off: test_outbox.py.
# Straw polls are kept where the charter says so: the one that is played says nothing of them, nor is there a clause.
ELSEWHERE = {"straw open", "straw answer", "straw close", "straw show", "decision sign", "key words", "key from-words",
             "checkpoint accept", "outbox takeback", "move"}
CLEANERS = """[constituency cleaners]
kind = worker
standing = party
title = Cleaners
[founder hal]
constituency = cleaners
name = Hal Moore
key = %s
offices = co-chair
[founder ida]
constituency = cleaners
name = Ida Novak
key = %s
offices = co-chair
"""


class Contract(unittest.TestCase):
    def test_every_command(self):
        world = World()
        self.addCleanup(world.close)
        verbs = {verb["name"]: Documented(verb["json"]) for verb in world.ask("ada", "help")["verbs"]}
        keys, kept, seen, findings = {}, {}, set(), []
        world.file("secret", "correct horse battery\n").chmod(0o600)
        world.file("swaps.yaml", "name: swaps\nform: STANCE\nscale:\n  - 1 yes: AGREE\nroll: SEATS\nfrozen: ROUND\nrounds: 1\n"
                                 "tests:\n  - name: all\n    class: SUPPORT\n    scope: WHOLE\n    count: [AGREE]\n    at_least: 1\n")
        world.file("roll.csv", "member,constituency,answer\nada,union,yes\n")
        world.file("rules.json", '{"facilitation": "PAIR", "text": "Together."}')
        world.file("trees.blt", '2 1\n2 1 0\n1 2 1 0\n0\n"Oak"\n"Elm"\n"Trees"\n')
        world.file("trees.json", '{"name": "trees", "form": "RANKING", "roll": "SEATS", "frozen": "ROUND", "rounds": 1, "ranking": '
                   '{"method": "INSTANT_RUNOFF"}, "options": [{"number": 1, "label": "oak"}, {"number": 2, "label": "elm"}]}')
        world.file("paper.csv", "member,answer\nAda Okafor,agree\nBen Ruiz,agree\n")
        for who, words in PLAY:
            words = words.split() if isinstance(words, str) else words
            if words[:2] == ["found", "prepare"]:
                world.file("charter.ini", CHARTER + "".join(
                    f"[founder {person}]\nconstituency = {side}\nname = {name}\nkey = {keys[person]}\noffices = {offices}\n"
                    for person, side, name, offices in FOUNDERS))
                spare = [world.ask(person, "key", "new")["key"] for person in ("hal", "ida")]
                world.file("cleaners.ini", CLEANERS % tuple(spare))
            if "seconding.json" in words:
                rule = world.ask("ada", "rule", "show", "consensus")["rule"]
                for name, stage in STAGES.items():
                    world.file(f"{name}.json", json.dumps({**rule, "name": name, "rounds": 1, "stages": [
                        {"name": "s1", "on": ["BLOCKED"], "within_ms": 3600000, **stage}]}))
            document = world.ask(who, *(kept.get(word, word) for word in words))
            if words == ["checkpoint"]:
                world.file("ada.checkpoint", document["checkpoint"]["note"])
            if words[:2] == ["key", "new"]:
                keys[who] = document["key"]
            if words[0] == "invite":
                kept["NUMBER"] = document["receipt"]["sequence"]
                kept["KEY"] = next(row["key"] for row in world.ask(who, "invitation", "list")["invitations"]
                                   if row["name"]["text"] == words[1])
            if document.get("receipt") and who == "ada":
                kept["COMMAND"] = document["receipt"].get("command_id", kept.get("COMMAND"))
            if document.pop("dry_run", None) is not None:
                continue
            seen.add(document["verb"])
            findings += [f"{' '.join(words)}: {what}" for what in verbs[document["verb"]].findings(document)]
        self.assertEqual(findings, [])
        self.assertEqual(set(verbs) - seen - ELSEWHERE, set(), "no line of PLAY runs these")

    def test_a_failure(self):
        world = World()
        self.addCleanup(world.close)
        document = world.ask("ada", "whoami", exit=USAGE)
        self.assertEqual(set(document), ALL_HAVE | {"error"})
        self.assertEqual(set(document["error"]),
                         {"code", "name", "sentence", "what", "field", "latest", "limit", "next", "command_id"})

    def test_the_check_itself(self):
        """It notices a member too few, one too many, and one of another form."""
        said = Documented("`a` (x; y), `b` [{c, d (E; f)}], `g` [H, and `i`]; with --draft: `j` as of `draft show`")
        good = {"verb": "v", "ok": True, "exit": DONE, "a": 1, "b": [{"c": 1, "d": 2}], "g": [{"i": 1, "k": 2}]}
        self.assertEqual(list(said.findings(good)), [])
        self.assertEqual(list(said.findings({**good, "j": {}})), [])
        for change in ({"b": [{"c": 1}]}, {"b": {"c": 1, "d": 2}}, {"g": [{"k": 1}]}, {"z": 1}):
            self.assertNotEqual(list(said.findings({**good, **change})), [], change)
        del good["a"]
        self.assertNotEqual(list(said.findings(good)), [])
        said, good = Documented("`a`, `b`, or with --out `c`"), {"verb": "v", "ok": True, "exit": DONE}
        for members, is_good in (({"a", "b"}, True), ({"c"}, True), ({"a", "c"}, True), ({"a"}, False), (set(), False)):
            self.assertEqual(list(said.findings({**good, **dict.fromkeys(members)})) == [], is_good, members)


if __name__ == "__main__":
    unittest.main()
