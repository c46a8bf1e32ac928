"""Who sees what: every kind of query, by a reader of each kind, against a table that was written by hand from docs/trust.md, "Who may do
what". And nobody from outside learns whether there is such a history, session, round, command, name or key.

Run by CTest with COMITY_BUILD set to the build directory."""

import secrets
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "worker"))

import nacl.signing  # noqa: E402

from worker_case import ERR, Refused, WorkerCase, main, pb  # noqa: E402
from comity_installation import UNLIMITED  # noqa: E402
from comity_scene import simple_rule  # noqa: E402
from comity_wire import now_ms  # noqa: E402

# What a member may see of the voter's ballot in a hidden round that is open, and of a request for data that is for the body.
BALLOT, BODY = "the ballot", "what is for the body"
# Reader: what they see of these two. Whoever else a member is sees everything alike.
MEMBERS = {
    "voter": {BALLOT, BODY},            # who answered; has a seat
    "same side, seated": {BODY},
    "other side, seated": {BODY},
    "facilitator": {BODY},
    "same side, no seat": set(),
    "other side, no seat": set(),
}
# Reader: what every query is refused with but those named.
OUTSIDE = {
    "witness": ("FORBIDDEN", {"checkpoint"}),   # a witness of one side: checkpoints alone
    "former member": ("KEY_REVOKED", set()),    # on a connection that was open when the key was revoked
    "stranger": ("GRANT", set()),               # with leave that the stranger wrote to itself
    "nobody": ("GRANT", set()),                 # without any
}
# Lists in which a row can be hidden, or its texts.
HIDDEN_ROWS = {"LIST_KIND_BALLOTS": BALLOT}
HIDDEN_TEXTS = {"LIST_KIND_DATA_REQUESTS": BODY, "LIST_KIND_FACTS": BODY}
NEEDS_PARENT = {"LIST_KIND_PRESENCES": "session", "LIST_KIND_ROLL": "round", "LIST_KIND_BALLOTS": "round", "LIST_KIND_SEATS": "body",
                "LIST_KIND_RECUSALS": "proposal", "LIST_KIND_ALTERNATES": "body", "LIST_KIND_STAND_INS": "session",
                "LIST_KIND_HANDS": "session", "LIST_KIND_TIME_BOXES": "session", "LIST_KIND_STRAW_ANSWERS": "poll",
                "LIST_KIND_DISPUTED": "round"}


