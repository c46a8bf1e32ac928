"""A key that holds no longer stops at once, also on a connection that is open and had leave to read: however it came to
that. What a recovery key can do, and what strangers learn of it. The control forgets revocations, and has to be noticed."""

import nacl.signing

from worker_case import BUILD, ERR, Installation, Refused, WorkerCase, main, pb  # first: sets the path
from comity_wire import now_ms

DAY_MS = 86400 * 1000


def new_key():
    return nacl.signing.SigningKey.generate()


def public(key):
    return bytes(key.verify_key)


class Stops:
    """Each way to lose a key."""

    kind = Installation

    def setUp(self):
        super().setUp()
        self.scene = self.found()
        self.member = self.scene.invite_many("labour", 1)[0]
        self.key = self.scene.keys[self.member]
        self.connection = self.new_wire()
        self.connection.hello([self.connection.grant(self.scene.history, self.key)])
        self.assertEqual(self.whoami(), self.member)

    def whoami(self, wire=None):
        return (wire or self.connection).query(self.scene.history, whoami=pb.Whoami()).whoami.member.number

    def what_still_works(self, key):
        """Of the connection that was open, of a new grant, of a command, with the names of the refusals."""
        def name(call):
            try:
                call()
            except Refused as refused:
                return refused.name
            return "done"
        def hello(wire):
            code = wire.hello([wire.grant(self.scene.history, key)]).grants[0].code
            return next((error for error, value in vars(ERR).items() if value == code), "done") if code else "done"
        made = new_key()
        return [name(self.whoami), hello(self.new_wire()),
                name(lambda: self.scene.do([key, made], add_key=pb.AddKey(key=public(made))))]

    def back(self, member, by):
        """By an invitation, with a new key."""
        once, made = new_key(), new_key()
        self.scene.do(by, invite=pb.Invite(key=public(once), member=member, expires_ms=now_ms() + DAY_MS))
        event = self.scene.do([made, once], redeem=pb.Redeem(invitation=public(once)))
        self.assertEqual((event.actor, event.key_added.key.member), (member, member))
        return made

    def test_revoked(self):
        self.scene.do(self.scene.founder, revoke_key=pb.RevokeKey(key=public(self.key)))
        self.assert_stopped(self.key)

    def test_replaced(self):
        made = new_key()
        self.scene.do([self.key, made], add_key=pb.AddKey(key=public(made), replaces=public(self.key)))
        self.assert_stopped(self.key)
        wire = self.new_wire()
        wire.hello([wire.grant(self.scene.history, made)])
        self.assertEqual(self.whoami(wire), self.member)

    def test_back_by_an_invitation(self):
        made = self.back(self.member, self.scene.founder)
        self.assert_stopped(self.key)
        wire = self.new_wire()
        wire.hello([wire.grant(self.scene.history, made)])
        self.assertEqual(self.whoami(wire), self.member)

    def test_recovered(self):
        safe, made, chair = new_key(), new_key(), self.scene.co_chairs["labour"][1]
        member = next(number for number, key in self.scene.keys.items() if key == chair)
        self.connection = self.new_wire()
        self.connection.hello([self.connection.grant(self.scene.history, chair)])
        self.scene.do([self.scene.founder, safe], set_recovery_key=pb.SetRecoveryKey(key=public(safe)))
        event = self.scene.do([safe, made], recover_co_chair=pb.RecoverCoChair(member=member, key=public(made)))
        self.assertEqual(list(event.key_added.revoked), [public(chair)])
        self.assert_stopped(chair)
        self.scene.do(made, revoke_key=pb.RevokeKey(key=public(self.key)))  # as a co-chair may


class Keys(Stops, WorkerCase):
    def assert_stopped(self, key):
        self.assertEqual(self.what_still_works(key), ["KEY_REVOKED", "KEY_REVOKED", "KEY_REVOKED"])

    def test_another_device_does_not_stop(self):
        tablet = new_key()
        self.scene.do([self.key, tablet], add_key=pb.AddKey(key=public(tablet)))
        self.assertEqual(self.whoami(), self.member)
        self.scene.do(self.scene.founder, revoke_key=pb.RevokeKey(key=public(tablet)))
        self.assertEqual(self.whoami(), self.member)

    def test_a_stolen_co_chair_key_does_not_come_back(self):
        thief, others = self.scene.co_chairs["labour"]
        number = next(number for number, key in self.scene.keys.items() if key == thief)
        other = next(number for number, key in self.scene.keys.items() if key == others)
        invitations = [new_key() for _ in range(3)]
        for once, body in zip(invitations, (dict(member=other), dict(member=self.member),
                                            dict(name=self.scene.prose.ref("Some One"), offices=[pb.OFFICE_CO_CHAIR]))):
            self.scene.do(thief, invite=pb.Invite(key=public(once), expires_ms=now_ms() + DAY_MS, **body))
        self.scene.do(others, revoke_key=pb.RevokeKey(key=public(thief)))
        for once in invitations:
            self.assertRefused("INVITATION", "redeem.invitation", lambda: self.scene.do(
                [new_key(), once], redeem=pb.Redeem(invitation=public(once))))
        # Nor by another key of theirs, nor by what others' invitations give.
        self.assertRefused("KEY_REVOKED", "key", lambda: self.scene.do(
            [thief, made := new_key()], add_key=pb.AddKey(key=public(made))))
        self.assertNotEqual(number, other)
        wire = self.new_wire()
        wire.hello([wire.grant(self.scene.history, others)])
        self.assertEqual(self.whoami(wire), other)

    def test_a_recovery_key_gives_a_key_and_nothing_else(self):
        safe = new_key()
        self.scene.do([self.scene.founder, safe], set_recovery_key=pb.SetRecoveryKey(key=public(safe)))
        wire = self.new_wire()
        self.assertEqual(wire.hello([wire.grant(self.scene.history, safe)]).grants[0].code, ERR.GRANT)
        for body in (dict(revoke_key=pb.RevokeKey(key=public(self.key))), dict(acknowledge_round=pb.AcknowledgeRound(round=1)),
                     dict(appoint_witness=pb.AppointWitness(name="owl", key=public(new_key())))):
            self.assertRefused("KEY_UNKNOWN", "key", lambda: self.scene.do(safe, **body))
        for member, field in ((3, "key"), (self.member, "recover_co_chair.member")):  # of the other side; no co-chair
            made = new_key()
            self.assertRefused("FORBIDDEN", field, lambda: self.scene.do(
                [safe, made], recover_co_chair=pb.RecoverCoChair(member=member, key=public(made))))

    def test_strangers_learn_nothing(self):
        """Who holds no recovery key is told the same whether there is such a history, such a member, or a recovery key."""
        history, seen = self.scene.history, []
        for known in (history, bytes(32)):
            self.scene.history = known
            for member in (1, 3, 999):
                stranger, made = new_key(), new_key()
                refused = self.assertRefused("KEY_UNKNOWN", "key", lambda: self.scene.do(
                    [stranger, made], recover_co_chair=pb.RecoverCoChair(member=member, key=public(made))))
                seen.append((refused.name, refused.field, refused.latest, refused.limit))
        self.assertEqual(len(set(seen)), 1)


class Control(Stops, WorkerCase):
    """A worker that forgets revocations is seen to."""

    options = {"worker": BUILD / "tests" / "e2e" / "worker" / "comity-worker-forgets-revocations"}

    def assert_stopped(self, key):
        self.assertEqual(self.what_still_works(key), ["done", "done", "done"])


if __name__ == "__main__":
    main()
