"""Rates: nobody fills the store or takes the pool at full speed, and nobody else notices who tries.

Each limit has a control: the same flood with the limit set to 0, of which everything is done."""

import secrets
import time
import unittest

import nacl.signing

from worker_case import WorkerCase, main, pb

from comity_wire import HELLO, Failed, now_ms, seal_up

FLOOD = 300
RATES = """[rates]
commands_per_minute = {commands}
commands_at_once = 40
queries_per_minute = {queries}
queries_at_once = 40
connection_per_minute = {connection}
connection_at_once = 40
strangers_per_minute = {strangers}
strangers_at_once = 40
"""


def settings(**changes):
    rates = dict(commands=0, queries=0, connection=0, strangers=0)
    return dict(worker_settings=RATES.format(**{**rates, **changes}))


class Rates(WorkerCase):
    def outcomes(self, wire, requests):
        """How many were done, and the times to wait of those that were put off."""
        done, waits = 0, []
        for request in requests:
            try:
                wire.open(wire.finish(request))
                done += 1
            except Failed as failed:
                self.assertEqual(failed.name, "BUSY")
                waits.append(failed.wait_ms)
        return done, waits

    def assertHeldBack(self, outcomes, of=FLOOD):
        done, waits = outcomes
        self.assertEqual(done + len(waits), of)
        self.assertLess(done, 60)
        # Until the next one comes back: nearly all of that where one is put off at once, little where much of it has passed.
        self.assertGreater(max(waits), 100)
        self.assertGreater(min(waits), 0)

    def assertNotHeldBack(self, outcomes, of=FLOOD):
        self.assertEqual(outcomes, (of, []))


class Commands(Rates):
    options = settings(commands=60)

    def invitations(self, scene, count):
        works = []
        for _ in range(count):
            command = scene.command(invite=pb.Invite(
                key=bytes(nacl.signing.SigningKey.generate().verify_key), expires_ms=now_ms() + 3600000,
                name=scene.prose.ref(f"Invited {secrets.token_hex(8)}")))
            works.append((seal_up(command, [scene.founder])[0], scene.prose.of(command)))
        return works

    def flood(self, scene, count=FLOOD):
        works = self.invitations(scene, count)
        return self.outcomes(self.wire, [self.wire.submit_start(*work) for work in works])

    def put_off(self, scene, count=60):
        """The last of some that was put off: on a slow machine the first may be done, for the time that has passed."""
        works = self.invitations(scene, count)
        requests = [self.wire.submit_start(*work) for work in works]
        late = [work for work, request in zip(works, requests) if self.outcomes(self.wire, [request])[1]]
        self.assertTrue(late, f"none of {count} was put off: it takes them no faster than it may")
        return late[-1]

    def test_one_member_does_not_fill_the_store(self):
        scene = self.found()
        before = self.head(scene)
        done, waits = self.flood(scene)
        self.assertHeldBack((done, waits))
        self.assertEqual(self.head(scene), before + done)
        # Others give theirs, at once; over the same connection.
        other = scene.co_chairs["management"][0]
        for number in range(10):
            scene.do(other, invite=pb.Invite(key=bytes(nacl.signing.SigningKey.generate().verify_key),
                                             expires_ms=now_ms() + 3600000, name=scene.prose.ref(f"Guest {number}")))
        # What was put off is done when its time has come: the same bytes.
        signed, texts = self.put_off(scene)
        started = time.monotonic()
        self.wire.submit_signed(signed, texts, retry_s=60)
        self.assertLess(time.monotonic() - started, 5)

    def test_nobody_uses_up_what_another_may_give(self):
        """Every member's copy has what others signed, and can send it again."""
        scene = self.found()
        [(signed, texts)] = self.invitations(scene, 1)
        self.wire.submit_signed(signed, texts)
        other = self.new_wire()
        other.hello([other.grant(scene.history, scene.co_chairs["management"][0])])
        self.assertNotHeldBack(self.outcomes(other, [other.submit_start(signed, texts) for _ in range(FLOOD)]))
        scene.do(scene.founder, invite=pb.Invite(key=bytes(nacl.signing.SigningKey.generate().verify_key),
                                                 expires_ms=now_ms() + 3600000, name=scene.prose.ref("Guest")))

    def test_a_large_command_counts_for_several(self):
        scene = self.found()
        scene.body("council", {"labour": 1, "management": 1})
        scene.seat_all("council")
        session = scene.open_session("council")
        item = scene.do(scene.founder, add_item=pb.AddItem(session=session, title=scene.prose.ref("T"))).item_added.item
        done = 0
        with self.assertRaises(Failed) as caught:
            for number in range(10):
                scene.do(scene.founder, make_proposal=pb.MakeProposal(
                    item=item.number, title=scene.prose.ref("Large"), text=scene.prose.ref(f"{number}" + "x" * 60000)))
                done += 1
        self.assertEqual(caught.exception.name, "BUSY")
        self.assertIn(done, range(1, 5))


