"""A broker that alters, reorders, replays, delays, drops and impersonates achieves nothing but delay: no wrong answer is
believed, nothing is done twice, no false refusal is final. Real clients (the command line) and a real worker.

Run by CTest with COMITY_BUILD set to the build directory. COMITY_SEED gives the seed, which is printed."""

import collections
import os
import threading
import unittest

import nacl.bindings
from hostile import BOUND, HEADER, SEED, HostileWorld, Malice

from cli_case import UNCONFIRMED, UNREACHABLE
from comity_wire import ERR, ERROR, HELLO, REPLY, REQUEST, WELCOME, Frame, Seal, pb

UNBOUND = os.environ.get("COMITY_SEAL_UNBOUND")
VOTERS = {"ada": "agree", "ben": "concern", "carla": "agree", "dev": "agree"}
LABELS = {"agree": 1, "concern": 5}
BALLOT, CLOSED = "ballot_cast", "round_closed"


def bits_of(broker, data):
    """Every bit of the header, and of each byte of the body one."""
    for at in range(HEADER):
        for bit in range(8):
            yield at, bit
    for at in range(HEADER, len(data)):
        yield at, broker.random.randrange(8)


def asked(client, frame):
    """What is tried again: a request by its number; a HELLO has a new one each time."""
    return client, frame.request if frame.type in (REQUEST, REPLY) else HELLO


def flipped(data, at, bit):
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1:]


class Alter(Malice):
    """Before each frame its copies come, each with one bit altered, in both directions."""

    def __init__(self):
        self.requests = self.answers = 0

    def request(self, broker, client, data):
        for at, bit in bits_of(broker, data):
            broker.deliver(None, flipped(data, at, bit), (at, data[5]))
            self.requests += 1
        broker.deliver(client, data)

    def answer(self, broker, client, data):
        for at, bit in bits_of(broker, data):
            broker.hand(client, flipped(data, at, bit))
            self.answers += 1
        broker.hand(client, data)


class AlterInstead(Malice):
    """Of each frame the first try comes altered, and nothing else; and so does the first answer."""

    def __init__(self):
        self.tries, self.answered = collections.Counter(), collections.Counter()

    def request(self, broker, client, data):
        frame = Frame.unpack(data)
        self.tries[asked(client, frame)] += 1
        if self.tries[asked(client, frame)] == 1:
            data = flipped(data, broker.random.randrange(HEADER, len(data)), broker.random.randrange(8))
        broker.deliver(client, data)

    def answer(self, broker, client, data):
        frame = Frame.unpack(data)
        self.answered[asked(client, frame)] += frame.type != ERROR
        if frame.type != ERROR and self.answered[asked(client, frame)] == 1:
            data = flipped(data, broker.random.randrange(HEADER, len(data)), broker.random.randrange(8))
            # The client would wait for five seconds; a hint that its try is lost brings the next one forward.
            broker.hand(client, Frame(ERROR, request=frame.request, group=frame.group, history=frame.history,
                                      command_id=frame.command_id, attempt=frame.attempt, error=ERR.WORKER_LOST).pack())
        broker.hand(client, data)


class Replay(Malice):
    """Everything three times, and with it what was sent before: by this client and by others."""

    def request(self, broker, client, data):
        for _ in range(3):
            broker.deliver(client, data)
        for earlier_client, earlier in broker.random.sample(broker.requests, min(5, len(broker.requests))):
            broker.deliver(earlier_client, earlier)
            broker.deliver(client, earlier)

    def answer(self, broker, client, data):
        for _, earlier in broker.random.sample(broker.answers, min(5, len(broker.answers))):
            broker.hand(client, earlier)
        for _ in range(2):
            broker.hand(client, data)


class Reorder(Malice):
    """Held back and turned round: what came last goes first; each late by up to 0.3 s."""

    def request(self, broker, client, data):
        broker.later(broker.random.random() * 0.3, lambda: broker.deliver(client, data))

    def answer(self, broker, client, data):
        broker.later(broker.random.random() * 0.3, lambda: broker.hand(client, data))


class Drop(Malice):
    """Of a command the answer of the first try is dropped, and the second try. The third comes through."""

    def __init__(self):
        self.tries, self.dropped = collections.Counter(), 0

    def request(self, broker, client, data):
        frame = Frame.unpack(data)
        is_command = frame.command_id != bytes(16)
        self.tries[frame.command_id] += is_command
        if is_command and self.tries[frame.command_id] == 2:
            self.dropped += 1
            return
        broker.deliver(client, data)

    def answer(self, broker, client, data):
        frame = Frame.unpack(data)
        if frame.command_id != bytes(16) and self.tries[frame.command_id] == 1:
            self.dropped += 1
            return
        broker.hand(client, data)