class Readers(WorkerCase):
    options = {"worker_settings": UNLIMITED + "strangers_per_minute = 0\n"}

    def setUp(self):
        super().setUp()
        self.scene = scene = self.found()
        self.labour = scene.invite_many("labour", 2)
        self.management = scene.invite_many("management", 2)
        scene.body("council", {"labour": 2, "management": 2})
        scene.seat_all("council")      # the co-chairs; those who were invited have no seat
        rule = scene.adopt(simple_rule(name="hidden", visibility=pb.VISIBILITY_UNTIL_CLOSE))
        session = scene.open_session("council")
        chairs = [key for pair in scene.co_chairs.values() for key in pair]
        self.member_of = {bytes(key.verify_key): number for number, key in scene.keys.items()}
        for key in chairs:
            scene.check_in(session, self.member_of[bytes(key.verify_key)], "north")
        proposal, text_hash = scene.propose(session, "Nights", "Nights are shared.")
        self.round = scene.open_round(proposal, text_hash, rule)
        self.labour_chairs, self.management_chairs = scene.co_chairs["labour"], scene.co_chairs["management"]
        voter = self.member_of[bytes(self.labour_chairs[1].verify_key)]
        self.cast = scene.wire.submit(scene.command(**scene.ballot(self.round, text_hash, 5, reason="Not the nights.")),
                                      [scene.keys[voter]], scene.prose)
        item = scene.do(scene.facilitator, add_item=pb.AddItem(session=session, title=scene.prose.ref("Costs"), phase=pb.PHASE_DATA))
        self.ask_for_data(item.item_added.item.number)
        self.witness = nacl.signing.SigningKey.generate()
        scene.do(self.labour_chairs[0], appoint_witness=pb.AppointWitness(name="tower", key=bytes(self.witness.verify_key)))
        self.numbers = {"session": session, "round": self.round, "body": 1, "proposal": proposal, "poll": 1}

    def ask_for_data(self, item):
        scene = self.scene
        scene.do(self.labour_chairs[1], request_data=pb.RequestData(
            item=item, constituency="management", text=scene.prose.ref("Who works which nights?"), due_ms=now_ms() + 86400000,
            confidentiality=pb.CONFIDENTIALITY_BODY))

    def reader(self, key, history=None):
        wire = self.new_wire(timeout_s=30)
        wire.hello([wire.grant(history or self.scene.history, key)])
        return wire

    def queries(self):
        """(name, arguments) of every query that there is."""
        yield "whoami", dict(whoami=pb.Whoami())
        yield "events", dict(events=pb.Events(**{"from": 1}), limit=1000)
        yield "receipt", dict(receipt=pb.GetReceipt(command_id=self.cast.command_id))
        yield "checkpoint", dict(checkpoint=pb.GetCheckpoint(**{"from": 1}))
        for name, kind in pb.ListKind.items()[1:]:
            yield name, dict(list=pb.List(kind=kind, parent=self.numbers.get(NEEDS_PARENT.get(name), 0)), limit=1000)

    def members(self):
        keys = {"voter": self.labour_chairs[1], "same side, seated": self.labour_chairs[0],
                "other side, seated": self.management_chairs[1], "facilitator": self.management_chairs[0],
                "same side, no seat": self.scene.keys[self.labour[0]], "other side, no seat": self.scene.keys[self.management[0]]}
        self.assertEqual(keys.keys(), MEMBERS.keys())
        return {name: self.reader(key) for name, key in keys.items()}

    def test_members(self):
        readers = self.members()
        for name, query in self.queries():
            answers = {who: wire.query(self.scene.history, **query) for who, wire in readers.items()}
            for who, sees in MEMBERS.items():
                with self.subTest(query=name, reader=who):
                    self.check_member(name, sees, answers[who], answers["voter"])

    def check_member(self, name, sees, answer, whole):
        """What the voter sees, less what the table takes from this reader, and no more."""
        if name == "whoami":
            return
        rows = dict((field.name, list(value)) for field, value in whole.ListFields() if field.label == field.LABEL_REPEATED)
        own = dict((field.name, list(value)) for field, value in answer.ListFields() if field.label == field.LABEL_REPEATED)
        if name == "events":
            self.check_events(sees, own["events"], rows["events"])
        elif name == "receipt":
            kept, full = pb.Receipt.FromString(answer.receipt), pb.Receipt.FromString(whole.receipt)
            salts = [bool(part.salt) for part in kept.event.parts]
            self.assertEqual([p.hash for p in kept.event.parts], [p.hash for p in full.event.parts])
            self.assertEqual(all(salts[:2]), BALLOT in sees)
        elif HIDDEN_ROWS.get(name) not in sees and name in HIDDEN_ROWS:
            self.assertEqual(own, {})
        elif HIDDEN_TEXTS.get(name) not in sees and name in HIDDEN_TEXTS:
            rows.pop("texts", None)
            self.assertEqual(own, rows)
        else:
            self.assertEqual(own, rows)

    def check_events(self, sees, own, whole):
        hidden = []
        for mine, full in zip(own, whole, strict=True):
            self.assertEqual((mine.header, [p.hash for p in mine.parts]), (full.header, [p.hash for p in full.parts]))
            hidden += [BALLOT if part.audience == pb.AUDIENCE_VOTER_UNTIL_CLOSE else BODY
                       for part in mine.parts if part.is_withheld]
            for part in mine.parts:
                self.assertFalse(part.is_withheld and (part.content or part.salt))
        self.assertEqual(set(hidden), {BALLOT, BODY} - sees)

    def test_outside(self):
        scene = self.scene
        former = self.labour[1]
        wires = {"witness": self.reader(self.witness), "former member": self.reader(scene.keys[former]),
                 "stranger": self.reader(nacl.signing.SigningKey.generate()), "nobody": self.new_wire()}
        wires["nobody"].hello()
        wires["former member"].query(scene.history, whoami=pb.Whoami())
        scene.do(self.labour_chairs[0], revoke_key=pb.RevokeKey(key=bytes(scene.keys[former].verify_key)))
        for name, query in self.queries():
            for who, (code, sees) in OUTSIDE.items():
                with self.subTest(query=name, reader=who):
                    if name in sees:
                        self.assertTrue(wires[who].query(scene.history, **query).checkpoint)
                        continue
                    with self.assertRaises(Refused) as caught:
                        wires[who].query(scene.history, **query)
                    self.assertEqual(caught.exception.name, code)

    def refusal(self, call):
        with self.assertRaises(Refused) as caught:
            call()
        refused = caught.exception
        return refused.code, refused.field, refused.latest, refused.limit, len(refused.frame.body)

    def test_an_outsider_cannot_tell_what_there_is(self):
        """Of a history that there is, and of one that there is not; of a command, a round and a name that there are, and are not."""
        for key in (None, nacl.signing.SigningKey.generate()):
            here, elsewhere = self.scene.history, secrets.token_bytes(32)
            wire = self.new_wire(timeout_s=30)
            codes = [wire.hello([wire.grant(history, key)] if key else []).grants for history in (here, elsewhere)]
            self.assertEqual(*[[grant.code for grant in grants] for grants in codes])
            for name, query in self.queries():
                with self.subTest(query=name, key=bool(key)):
                    first = self.refusal(lambda: wire.query(here, **query))
                    self.assertEqual(first, self.refusal(lambda: wire.query(elsewhere, **query)))
            for there, not_there in ((self.cast.command_id, secrets.token_bytes(16)),):
                asked = [self.refusal(lambda: wire.query(here, receipt=pb.GetReceipt(command_id=id))) for id in (there, not_there)]
                self.assertEqual(*asked)
            for parent in (self.round, 77):
                list_ = pb.List(kind=pb.LIST_KIND_BALLOTS, parent=parent)
                self.assertEqual(self.refusal(lambda: wire.query(here, list=list_)), (ERR.GRANT, "query.history", 0, 0, first[-1]))

    def test_status_tells_an_outsider_of_no_history(self):
        wire = self.new_wire()
        wire.hello()
        status = wire.query(status=pb.Status()).status
        self.assertEqual((status.histories, list(status.heads), list(status.peers)), (0, [], []))


if __name__ == "__main__":
    main()