class Known(Rates):
    """The broker lets a connection send more once the worker says, by a flag, that it knows who asks."""

    LEAVE = 4

    def flag(self, wire, request):
        """Of the answer, which opens with it."""
        frame = wire.finish(request)
        wire.open(frame)
        return frame.flags

    def hello(self, wire, *grants):
        return self.flag(wire, wire.start(pb.Hello(software="test", format_levels=[1], grants=grants).SerializeToString(), HELLO))

    def invitation(self, scene):
        command = scene.command(invite=pb.Invite(
            key=bytes(nacl.signing.SigningKey.generate().verify_key), expires_ms=now_ms() + 3600000,
            name=scene.prose.ref(f"Invited {secrets.token_hex(8)}")))
        return seal_up(command, [scene.founder])[0], scene.prose.of(command)

    def test_who_has_leave_to_read(self):
        scene = self.found()
        wire = self.new_wire()
        self.assertEqual(self.hello(wire), 0)
        self.assertEqual(self.hello(wire, wire.grant(scene.history, nacl.signing.SigningKey.generate())), 0)
        self.assertEqual(self.flag(wire, wire.query_start(status=pb.Status())), 0)
        self.assertEqual(self.hello(wire, wire.grant(scene.history, scene.founder)), self.LEAVE)
        self.assertEqual(self.flag(wire, wire.query_start(scene.history, whoami=pb.Whoami())), self.LEAVE)
        self.assertEqual(self.hello(wire), 0)

    def test_whose_command_is_recorded_and_not_who_sends_a_copy(self):
        scene = self.found()
        work = self.invitation(scene)
        member, other = self.new_wire(), self.new_wire()
        self.assertEqual(self.hello(member), 0)
        self.assertEqual(self.flag(member, member.submit_start(*work)), self.LEAVE)
        self.assertEqual(self.hello(other), 0)
        self.assertEqual(self.flag(other, other.submit_start(*work)), 0)


class CommandsControl(Commands):
    options = settings()

    def test_one_member_does_not_fill_the_store(self):
        self.assertNotHeldBack(self.flood(self.found()))

    test_a_large_command_counts_for_several = None
    test_nobody_uses_up_what_another_may_give = None


class Queries(Rates):
    options = settings(queries=60)

    def flood(self, scene):
        return self.outcomes(self.wire, [self.wire.query_start(scene.history, whoami=pb.Whoami())
                                         for _ in range(FLOOD)])

    def test_one_member_reads_no_faster_than_allowed(self):
        scene = self.found()
        self.assertHeldBack(self.flood(scene))
        # Over another connection it is the same member; another member reads.
        again = self.new_wire()
        again.hello([again.grant(scene.history, scene.founder)])
        with self.assertRaises(Failed):
            again.query(scene.history, whoami=pb.Whoami())
        other = self.new_wire()
        other.hello([other.grant(scene.history, scene.co_chairs["management"][0])])
        other.query(scene.history, whoami=pb.Whoami())

    def test_what_has_its_answer_is_asked_no_faster(self):
        """A member who sends again what another signed; and somebody without leave to read."""
        scene = self.found()
        command = scene.command(invite=pb.Invite(
            key=bytes(nacl.signing.SigningKey.generate().verify_key), expires_ms=now_ms() + 3600000,
            name=scene.prose.ref("Somebody")))
        signed, texts = seal_up(command, [scene.founder])[0], scene.prose.of(command)
        self.wire.submit_signed(signed, texts)
        for grants in ([scene.co_chairs["management"][0]], []):
            for wire in (self.new_wire(), self.new_wire()):
                wire.hello([wire.grant(scene.history, key) for key in grants])
                outcomes = self.outcomes(wire, [wire.submit_start(signed, texts) for _ in range(FLOOD)])
                self.assertHeldBack(outcomes)
        self.wire.query(scene.history, whoami=pb.Whoami())   # of the founder, who signed it


