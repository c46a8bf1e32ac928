"""The worker at work: HELLO, commands, receipts, duplicates, queries, news, status."""

import hashlib

import nacl.signing

from worker_case import ERR, FakeInstallation, Installation, Refused, Scene, WorkerCase, main, pb  # first: sets the path
from comity_scene import simple_rule
from comity_wire import NEWS, READY, check_record, now_ms, open_checkpoint, seal_up, text_refs, verify_receipt

LISTS = {name[len("LIST_KIND_"):].lower(): value for name, value in pb.ListKind.items() if value}
# Of what has no rows in the scene below: the charter and what hangs on it, and what comes of a round that closed.
EMPTY = {"decisions", "disputed", "charters", "recusals", "alternates", "stand_ins", "proposal_links", "straw_polls",
         "straw_answers", "mandates", "retentions", "minutes", "roll_lists", "stages"}


class Serve:
    """Every test runs against both brokers."""

    def hidden_round(self, scene):
        """A body of two a side with an open round whose ballots are hidden until the close."""
        scene.body("council", {"labour": 2, "management": 2})
        seated = scene.seat_all("council")
        rule = scene.adopt(simple_rule(visibility=pb.VISIBILITY_UNTIL_CLOSE))
        session = scene.open_session("council")
        proposal, text_hash = scene.propose(session, "Shifts", "Four days of ten hours.")
        return scene.open_round(proposal, text_hash, rule), text_hash, seated

    def reader(self, scene, member):
        wire = self.new_wire()
        wire.hello([wire.grant(scene.history, scene.keys[member])])
        return wire

    def test_welcome_answers_each_grant(self):
        scene = self.found()
        stranger = nacl.signing.SigningKey.generate()
        wire = self.new_wire()
        other = bytes(32)
        good = wire.grant(scene.history, scene.founder)
        flipped = wire.grant(scene.history, scene.founder)
        flipped.signature = bytes([flipped.signature[0] ^ 1]) + flipped.signature[1:]
        grants = {
            "GRANT": [wire.grant(scene.history, stranger), wire.grant(other, stranger),
                      wire.grant(scene.history, scene.founder, reader=other)],
            "VALIDITY": [wire.grant(scene.history, scene.founder, until_ms=now_ms() - 1),
                         wire.grant(scene.history, scene.founder, until_ms=now_ms() + 400 * 86400 * 1000)],
            "SIGNATURE": [flipped],
        }
        for name, list_ in grants.items():
            for grant in list_:
                welcome = wire.hello([grant])
                self.assertEqual([g.code for g in welcome.grants], [getattr(ERR, name)], name)
                self.assertEqual((welcome.grants[0].head, welcome.grants[0].member), (0, 0))
                with self.assertRaises(Refused) as caught:
                    wire.query(scene.history, whoami=pb.Whoami())
                self.assertEqual(caught.exception.name, "GRANT")
        welcome = wire.hello([good, good])
        self.assertEqual([g.code for g in welcome.grants], [0, ERR.DUPLICATE])
        self.assertEqual((welcome.grants[0].history, welcome.grants[0].head, welcome.grants[0].member),
                         (scene.history, 1, 1))
        self.assertEqual(welcome.log_key, self.installation.log_key)
        self.assertEqual(welcome.format_level, 1)
        self.assertLess(abs(welcome.time_ms - now_ms()), 60000)
        self.assertEqual(wire.query(scene.history, whoami=pb.Whoami()).whoami.member.number, 1)

    def test_the_same_bytes_get_the_same_receipt(self):
        scene = self.found()
        command = scene.command(add_site=pb.AddSite(site=pb.NewSite(
            name="south", title=scene.prose.ref("South"), time_zone="America/Chicago")))
        signed, _ = seal_up(command, scene.parties)
        texts = scene.prose.of(command)
        first = self.wire.submit_signed(signed, texts)
        requests = [self.wire.submit_start(signed, texts) for _ in range(20)]
        again = [self.wire.open(self.wire.finish(request)) for request in requests]
        other = self.new_wire()
        again.append(other.submit_signed(signed, texts))
        for receipt in again:
            self.assertEqual(receipt.SerializeToString(deterministic=True),
                             first.SerializeToString(deterministic=True))
        self.assertEqual(self.head(scene), first.first_sequence)

    def test_duplicates_in_one_go_are_done_once(self):
        scene = self.found()
        command = scene.command(add_site=pb.AddSite(site=pb.NewSite(
            name="south", title=scene.prose.ref("South"), time_zone="America/Chicago")))
        signed, _ = seal_up(command, scene.parties)
        requests = [self.wire.submit_start(signed, scene.prose.of(command)) for _ in range(50)]
        receipts = {self.wire.open(self.wire.finish(r)).SerializeToString(deterministic=True) for r in requests}
        self.assertEqual(len(receipts), 1)
        self.assertEqual(self.head(scene), 2)

    def test_answer_carries_the_requests_header(self):
        scene = self.found()
        command = scene.command(add_site=pb.AddSite(site=pb.NewSite(
            name="south", title=scene.prose.ref("South"), time_zone="America/Chicago")))
        signed, command_id = seal_up(command, scene.parties)
        frame = self.wire.finish(self.wire.submit_start(signed, scene.prose.of(command), attempt=3))
        receipt = self.wire.open(frame)
        verify_receipt(receipt, signed, self.wire.log_key)
        self.assertEqual((frame.group, frame.history, frame.command_id, frame.sequence, frame.error, frame.attempt),
                         (self.wire.group, scene.history, command_id, 0, 0, 3))   # nothing of the outcome
        self.assertGreater(frame.term, 0)

    def test_hidden_ballots_are_the_voters_until_the_close(self):
        scene = self.found()
        number, text_hash, seated = self.hidden_round(scene)
        voter, other = seated[0], seated[2]
        receipt_id = {}
        for member in (voter, other):
            command = scene.command(**scene.ballot(number, text_hash, 5, reason=f"reason of {member}",
                                                      alternative=f"the way of {member}"))
            signed, receipt_id[member] = seal_up(command, [scene.keys[member]])
            self.wire.submit_signed(signed, scene.prose.of(command))
        readers = {member: self.reader(scene, member) for member in (voter, other)}

        def sees(reader, whose):
            """How often the secret words of @whose show up in anything that @reader can ask for."""
            secret, beside, count = f"reason of {whose}".encode(), f"the way of {whose}".encode(), 0
            wire = readers[reader]
            kinds = [dict(events=pb.Events(**{"from": 1})),
                     dict(list=pb.List(kind=pb.LIST_KIND_BALLOTS, parent=number)),
                     dict(list=pb.List(kind=pb.LIST_KIND_BALLOTS, parent=number, number=whose)),
                     dict(list=pb.List(kind=pb.LIST_KIND_ROUNDS)), dict(list=pb.List(kind=pb.LIST_KIND_ROLL,
                                                                                     parent=number))]
            for kind in kinds:
                for answer in wire.query_all(scene.history, **kind):
                    count += secret in answer.SerializeToString()
                    self.assertEqual(secret in answer.SerializeToString(), beside in answer.SerializeToString())
            return count

        self.assertEqual((sees(voter, voter), sees(other, other)), (3, 3))
        self.assertEqual((sees(voter, other), sees(other, voter)), (0, 0))
        for record in self.all_events(readers[other], scene.history):
            header, event = check_record(record, scene.history)
            if event.WhichOneof("kind") == "ballot_cast":
                hidden = event.actor != other
                self.assertEqual([part.is_withheld for part in record.parts], [False, hidden, hidden, hidden])
        salts = {}
        for reader, wire in readers.items():
            packed = wire.query(scene.history, receipt=pb.GetReceipt(command_id=receipt_id[voter])).receipt
            receipt = pb.Receipt.FromString(packed)
            salts[reader] = receipt.event.parts[1].salt
            self.assertEqual(receipt.event.parts[1].content, b"")
        self.assertEqual((len(salts[voter]), len(salts[other])), (16, 0))
        scene.close(number)
        self.assertEqual((sees(voter, other), sees(other, voter)), (3, 3))
        packed = readers[other].query(scene.history, receipt=pb.GetReceipt(command_id=receipt_id[voter])).receipt
        self.assertEqual(pb.Receipt.FromString(packed).event.parts[1].salt, salts[voter])

    def all_events(self, wire, history, **more):
        return [record for answer in wire.query_all(history, events=pb.Events(**{"from": 1}), **more)
                for record in answer.events]

    def test_events_make_the_tree_of_the_checkpoint(self):
        scene = self.found()
        scene.invite_many("labour", 5)
        whole = self.all_events(self.wire, scene.history, limit=3)
        answer = self.wire.query(scene.history, events=pb.Events(**{"from": 1}))
        self.assertEqual([r.header for r in answer.events], [r.header for r in whole])
        self.assertEqual(answer.as_of, len(whole))
        size, root = open_checkpoint(answer.checkpoint, scene.history, 1, self.wire.log_key)
        self.assertEqual(size, len(whole))
        self.assertEqual(tree_root([record.header for record in whole]), root)
        for index, record in enumerate(whole):
            header, _ = check_record(record, scene.history)
            self.assertEqual(header.sequence, index + 1)

    def fill_session(self, scene, seated):
        """A hand, a time box, a sidebar and a plus in session 1."""
        member = scene.keys[seated[0]]
        scene.do(member, raise_hand=pb.RaiseHand(session=1))
        scene.do(scene.facilitator, set_time_box=pb.SetTimeBox(item=1, minutes=5))
        scene.do(member, propose_sidebar=pb.ProposeSidebar(session=1, topic=scene.prose.ref("Night cover"),
                                                           members=[seated[1]]))
        scene.do(member, note_plus_delta=pb.NotePlusDelta(session=1, kind=pb.PLUS_DELTA_KIND_PLUS,
                                                          text=scene.prose.ref("On time.")))

    def fill_item(self, scene, seated, text_hash):
        """What solving a problem brings, and an action and a hold."""
        member = scene.keys[seated[0]]
        scene.do(member, raise_concern=pb.RaiseConcern(proposal=1, text_hash=text_hash, text=scene.prose.ref("The nights.")))
        scene.do(member, request_data=pb.RequestData(item=1, constituency="management", text=scene.prose.ref("Hours?"),
                                                     confidentiality=pb.CONFIDENTIALITY_ALL))
        scene.do(member, state_fact=pb.StateFact(item=1, text=scene.prose.ref("Forty."),
                                                 confidentiality=pb.CONFIDENTIALITY_ALL))
        item = scene.do(scene.facilitator, add_item=pb.AddItem(session=1, title=scene.prose.ref("Rosters"),
                                                               phase=pb.PHASE_STANDARDS)).item_added.item.number
        scene.do(member, contribute=pb.Contribute(item=item, kind=pb.CONTRIBUTION_KIND_STANDARD,
                                                  text=scene.prose.ref("Fair to nights.")))
        scene.do(member, add_action=pb.AddAction(item=item, title=scene.prose.ref("Count"), owners=[seated[0]],
                                                 due_date=20301231, time_zone="UTC"))
        scene.do(scene.co_chairs["labour"][0], hold_texts=pb.HoldTexts(session=1, reason=scene.prose.ref("A case.")))

    def test_every_list_is_served(self):
        scene = self.found()
        number, text_hash, seated = self.hidden_round(scene)
        scene.check_in(1, seated[0], "north")
        scene.vote(number, text_hash, seated[0], 1)
        scene.invite_many("labour", 1)
        self.fill_session(scene, seated)
        self.fill_item(scene, seated, text_hash)
        scene.do(scene.co_chairs["labour"][0], appoint_witness=pb.AppointWitness(
            name="labour-box", key=bytes(nacl.signing.SigningKey.generate().verify_key)))
        in_key = {"presences": 1, "roll": number, "ballots": number, "seats": 1, "disputed": number, "hands": 1,
                  "time_boxes": 1, "recusals": 1, "alternates": 1, "stand_ins": 1, "straw_answers": 1}
        for name, kind in LISTS.items():
            answer = self.wire.query(scene.history, list=pb.List(kind=kind, parent=in_key.get(name, 0)))
            rows = getattr(answer, name)
            self.assertEqual(len(rows) > 0, name not in EMPTY, name)
            self.assertEqual(answer.as_of, self.head(scene))
            refs = [r.hash for row in rows for r in text_refs(row)]
            self.assertEqual([text.hash for text in answer.texts], refs, name)
            one = self.wire.query_all(scene.history, limit=1, list=pb.List(kind=kind, parent=in_key.get(name, 0)))
            self.assertEqual([row for page in one for row in getattr(page, name)], list(rows), name)

    def test_invitations_are_every_members_to_see(self):
        scene = self.found()
        member = scene.invite_many("labour", 1)[0]
        for reader in (1, 3, member):   # a co-chair of each side, a member without an office
            answer = self.reader(scene, reader).query(scene.history, list=pb.List(kind=pb.LIST_KIND_INVITATIONS))
            self.assertEqual([(row.constituency, row.member) for row in answer.invitations], [(1, member)])

    def test_a_revoked_key_reads_no_more(self):
        scene = self.found()
        member = scene.invite_many("labour", 1)[0]
        wire = self.reader(scene, member)
        ask = lambda: wire.query(scene.history, whoami=pb.Whoami())  # noqa: E731
        self.assertEqual(ask().whoami.member.number, member)
        scene.do(scene.founder, revoke_key=pb.RevokeKey(key=bytes(scene.keys[member].verify_key)))
        self.assertRefused("KEY_REVOKED", "query.history", ask)
        welcome = wire.hello([wire.grant(scene.history, scene.keys[member])])
        self.assertEqual(welcome.grants[0].code, ERR.KEY_REVOKED)

    def test_news_follows_commands(self):
        scene = self.found()
        watcher = self.reader(scene, 1)
        watcher.subscribe(scene.history)
        watcher.query(scene.history, whoami=pb.Whoami())   # the subscription has come before
        scene.invite_many("labour", 3)
        watcher.wait_news(scene.history, self.head(scene))

    def test_status_tells_by_who_asks(self):
        scene = self.found()
        stranger, operator = self.new_wire(), self.new_wire(secret=bytes(range(32)))
        for wire in (stranger, operator):
            wire.hello()
        tell = lambda wire: wire.query(status=pb.Status()).status  # noqa: E731
        status = tell(stranger)
        self.assertTrue(status.software.startswith("comity-worker "))
        self.assertEqual((list(status.format_levels), status.group, status.is_leader),
                         ([1], self.wire.group, True))
        self.assertEqual((len(status.heads), status.histories, status.commands, len(status.peers)), (0, 0, 0, 0))
        status = tell(self.wire)
        self.assertEqual([(h.history, h.head) for h in status.heads], [(scene.history, 1)])
        open_checkpoint(status.heads[0].checkpoint, scene.history, 1, self.wire.log_key)
        self.assertEqual((status.histories, status.commands, status.map_bytes), (0, 0, 0))
        status = tell(operator)
        self.assertEqual((status.histories, status.commands, len(status.heads)), (1, 1, 0))
        self.assertGreater(status.map_limit_bytes, status.map_bytes)
        self.assertGreater(status.map_bytes, 0)
        self.assertGreater(status.batches, 0)
        self.assertEqual([peer.is_connected for peer in status.peers], [True])
        self.assertTrue(0 <= status.peers[0].last_heard_ms < 60000)

    def test_a_worker_that_was_restarted_asks_for_hello(self):
        scene = self.found()
        self.installation.stop("worker")
        self.installation.start("worker")
        def query():
            return self.wire.patiently(lambda: self.wire.query(scene.history, whoami=pb.Whoami()))
        self.assertRefused("HELLO", "", query)
        scene.hello()
        self.assertEqual(query().as_of, 1)

    def test_two_histories_do_not_mix(self):
        one, two = self.found(), Scene(self.wire, self.installation.token)
        two.found({"labour": "WORKER", "management": "EMPLOYER"})
        one.hello()
        one.invite_many("labour", 2)
        self.assertRefused("GRANT", "query.history", lambda: self.head(two))
        two.hello()
        self.assertEqual(self.head(two), 1)
        self.assertRefused("GRANT", "query.history", lambda: self.head(one))

    def test_many_in_flight(self):
        scene = self.found()
        scene.invite_many("labour", 150)
        self.assertEqual(len(scene.keys), 154)
        sequences = [check_record(r, scene.history)[0].sequence
                     for r in self.all_events(self.wire, scene.history)]
        self.assertEqual(sequences, list(range(1, 302)))


def tree_root(leaves):
    """RFC 6962 2.1, written as the definition."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + tree_root(leaves[:split]) + tree_root(leaves[split:])).digest()


OPERATOR = {"worker_settings": "operator = 8f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f\n"}


class FakeServe(Serve, WorkerCase):
    kind = FakeInstallation
    options = OPERATOR

    def test_the_worker_registers_and_tells_news(self):
        ready = self.installation.fake.wait_for(READY)
        self.assertEqual((ready.group, ready.sequence), (self.wire.group, 512))
        self.assertEqual(ready.term, 1)
        scene = self.found()
        news = self.installation.fake.wait_for(NEWS)
        self.assertEqual((news.history, news.sequence, news.term), (scene.history, 1, 1))


class RealServe(Serve, WorkerCase):
    kind = Installation
    options = OPERATOR


if __name__ == "__main__":
    main()