class SayNo(Malice):
    """Each request is refused twice in the worker's place, with every code in turn; then it is passed on."""

    codes = sorted((code for name, code in vars(ERR).items() if name != "OK" and code < 0 and code > -130), reverse=True)

    def __init__(self):
        self.tries, self.said = collections.Counter(), 0

    def request(self, broker, client, data):
        frame = Frame.unpack(data)
        self.tries[asked(client, frame)] += 1
        if self.tries[asked(client, frame)] > 2:
            broker.deliver(client, data)
            return
        self.said += 1
        broker.hand(client, Frame(ERROR, request=frame.request, group=frame.group, history=frame.history,
                                  command_id=frame.command_id, attempt=frame.attempt, budget=1,
                                  error=self.codes[self.said % len(self.codes)]).pack())


class Impersonate(Malice):
    """In the worker's place, before the worker: answers that are sealed with a key of the broker's own, not sealed at all, or that
    were sealed for another question of the same client, put under this one's number. In the client's place: commands and
    questions under a key of the broker's own."""

    def __init__(self, group_key):
        self.secret = os.urandom(32)
        self.group_key = group_key
        self.lies = 0

    def request(self, broker, client, data):
        frame = Frame.unpack(data)
        own = Seal(self.secret, self.group_key)
        for kind in (pb.Request(query=pb.Query(history=frame.history, whoami=pb.Whoami())),
                     pb.Request(query=pb.Query(history=frame.history, events=pb.Events(**{"from": 1})))):
            asked = Frame(REQUEST, request=1 + self.lies, group=frame.group, history=frame.history, attempt=1, budget=20000)
            broker.deliver(None, own.close_up(asked, kind.SerializeToString()), "a question of its own")
            self.lies += 1
        # The client's own sealed body, said to be of another sender; and another's key in front of it.
        broker.deliver(None, data[:HEADER] + own.client_key + data[HEADER + 32:], "another's body")
        broker.deliver(client, data)

    def answer(self, broker, client, data):
        frame = Frame.unpack(data)
        refusal = pb.Reply(refusal=pb.Refusal(code=ERR.FORBIDDEN, field="key")).SerializeToString()
        client_key, header = frame.body[:32], data[:HEADER]
        lies = [header + refusal, header + client_key + bytes(24) + refusal, header + self.sealed(client_key, frame, refusal),
                header]
        for earlier_client, earlier in broker.answers[:-1][-12:]:
            lies.append(header + earlier[HEADER:])                             # another answer under this header
            if earlier_client == client:
                lies.append(earlier[:8] + data[8:16] + earlier[16:])           # under this request's number
        for type in (WELCOME, REPLY, HELLO):
            lies.append(header[:5] + bytes([type]) + header[6:] + self.sealed(client_key, frame, refusal))
        for lie in lies:
            broker.hand(client, lie)
            self.lies += 1
        broker.hand(client, data)

    def sealed(self, client_key, frame, plain):
        """As the worker would, with the group key that the broker made for itself."""
        public = nacl.bindings.crypto_scalarmult_base(self.secret)
        _, send = nacl.bindings.crypto_kx_server_session_keys(public, self.secret, client_key)
        nonce = os.urandom(24)
        return client_key + nonce + nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            plain, frame.header()[:BOUND], nonce, send)


