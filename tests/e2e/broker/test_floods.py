"""What others do to the front, with an honest client beside: requests without end, and handshakes that are none."""
import random
import unittest

from curve_raw import Curve, connect
from harness import *

LABOUR = group("labour")
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"CURVE".ljust(20, b"\0") + b"\0" + bytes(31)


class Share(TestCase):
    """A worker's window is shared: whoever asks without end does not fill it."""

    def greedy(self, **arguments):
        broker = self.broker(**arguments)
        worker = broker.worker("north").ready(LABOUR, window=30)  # which answers nothing for now
        for _ in range(2):
            client = broker.client()
            for number in range(1, 101):
                client.request(LABOUR, number)
            client.alive()
        return broker, worker

    def test_there_is_room_for_who_asks_little(self):
        broker, worker = self.greedy()
        broker.client().request(LABOUR, 1000)
        until(lambda: worker.expect().request == 1000, "the worker to be given it")

    def test_without_it_there_is_none(self):
        broker, _ = self.greedy(without=("share",))
        client = broker.client()
        client.request(LABOUR, 1000)
        client.expect(ERROR, request=1000, error=BUSY)

    def test_one_alone_has_two_thirds(self):
        broker = self.broker()
        broker.worker("north").ready(LABOUR, window=30)
        client = broker.client()
        for number in range(1, 101):
            client.request(LABOUR, number)
        refused = [frame for frame in client.alive() if frame.error == BUSY]
        self.assertEqual(100 - len(refused), 21)


class Malformed(TestCase):
    """Whatever comes in place of a handshake: the broker goes on, and who is connected notices nothing."""

    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("COMITY_SEED", random.randrange(1 << 32)))
        print("## seed", self.seed, flush=True)
        self.random = random.Random(self.seed)
        self.server = self.broker()
        self.honest = self.server.client().connected()
        self.honest.alive()
        self.descriptors = self.count_descriptors()

    def count_descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.server.process.pid))

    def send_bytes(self, content, reads=False):
        connection = connect(self.server.front)
        try:
            connection.sendall(content)
            if reads:
                connection.settimeout(0.05)
                connection.recv(4096)
        except OSError:
            pass  # cut meanwhile
        finally:
            connection.close()

    def assertUnharmed(self):
        self.honest.alive()
        self.assertIsNone(self.server.process.poll(), self.server.log())
        until(lambda: self.count_descriptors() <= self.descriptors + 2, "the connections to be given up")
        self.assertEqual(self.honest.events.count(zmq.EVENT_DISCONNECTED), 0)
        self.server.client().connected().alive()

    def test_random_bytes(self):
        for number in range(300):
            content = self.random.randbytes(self.random.randrange(1, 3000))
            self.send_bytes(content if number % 2 else GREETING + content, reads=number % 7 == 0)
            if number % 25 == 0:
                self.honest.alive()
        self.assertUnharmed()

    def recorded(self):
        """What a good handshake sends, and where its frames end."""
        sent = []

        class Recording:
            def __init__(self, connection):
                self.connection = connection

            def sendall(self, content):
                sent.append(content)
                self.connection.sendall(content)

            def __getattr__(self, name):
                return getattr(self.connection, name)

        class Recorded(Curve):
            def shake_hands(self, metadata):
                self.connection = Recording(self.connection)
                super().shake_hands(metadata)

        Recorded(self.server.front, self.server.key, Key()).close()
        return b"".join(sent)

    def test_truncated_and_altered_handshakes(self):
        good = self.recorded()
        self.assertGreater(len(good), 64 + 200 + 257)
        for cut in range(0, len(good), 7):
            self.send_bytes(good[:cut])
        self.honest.alive()
        for _ in range(300):
            altered = bytearray(good)
            for _ in range(self.random.randrange(1, 5)):
                altered[self.random.randrange(len(altered))] ^= 1 << self.random.randrange(8)
            self.send_bytes(bytes(altered), reads=True)
        self.assertUnharmed()

    def test_the_same_handshake_again(self):
        good = self.recorded()
        for _ in range(50):
            self.send_bytes(good, reads=True)
        self.assertUnharmed()

    def test_handshakes_that_stop(self):
        """Held open until the broker gives them up."""
        good = self.recorded()
        held = [connect(self.server.front) for _ in range(200)]
        for number, connection in enumerate(held):
            self.addCleanup(connection.close)
            connection.sendall(good[:(number * 5) % len(good)])
            if number % 20 == 0:
                self.honest.alive()
        self.assertUnharmed()


if __name__ == "__main__":
    unittest.main(verbosity=2)
