"""Bad input: each gets its code and the field at fault, changes nothing, and leaves the connection as it was."""

import secrets

import nacl.signing

from worker_case import ERR, FakeInstallation, Installation, Refused, Scene, WorkerCase, main, pb  # sets the path
from comity_scene import simple_rule
from comity_wire import ERROR, HELLO, REQUEST, Failed, Frame, Prose, Seal, now_ms, public_half, seal_up, sign

DAY_MS = 24 * 3600 * 1000


def field(number, wire_type, payload):
    """One field of protobuf's wire form; @payload is bytes for length-delimited ones, else an integer."""
    head = varint(number << 3 | wire_type)
    return head + (varint(len(payload)) + payload if wire_type == 2 else varint(payload))


def varint(value):
    out = b""
    while value > 0x7f:
        out += bytes([value & 0x7f | 0x80])
        value >>= 7
    return out + bytes([value])


class Refuse:
    """Every test runs against both brokers."""

    def setUp(self):
        super().setUp()
        self.scene = self.found()
        self.before = self.head(self.scene)

    def tearDown(self):
        """Nothing changed, and the same connection still serves."""
        self.assertEqual(self.head(self.scene), self.before)
        super().tearDown()

    def submit_bytes(self, packed, key=None, cosigners=(), texts=(), **fields):
        """Submit exactly these bytes as the Command, properly signed."""
        key = key or self.scene.founder
        signed = pb.SignedCommand(command=packed, signature=sign(key, "comity/v1/command", packed))
        for cosigner in cosigners:
            signed.cosignatures.add(key=bytes(cosigner.verify_key), signature=sign(cosigner, "comity/v1/command", packed))
        return self.send_signed(signed.SerializeToString(), texts, **fields)

    def send_signed(self, signed, texts=(), **fields):
        submit = pb.Submit(signed_command=signed, texts=texts)
        try:
            return self.wire.open(self.wire.finish(self.wire.submit_start(signed, texts, **fields)))
        except Refused:
            raise
        except Exception as error:
            if type(error).__name__ != "DecodeError":
                raise
            # What Python cannot read has no id that could stand in the header.
            return self.wire.open(self.wire.finish(self.wire.start(pb.Request(submit=submit).SerializeToString())))

    def add_site(self, name="south", keys=None, prose=None, **changes):
        """A joint command that is right but for @changes of its Command."""
        prose = prose or self.scene.prose
        command = self.scene.command(add_site=pb.AddSite(site=pb.NewSite(
            name=name, title=prose.ref("South"), time_zone="America/Chicago")))
        for name_, value in changes.items():
            setattr(command, name_, value)
        return command

    # What travels

    def test_request_without_content(self):
        ask = lambda plain: lambda: self.wire.open(self.wire.finish(self.wire.start(plain)))  # noqa: E731
        self.assertRefused("MISSING", "kind", ask(b""))
        self.assertRefused("MALFORMED", "", ask(b"\xff\xff\xff"))
        self.assertRefused("UNKNOWN_FIELD", "9", ask(field(9, 2, b"x")))
        self.assertRefused("UNKNOWN_FIELD", "query.99", ask(field(2, 2, field(99, 0, 1))))
        self.assertRefused("MISSING", "command", ask(pb.Request(submit=pb.Submit()).SerializeToString()))

    def test_seal_that_does_not_open(self):
        wire, right = self.new_wire(), self.wire
        plain = pb.Request(query=pb.Query(status=pb.Status())).SerializeToString()
        for name, seal in {
            "another group's key": Seal(wire.secret, public_half(secrets.token_bytes(32))),
            "nonsense": None,
        }.items():
            frame = Frame(REQUEST, request=wire.next_request(), group=wire.group, attempt=1, budget=20000)
            wire.send_raw(seal.close_up(frame, plain) if seal else frame.pack() + secrets.token_bytes(200))
            with self.assertRaises(Failed, msg=name) as caught:
                wire.open(wire.finish(frame.request))
            self.assertEqual(caught.exception.name, "SEAL", name)
        for size in (0, 1, 71, 72):   # shorter than any seal, and as short as one can be
            frame = Frame(REQUEST, bytes(size), request=wire.next_request(), group=wire.group, attempt=1, budget=20000)
            wire.send_raw(frame.pack())
            answer = wire.finish(frame.request)
            self.assertEqual((answer.type, answer.error, answer.body), (ERROR, ERR.SEAL, b""))
        for changed in ("history", "command_id", "sequence", "flags"):
            frame = Frame(REQUEST, request=right.next_request(), group=right.group, attempt=1, budget=20000)
            sealed = right.seal.close_up(frame, plain)
            setattr(frame, changed, 4 if changed in ("sequence", "flags") else bytes([1]) * len(getattr(frame, changed)))   # flags: LEAVE
            right.send_raw(frame.header() + sealed[112:])
            self.assertEqual(right.finish(frame.request).error, ERR.SEAL, changed)

    def test_another_clients_body(self):
        """A body taken from one client and sent by another is answered for the first, who alone can read it."""
        thief = self.new_wire()
        plain = pb.Request(query=pb.Query(history=self.scene.history, whoami=pb.Whoami())).SerializeToString()
        frame = Frame(REQUEST, request=thief.next_request(), group=thief.group, attempt=1, budget=20000)
        thief.send_raw(self.wire.seal.close_up(frame, plain))
        answer = thief.finish(frame.request)
        with self.assertRaises(Exception):
            thief.seal.open(answer)
        self.assertTrue(self.wire.seal.open(answer))

    def test_header_that_contradicts_the_body(self):
        command = self.add_site()
        signed, _ = seal_up(command, self.scene.parties)
        texts = self.scene.prose.of(command)
        self.assertRefused("MALFORMED", "header.command_id",
                           lambda: self.send_signed(signed, texts, command_id=bytes(16)))
        self.assertRefused("MALFORMED", "header.history", lambda: self.send_signed(signed, texts, history=bytes([7] * 32)))
        self.assertRefused("MALFORMED", "header.history", lambda: self.wire.query(
            self.scene.history, whoami=pb.Whoami(), header={"history": bytes([7] * 32)}))

    # The form of commands

    def test_form_of_commands(self):
        good = self.add_site()
        signed, _ = seal_up(good, self.scene.parties)   # fills in key, times and cosigners
        parties = self.scene.parties
        texts = self.scene.prose.of(good)
        packed = good.SerializeToString(deterministic=True)

        def changed(**changes):
            command = pb.Command.FromString(packed)
            for path, value in changes.items():
                target, names = command, path.split("__")
                for name in names[:-1]:
                    target = getattr(target, name)
                if value is None:
                    target.ClearField(names[-1])
                else:
                    setattr(target, names[-1], value)
            return command.SerializeToString(deterministic=True)

        site = "add_site.site"
        cases = [
            ("UNKNOWN_FIELD", "1999", packed + field(1999, 0, 1)),
            ("MISSING", "body", pb.Command(history=good.history, key=good.key, valid_until_ms=good.valid_until_ms,
                                           cosigners=good.cosigners).SerializeToString()),
            ("MISSING", "key", changed(key=b"")),
            ("MISSING", "epoch", changed(epoch=0)),
            ("RANGE", "key", changed(key=b"\1" * 31)),
            ("MISSING", "history", changed(history=b"")),
            ("RANGE", "history", changed(history=b"\1" * 31)),
            ("NAME", f"{site}.name", changed(add_site__site__name="South Side")),
            ("NAME", f"{site}.name", changed(add_site__site__name="x" * 41)),
            ("UTF8", f"{site}.name", self.with_raw_name(packed, b"so\xc3\x28th")),
            ("UTF8", f"{site}.name", self.with_raw_name(packed, b"so\0th")),
            ("MISSING", f"{site}.title", changed(add_site__site__title=None)),
            ("RANGE", f"{site}.title.hash", changed(add_site__site__title__hash=b"\1" * 31)),
            ("RANGE", f"{site}.title.size", changed(add_site__site__title__size=401)),
            ("RANGE", f"{site}.time_zone", changed(add_site__site__time_zone="no zone")),
        ]
        for name, where, bytes_ in cases:
            with self.subTest(name, where=where):
                self.assertRefused(name, where, lambda: self.submit_bytes(bytes_, parties[0], parties[1:], texts))

    @staticmethod
    def with_raw_name(packed, name):
        """The command with its site's name replaced by bytes that Python would not write."""
        text = b"south"
        assert packed.count(field(1, 2, text)) == 1
        command = pb.Command.FromString(packed)
        site = command.add_site.site.SerializeToString().replace(field(1, 2, text), field(1, 2, name))
        command.ClearField("add_site")
        return command.SerializeToString() + field(18, 2, field(1, 2, site))

    def test_characters(self):
        """In names nothing that is not seen; in longer texts no controls. Composed, all of them."""
        scene = self.scene
        for title in ("So\u0308d", "S\u200bouth", "\u202ehtuoS", "South\n", " South", "S\ue000", "!!!", "\u0301", "So\u0301\u0302\u0303\u0304\u0305uth"):
            with self.subTest(title=title), self.assertRaises(Refused) as caught:
                scene.do(scene.parties, add_site=pb.AddSite(site=pb.NewSite(
                    name="south", title=scene.prose.ref(title), time_zone="UTC")))
            self.assertEqual((caught.exception.name, caught.exception.field), ("CHARACTERS", "add_site.site.title"))

        for name in ("!!!", "\U0001F6A7", "q\u0301\u0302\u0303\u0304\u0305"):
            invite = pb.Invite(key=bytes(nacl.signing.SigningKey.generate().verify_key), name=scene.prose.ref(name),
                               expires_ms=now_ms() + DAY_MS)
            with self.subTest(name=name), self.assertRaises(Refused) as caught:
                scene.do(scene.parties[:1], invite=invite)
            self.assertEqual((caught.exception.name, caught.exception.field), ("CHARACTERS", "invite.name"))

    def test_undefined_choices(self):
        invite = pb.Invite(key=bytes(nacl.signing.SigningKey.generate().verify_key), name=self.scene.prose.ref("New"),
                           expires_ms=now_ms() + DAY_MS)
        command = self.scene.command(invite=invite)
        self.signed_by(command)
        for name, offices in (("ENUM", b"\x63"), ("MISSING", b"\x00"), ("DUPLICATE", b"\1\1")):
            inner = invite.SerializeToString() + field(3, 2, offices)
            command.ClearField("invite")
            packed = command.SerializeToString() + field(19, 2, inner)
            with self.subTest(name, offices=offices), self.assertRaises(Refused) as caught:
                self.submit_bytes(packed, texts=self.scene.prose.of(pb.Command(invite=invite)))
            self.assertEqual(caught.exception.name, name)
            self.assertTrue(caught.exception.field.startswith("invite.offices"), caught.exception.field)

    def test_sizes(self):
        command = self.add_site()
        signed, _ = seal_up(command, self.scene.parties)
        texts = self.scene.prose.of(command)
        long_ = pb.Command.FromString(command.SerializeToString())
        long_.cosigners.extend([secrets.token_bytes(32) for _ in range(64)])
        with self.assertRaises(Refused) as caught:
            self.submit_bytes(long_.SerializeToString(), texts=texts)
        self.assertEqual((caught.exception.name, caught.exception.field, caught.exception.limit), ("RANGE", "cosigners", 64))
        junk = self.with_raw_name(command.SerializeToString(), b"s" * 70000)
        with self.assertRaises(Refused) as caught:
            self.submit_bytes(junk, texts=texts)
        self.assertEqual((caught.exception.name, caught.exception.limit), ("TOO_LARGE", 65536))

    # Texts

    def test_texts(self):
        def submit(content, texts=None, size=None, extra=()):
            prose = Prose()
            ref = prose.ref(content)
            if size is not None:
                ref.size = size
            command = self.scene.command(add_item=pb.AddItem(session=1, title=ref))
            texts = [*(prose.of(command) if texts is None else texts), *extra]
            return lambda: self.submit_bytes(self.signed_by(command), texts=texts)
        wrong = [pb.Text(salt=bytes(16), content=b"another")]
        self.assertRefused("TEXT", "add_item.title", submit("Title", wrong))
        self.assertRefused("UTF8", "add_item.title", submit(b"\xff\xfe"))
        self.assertRefused("UTF8", "add_item.title", submit(b"a\0b"))
        self.assertRefused("TEXT", "add_item.title", submit("Title", size=4))
        self.assertRefused("MISSING", "add_item.title", submit("Title", []))
        self.assertRefused("TEXT", "texts", submit("Title", extra=wrong))
        self.assertRefused("RANGE", "add_item.title.size", submit("x" * 401))

    def signed_by(self, command, key=None):
        seal_up(command, [key or self.scene.founder])   # fills in what every command has
        return command.SerializeToString(deterministic=True)

    # Signatures and keys

    def test_signatures(self):
        scene, command = self.scene, self.add_site()
        signed, _ = seal_up(command, scene.parties)
        texts = scene.prose.of(command)

        def with_(change):
            copy = pb.SignedCommand.FromString(signed)
            change(copy)
            return lambda: self.send_signed(copy.SerializeToString(), texts)

        def flip(message):
            message.signature = bytes([message.signature[0] ^ 1]) + message.signature[1:]
        other_tag = sign(scene.founder, "comity/v1/grant", command.SerializeToString(deterministic=True))
        self.assertRefused("SIGNATURE", "signature", with_(flip))
        self.assertRefused("SIGNATURE", "signature", with_(lambda s: setattr(s, "signature", other_tag)))
        self.assertRefused("SIGNATURE", "cosignatures", with_(lambda s: flip(s.cosignatures[0])))
        self.assertRefused("COSIGNERS", "cosignatures", with_(lambda s: s.ClearField("cosignatures")))
        self.assertRefused("MISSING", "signature", with_(lambda s: s.ClearField("signature")))

    def test_one_sides_co_chairs_are_not_enough(self):
        command = self.add_site()
        signed, _ = seal_up(command, self.scene.co_chairs["labour"])
        with self.assertRaises(Refused) as caught:
            self.send_signed(signed, self.scene.prose.of(command))
        self.assertEqual(caught.exception.name, "COSIGNERS")

    def test_anothers_key(self):
        """Signed by one key in another's name; by a key that is nobody's; by a member without the right."""
        scene, stranger = self.scene, nacl.signing.SigningKey.generate()
        convene = lambda: scene.command(convene_session=pb.ConveneSession(  # noqa: E731
            body=1, title=scene.prose.ref("A session"), starts_ms=now_ms()))
        command = convene()
        packed = self.signed_by(command)
        self.assertRefused("SIGNATURE", "signature",
                           lambda: self.submit_bytes(packed, stranger, texts=scene.prose.of(command)))
        command = convene()
        self.assertRefused("KEY_UNKNOWN", "key", lambda: self.wire.submit(command, [stranger], scene.prose))
        with self.assertRaises(Refused) as caught:
            self.wire.submit(scene.command(revoke_key=pb.RevokeKey(key=bytes(scene.co_chairs["management"][0].verify_key))),
                             [scene.co_chairs["labour"][0]])
        self.assertEqual(caught.exception.name, "FORBIDDEN")

    def test_time_of_validity(self):
        for valid_until_ms in (1, now_ms() - 1000, now_ms() + 31 * DAY_MS):
            command = self.add_site(valid_until_ms=valid_until_ms)
            self.assertRefused("VALIDITY", "valid_until_ms",
                               lambda: self.wire.submit(command, self.scene.parties, self.scene.prose))

    def test_strangers_cannot_tell_what_there_is(self):
        """Whatever somebody with no place here tries is answered alike for a history that there is and one there is not."""
        stranger, once = nacl.signing.SigningKey.generate(), nacl.signing.SigningKey.generate()
        prose, wire = Prose(), self.new_wire()
        member = self.scene.founder

        def tries(history):
            for command, keys in (
                    (pb.Command(history=history, open_session=pb.OpenSession(session=1)), [stranger]),
                    (pb.Command(history=history, add_site=pb.AddSite(site=pb.NewSite(
                        name="south", title=prose.ref("South"), time_zone="UTC"))), [stranger, once]),
                    (pb.Command(history=history, redeem=pb.Redeem(invitation=bytes(once.verify_key))), [stranger, once]),
                    (pb.Command(history=history, open_session=pb.OpenSession(session=1), key=bytes(member.verify_key)),
                     [stranger])):
                yield lambda: wire.submit(command, keys, prose)
            yield lambda: wire.query(history, whoami=pb.Whoami())
            yield lambda: wire.query(history, list=pb.List(kind=pb.LIST_KIND_MEMBERS))

        def answers(history):
            welcome = wire.hello([wire.grant(history, stranger)])
            out = [(g.code, g.head, g.member) for g in welcome.grants]
            for call in tries(history):
                with self.assertRaises(Refused) as caught:
                    call()
                out.append((caught.exception.name, caught.exception.field, caught.exception.latest,
                            caught.exception.limit, len(caught.exception.frame.body)))
            return out

        there, nowhere = answers(self.scene.history), answers(secrets.token_bytes(32))
        self.assertEqual(there, nowhere)
        self.assertEqual([entry[0] for entry in there], [ERR.GRANT, "KEY_UNKNOWN", "KEY_UNKNOWN", "INVITATION",
                                                         "SIGNATURE", "GRANT", "GRANT"])

    def test_a_strangers_invitation_cannot_be_told(self):
        """Who knows an invitation's public key but does not have it learns nothing of whether it is there."""
        scene = self.scene
        once, other, stranger = (nacl.signing.SigningKey.generate() for _ in range(3))
        scene.do(scene.co_chairs["labour"][0], invite=pb.Invite(
            key=bytes(once.verify_key), name=scene.prose.ref("New"), expires_ms=now_ms() + DAY_MS))

        def forged(invitation):
            """As if cosigned by the invitation's key, by another key, by both, by nobody."""
            redeem = pb.Redeem(invitation=bytes(invitation.verify_key))
            signed, _ = seal_up(scene.command(redeem=redeem), [stranger, invitation])
            envelope = pb.SignedCommand.FromString(signed)
            envelope.cosignatures[0].signature = bytes(64)
            yield "SIGNATURE", "cosignatures", envelope.SerializeToString()
            del envelope.cosignatures[:]
            yield "COSIGNERS", "cosignatures", envelope.SerializeToString()
            for keys in ([stranger], [stranger, other], [stranger, other, invitation]):
                yield "COSIGNERS", "cosigners", seal_up(scene.command(redeem=redeem), keys)[0]

        for invitation in (once, nacl.signing.SigningKey.generate()):
            for name, field, signed in forged(invitation):
                self.assertRefused(name, field, lambda: self.wire.submit_signed(signed))
        # Who has the key may know.
        for invitation, name in ((nacl.signing.SigningKey.generate(), "INVITATION"), (once, None)):
            redeem = lambda: self.wire.submit(scene.command(  # noqa: E731
                redeem=pb.Redeem(invitation=bytes(invitation.verify_key))), [stranger, invitation])
            if name:
                self.assertRefused(name, "redeem.invitation", redeem)
            else:
                self.assertEqual(redeem().first_sequence, self.before + 2)   # after the invitation
        self.before += 2

    # Founding

    def test_founding_needs_the_token(self):
        for token, name in (("", "FOUNDING"), ("wrong", "FOUNDING"), (self.installation.token + "x", "FOUNDING"),
                            ("x" * 129, "RANGE")):
            scene = Scene(self.new_wire(), token)
            self.assertRefused(name, "submit.founding_token", lambda: scene.found({"one": "WORKER", "two": "EMPLOYER"}))

    def test_founding_needs_every_founder(self):
        scene = Scene(self.new_wire(), self.installation.token)
        keys = [nacl.signing.SigningKey.generate() for _ in range(2)]
        founders = [pb.Founder(key=bytes(k.verify_key), name=scene.prose.ref("F"), offices=[pb.OFFICE_CO_CHAIR])
                    for k in keys]
        found = pb.Found(name="trial", title=scene.prose.ref("T"), constituencies=[pb.NewConstituency(
            name="one", kind=pb.CONSTITUENCY_KIND_WORKER, standing=pb.STANDING_PARTY, title=scene.prose.ref("One"),
            founders=founders)], sites=[pb.NewSite(name="a", title=scene.prose.ref("A"), time_zone="UTC")])
        with self.assertRaises(Refused) as caught:
            self.wire.submit(pb.Command(found=found), keys[:1], scene.prose, founding_token=self.installation.token)
        self.assertEqual(caught.exception.name, "COSIGNERS")

    # Queries and HELLO

    def test_queries(self):
        history, ask = self.scene.history, lambda *a, **k: lambda: self.wire.query(*a, **k)
        members = pb.List(kind=pb.LIST_KIND_MEMBERS)
        for name, where, call in (
                ("MISSING", "query.kind", ask(history)),
                ("RANGE", "query.history", ask(b"\1" * 31, list=members, header={"history": bytes(32)})),
                ("RANGE", "query.history", ask(history, status=pb.Status())),
                ("RANGE", "query.limit", ask(history, list=members, limit=1001)),
                ("RANGE", "query.cursor", ask(history, list=members, cursor=bytes(129))),
                ("RANGE", "query.cursor", ask(history, list=members, cursor=b"nonsense")),
                ("BEHIND", "query.floor", ask(history, list=members, floor=1000)),
                ("MISSING", "query.list.kind", ask(history, list=pb.List())),
                ("ENUM", "query.list.kind", ask(history, list=pb.List(kind=99))),
                ("MISSING", "query.list.parent", ask(history, list=pb.List(kind=pb.LIST_KIND_BALLOTS))),
                ("RANGE", "query.events.from", ask(history, events=pb.Events())),
                ("RANGE", "query.receipt.command_id", ask(history, receipt=pb.GetReceipt(command_id=b"x"))),
                ("NOT_FOUND", "query.receipt.command_id", ask(history, receipt=pb.GetReceipt(command_id=bytes(16))))):
            with self.subTest(name, where=where):
                self.assertRefused(name, where, call)

    def test_hello(self):
        wire = self.new_wire()
        grant = wire.grant(self.scene.history, self.scene.founder)
        for name, where, hello in (
                ("MISSING", "software", pb.Hello(format_levels=[1])),
                ("RANGE", "software", pb.Hello(software="x" * 65, format_levels=[1])),
                ("RANGE", "software", pb.Hello(software="a\nb", format_levels=[1])),
                ("MISSING", "format_levels", pb.Hello(software="test")),
                ("VERSION", "format_levels", pb.Hello(software="test", format_levels=[2, 3])),
                ("RANGE", "format_levels", pb.Hello(software="test", format_levels=[1] * 17)),
                ("RANGE", "grants", pb.Hello(software="test", format_levels=[1], grants=[grant] * 65))):
            with self.subTest(name, where=where):
                self.assertRefused(name, where, lambda: wire.open(wire.finish(
                    wire.start(hello.SerializeToString(), HELLO))))
                self.assertRefused("HELLO", "", lambda: wire.query(self.scene.history, whoami=pb.Whoami()))

    def test_query_without_hello(self):
        wire = self.new_wire()
        self.assertRefused("HELLO", "", lambda: wire.query(self.scene.history, whoami=pb.Whoami()))
        self.assertRefused("HELLO", "", lambda: wire.query(status=pb.Status()))
        wire.hello()
        self.assertRefused("GRANT", "query.history", lambda: wire.query(self.scene.history, whoami=pb.Whoami()))