class Hostile(unittest.TestCase):
    """One installation; each test takes the broker over for one item, from its proposal to what came out."""

    @classmethod
    def setUpClass(cls):
        print(f"## seed {SEED}", flush=True)
        cls.world = HostileWorld()
        cls.addClassCleanup(cls.world.close)
        cls.world.found()
        cls.world.seat_everybody()

    def setUp(self):
        self.broker = self.world.broker
        self.before = self.world.events()

    def play(self, malice, together=False, voters=VOTERS, **options):
        """A proposal, a round, the ballots, the close, and what each of them reads, while the broker means ill."""
        world = self.world
        self.broker.malice = malice
        try:
            proposal = world.propose(f"As it was agreed in {self.id()}.")
            number = world.open_round(proposal)
            votes = [(who, "vote", number, answer) + (("--reason", "Not the nights.") if answer == "concern" else ())
                     for who, answer in voters.items()]
            self.each(votes, together)
            shown = [world.ask(who, "round", "show", number)["round"] for who in voters]
            outcome = world.ask("eli", "round", "close", number)
        finally:
            self.broker.malice = Malice()
        self.check_round(number, voters, shown, outcome)
        return number

    def each(self, votes, together):
        if not together:
            for words in votes:
                self.world.ask(*words)
            return
        failures = []

        def cast(words):
            try:
                self.world.ask(*words)
            except BaseException as failure:  # noqa: BLE001
                failures.append(failure)

        threads = [threading.Thread(target=cast, args=(words,)) for words in votes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def check_round(self, number, voters, shown, outcome):
        """What was said is what is on record, and everything is there once."""
        kinds = [event.WhichOneof("kind") for event in self.world.events()[len(self.before):]]
        self.assertEqual(kinds[:3], ["item_added", "proposal_made", "round_opened"])
        self.assertEqual(kinds[3:-1] if kinds[-1] != CLOSED else kinds[3:], [BALLOT] * len(voters) + [CLOSED], kinds)
        for row in shown:
            self.assertEqual((row["number"], row["state"]), (number, "OPEN"))
        rows = [row["answer"] for row in self.world.ask("ada", "ballots", number)["ballots"]]
        self.assertEqual(sorted(rows), sorted(LABELS[answer] for answer in voters.values()))

    def test_every_bit_altered_in_both_directions(self):
        malice = Alter()
        self.broker.spied.clear()
        self.play(malice)
        self.assertGreater(malice.requests, 20000)
        self.assertGreater(malice.answers, 20000)
        self.check_spied()
        print(f"{malice.requests} altered requests, {malice.answers} altered answers")

    def check_spied(self):
        """What the worker made of altered requests: only those that differ in what is not bound are answered."""
        believed = [(at, frame) for (at, _), frame in self.broker.spied if frame.type != ERROR and (at < BOUND or at >= HEADER)]
        self.assertEqual([at for at, _ in believed], [])
        codes = collections.Counter(frame.error for _, frame in self.broker.spied if frame.type == ERROR)
        self.assertGreater(codes[ERR.SEAL], 10000)

    def test_first_tries_altered(self):
        self.play(AlterInstead())

    def test_replayed(self):
        self.play(Replay())

    def test_reordered_and_delayed(self):
        self.play(Reorder(), together=True)

    def test_dropped(self):
        malice = Drop()
        world = self.world
        number = world.open_round(world.propose())
        self.broker.malice = malice
        try:
            world.ask("ada", "vote", number, "agree", "--timeout", "60")
        finally:
            self.broker.malice = Malice()
        self.assertEqual(malice.dropped, 2)
        kinds = [event.WhichOneof("kind") for event in world.events()[len(self.before):]]
        self.assertEqual(kinds, ["item_added", "proposal_made", "round_opened", BALLOT])
        world.ask("eli", "round", "close", number)

    def test_dropped_for_good(self):
        """Nothing comes through any more: the client says that it does not know, and never that it was refused."""
        number = self.world.open_round(self.world.propose())
        self.broker.malice = Malice()
        self.broker.malice.answer = lambda broker, client, data: (
            broker.hand(client, data) if Frame.unpack(data).command_id == bytes(16) else None)
        try:
            error = self.world.ask("ada", "vote", number, "agree", "--timeout", "2", exit=UNCONFIRMED)["error"]
        finally:
            self.broker.malice = Malice()
        self.assertEqual(error["name"], "TIMEOUT")
        self.world.ask("eli", "round", "close", number)

    def test_refused_in_the_workers_place(self):
        malice = SayNo()
        self.play(malice)
        self.assertGreater(malice.said, 40)

    def test_refused_for_good_in_the_workers_place(self):
        """A broker that says nothing but no: its words are not shown as the record's, and nothing was done."""
        malice = SayNo()
        malice.request = lambda broker, client, data: broker.hand(client, Frame(
            ERROR, request=Frame.unpack(data).request, group=Frame.unpack(data).group, history=Frame.unpack(data).history,
            attempt=Frame.unpack(data).attempt, error=ERR.FORBIDDEN).pack())
        self.broker.malice = malice
        try:
            error = self.world.ask("ada", "round", "list", "--timeout", "2", exit=UNREACHABLE)["error"]
        finally:
            self.broker.malice = Malice()
        self.assertEqual(error["name"], "NO_ROUTE")

    def test_impersonated(self):
        malice = Impersonate(self.world.installation.group_key)
        self.broker.spied.clear()
        self.play(malice)
        self.assertGreater(malice.lies, 200)
        seal = Seal(malice.secret, malice.group_key)
        for tag, frame in self.broker.spied:
            if tag == "another's body":
                self.assertEqual((frame.type, frame.error), (ERROR, ERR.SEAL))
                continue
            reply = pb.Reply.FromString(seal.open(frame))
            self.assertEqual(reply.refusal.code, ERR.HELLO)


@unittest.skipUnless(UNBOUND, "COMITY_SEAL_UNBOUND")
class Control(unittest.TestCase):
    """Seals that do not bind the header: the same checks see it."""

    @classmethod
    def setUpClass(cls):
        cls.world = HostileWorld(preload=UNBOUND)
        cls.addClassCleanup(cls.world.close)
        cls.world.prepare()
        cls.world.ask("operator", "context", "add", "local", "--place", cls.world.data / "place.json")

    def test_altered_requests_are_answered(self):
        world, malice = self.world, Alter()
        malice.answer = Malice().answer
        world.broker.malice = malice
        try:
            world.ask("operator", "draft", "submit", "founding.draft", "--token-file", "token")
        finally:
            world.broker.malice = Malice()
        believed = [at for (at, _), frame in world.broker.spied if frame.type != ERROR and at < BOUND]
        self.assertGreater(len(believed), 100)


if __name__ == "__main__":
    unittest.main(verbosity=2)