class QueriesControl(Queries):
    options = settings()
    test_what_has_its_answer_is_asked_no_faster = None

    def test_one_member_reads_no_faster_than_allowed(self):
        self.assertNotHeldBack(self.flood(self.found()))


class Strangers(Rates):
    options = settings(connection=60)

    def hello(self, wire, grants=()):
        return wire.start(pb.Hello(software="stranger", format_levels=[1], grants=grants).SerializeToString(), type=1)

    def flood(self, wire):
        return self.outcomes(wire, [self.hello(wire) for _ in range(FLOOD)])

    def test_a_connection_greets_no_faster_than_allowed(self):
        scene = self.found()
        wire = self.new_wire()
        self.assertHeldBack(self.flood(wire))
        with self.assertRaises(Failed):
            wire.query(status=pb.Status())
        # Who has leave goes on, and so does who comes anew.
        self.wire.query(scene.history, whoami=pb.Whoami())
        self.new_wire().hello()

    def test_what_is_refused_before_it_is_ordered_counts(self):
        scene = self.found()
        works = []
        for _ in range(FLOOD):
            command = scene.command(invite=pb.Invite(
                key=bytes(nacl.signing.SigningKey.generate().verify_key), expires_ms=now_ms() + 3600000,
                name=scene.prose.ref("Somebody")))
            signed = pb.SignedCommand.FromString(seal_up(command, [scene.founder])[0])
            signed.signature = bytes(64)
            works.append((signed.SerializeToString(), scene.prose.of(command)))
        requests = [self.wire.submit_start(*work) for work in works]
        frames = [self.wire.finish(request) for request in requests]
        refused = sum(frame.type != 7 for frame in frames)
        self.assertIn(refused, range(20, 60))
        # It is the connection that pays, not the member in whose name it was.
        other = self.new_wire()
        other.hello([other.grant(scene.history, scene.founder)])
        other.query(scene.history, whoami=pb.Whoami())


class StrangersControl(Strangers):
    options = settings()

    def test_a_connection_greets_no_faster_than_allowed(self):
        self.assertNotHeldBack(self.flood(self.new_wire()))

    test_what_is_refused_before_it_is_ordered_counts = None


class AllStrangers(Rates):
    options = settings(strangers=60)

    def flood(self, wire):
        """Each sealed by a key of its own, over one connection."""
        requests = []
        for _ in range(FLOOD):
            wire.seal = type(wire.seal)(secrets.token_bytes(32), wire.group_key)
            requests.append(wire.start(pb.Hello(software="s", format_levels=[1]).SerializeToString(), type=1))
        return [wire.finish(request) for request in requests]

    def test_keys_made_at_will_have_one_limit_together(self):
        scene = self.found()
        frames = self.flood(self.new_wire())
        self.assertIn(sum(frame.type == 2 for frame in frames), range(5, 40))
        self.assertTrue(all(frame.error == -80 for frame in frames if frame.type != 2))
        self.wire.query(scene.history, whoami=pb.Whoami())
        scene.do(scene.founder, invite=pb.Invite(key=bytes(nacl.signing.SigningKey.generate().verify_key),
                                                 expires_ms=now_ms() + 3600000, name=scene.prose.ref("Guest")))


class AllStrangersControl(AllStrangers):
    options = settings()

    def test_keys_made_at_will_have_one_limit_together(self):
        self.assertEqual(sum(frame.type == 2 for frame in self.flood(self.new_wire())), FLOOD)


if __name__ == "__main__":
    main()