class Ballots:
    """Ballots that do not count, in a round with a rule that asks for reasons."""

    def setUp(self):
        super().setUp()
        self.scene = scene = self.found()
        scene.body("council", {"labour": 2, "management": 2})
        self.seated = scene.seat_all("council")
        self.outsider = scene.invite_many("labour", 1)[0]
        rule = simple_rule()
        rule.duties.add(stance=pb.STANCE_BLOCK, kind=pb.DUTY_KIND_REASON)
        self.rule = scene.adopt(rule)
        self.session = scene.open_session("council")
        self.proposal, self.text_hash = scene.propose(self.session, "Shifts", "Four days of ten hours.")

    def cast(self, number, member, answer=1, **more):
        return lambda: self.scene.vote(number, more.pop("text_hash", self.text_hash), member, answer, **more)

    def test_ballots(self):
        scene, voter = self.scene, self.seated[0]
        self.assertRefused("NOT_FOUND", "cast_ballot.round", self.cast(1, voter))   # before it opens
        number = scene.open_round(self.proposal, self.text_hash, self.rule)
        before = self.head(scene)
        self.assertRefused("NOT_ON_ROLL", "key", self.cast(number, self.outsider))
        self.assertRefused("ANSWER", "cast_ballot.answer", self.cast(number, voter, 7))
        self.assertRefused("REASON", "cast_ballot.reason", self.cast(number, voter, 6))
        self.assertRefused("STALE", "cast_ballot.replaces", self.cast(number, voter, replaces=3), latest=0)
        with self.assertRaises(Refused) as caught:
            self.cast(number, voter, text_hash=bytes(32))()
        self.assertEqual(caught.exception.field, "cast_ballot.text_hash")
        self.assertEqual(self.head(scene), before)
        self.cast(number, voter, 1)()
        latest = self.head(scene)
        self.assertRefused("STALE", "cast_ballot.replaces", self.cast(number, voter, 2), latest=latest)
        self.assertRefused("STALE", "cast_ballot.replaces", self.cast(number, voter, 2, replaces=latest - 1),
                           latest=latest)
        self.cast(number, voter, 6, replaces=latest, reason="It breaks the agreement on rest.")()
        scene.close(number)
        self.assertRefused("CLOSED", "cast_ballot.round", self.cast(number, voter, 1, replaces=latest + 1))
        self.assertRefused("CLOSED", "close_round.round", lambda: scene.close(number))

    def test_a_refusal_is_repeated(self):
        """The same bytes again get the same refusal, also once they would be right."""
        scene, voter = self.scene, self.seated[0]
        command = scene.command(**scene.ballot(1, self.text_hash, 1))
        signed, _ = seal_up(command, [scene.keys[voter]])
        texts = scene.prose.of(command)
        ask = lambda: self.wire.open(self.wire.finish(self.wire.submit_start(signed, texts)))  # noqa: E731
        self.assertRefused("NOT_FOUND", "cast_ballot.round", ask)
        self.assertEqual(scene.open_round(self.proposal, self.text_hash, self.rule), 1)
        self.assertRefused("NOT_FOUND", "cast_ballot.round", ask)
        self.installation.stop("worker")
        self.installation.start("worker")
        self.assertRefused("NOT_FOUND", "cast_ballot.round", lambda: self.wire.patiently(ask))
        fresh = scene.command(**scene.ballot(1, self.text_hash, 1))
        self.wire.submit(fresh, [scene.keys[voter]], scene.prose)


class FakeRefuse(Refuse, WorkerCase):
    kind = FakeInstallation

    def test_frames_that_are_none(self):
        """What a broker would not pass on. The worker drops it, or says what is wrong, and goes on."""
        fake, wire = self.installation.fake, self.wire
        good = Frame(REQUEST, bytes(100), request=5, group=wire.group, attempt=1, budget=20000, route=77).pack()
        version = good[:4] + b"\2" + good[5:]
        for name, parts in {
            "empty": [b""], "short": [good[:111]], "magic": [b"XXXX" + good[4:]], "version": [version],
            "type": [good[:5] + b"\x63" + good[6:]], "flags": [good[:6] + b"\xff\xff" + good[8:]],
            "too large": [good + bytes(524288)], "two parts": [good, b"more"], "many parts": [good] + [b"x"] * 50,
            "not for workers": [Frame(7, request=5, group=wire.group, error=-80).pack()],
            "news": [Frame(9, group=wire.group, history=bytes(32), sequence=1).pack()],
        }.items():
            with self.subTest(name):
                fake.give(*parts)
                self.assertEqual(self.head(self.scene), self.before)
        with fake.lock:
            self.assertEqual(fake.stray, [])

    def test_frames_that_are_not_for_it(self):
        fake, wire = self.installation.fake, self.wire
        for number, (error, fields) in enumerate((
                (ERR.NO_ROUTE, dict(group=bytes(16))), (ERR.MALFORMED, dict(group=wire.group, request=0)),
                (ERR.MALFORMED, dict(group=wire.group, flags=1)), (ERR.SEAL, dict(group=wire.group)),
                (ERR.EXPIRED, dict(group=wire.group, budget=0)))):
            fields = {"request": 5, "route": 1000 + number, "budget": 5000, **fields}
            fake.give(Frame(REQUEST, bytes(100), attempt=1, **fields).pack())
            fake.wait_until(lambda: len(fake.stray) > number)
            answer = fake.stray[number]
            self.assertEqual((answer.type, answer.error, answer.route, answer.body), (ERROR, error, 1000 + number, b""))


class RealRefuse(Refuse, WorkerCase):
    kind = Installation


class FakeBallots(Ballots, WorkerCase):
    kind = FakeInstallation


class RealBallots(Ballots, WorkerCase):
    kind = Installation


if __name__ == "__main__":
    main()
