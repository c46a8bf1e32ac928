"""What strangers can make the broker hold: connections, and bytes in each of the kinds that docs/operations.md names.

Each bound is measured, and measured again without its defence (broker/defence.h).
"""
import socket
import unittest

from curve_raw import Curve, connect
from harness import *

LABOUR = group("labour")
MB = 1000 * 1000
LARGE = 512 * 1024
SANITIZED = b"__asan_init" in open(BROKER, "rb").read()


def sockets(endpoint, state):
    """Of every TCP socket at this end of @endpoint in this state, as Linux writes it: its queues, "sent:received"."""
    port = int(endpoint.rsplit(":", 1)[1])
    with open("/proc/net/tcp") as table:
        rows = [line.split() for line in list(table)[1:]]
    return [row[4] for row in rows if int(row[1].rsplit(":", 1)[1], 16) == port and row[3] == state]


class Silence(TestCase):
    def fill(self, silence_ms=1000, **arguments):
        """A broker whose five places are taken by peers that shook hands and say nothing."""
        broker = self.broker(settings=dict(connections=5, client_silence_ms=silence_ms), **arguments)
        for _ in range(5):
            self.addCleanup(Curve(broker.front, broker.key, Key()).close)
        return broker

    def gets_in(self, broker, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            event = broker.client().event([zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_HANDSHAKE_FAILED_AUTH])
            if event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                return True
            time.sleep(0.2)
        return False

    def test_silent_strangers_do_not_hold_the_places(self):
        broker = self.fill()
        self.assertTrue(self.gets_in(broker, DEADLINE))
        self.assertIn("event=connection_cut side=front reason=silent", broker.log())

    def test_without_it_they_do(self):
        self.assertFalse(self.gets_in(self.fill(without=("silence",)), 4))

    def gets_in_after_5_seconds(self, **arguments):
        broker = self.fill(silence_ms=60000, **arguments)
        talker = broker.client()  # refused
        self.assertEqual(talker.event([zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_HANDSHAKE_FAILED_AUTH]),
                         zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        time.sleep(5.5)
        event = broker.client().event([zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_HANDSHAKE_FAILED_AUTH])
        return event == zmq.EVENT_HANDSHAKE_SUCCEEDED

    def test_who_never_said_anything_makes_room_for_who_comes(self):
        self.assertTrue(self.gets_in_after_5_seconds())

    def test_without_it_only_silence_makes_room(self):
        self.assertFalse(self.gets_in_after_5_seconds(without=("fresh",)))

    def test_who_sends_heartbeats_stays(self):
        broker = self.broker(settings=dict(client_silence_ms=1000))
        client = broker.client()
        end = time.monotonic() + 3
        while time.monotonic() < end:
            client.alive()
            time.sleep(0.2)
        self.assertNotIn("connection_cut", broker.log())

    def test_standing_still_is_nobodys_silence(self):
        broker = self.broker(settings=dict(client_silence_ms=2000))
        client = broker.client().connected()
        client.alive()
        broker.process.send_signal(signal.SIGSTOP)
        until(broker.is_stopped, "the broker to stand still")
        time.sleep(5)  # it may have had nothing to do for two of them
        broker.process.send_signal(signal.SIGCONT)
        until(lambda: "event=stood_still" in broker.log(), "the log to tell")
        time.sleep(0.5)
        client.alive()
        self.assertNotIn("connection_cut", broker.log())


class Connections(TestCase):
    FLOOD = 800

    def descriptors(self, broker):
        return len(os.listdir("/proc/%d/fd" % broker.process.pid))

    def waiting(self, endpoint):
        """How many connections the kernel has taken that the broker has not."""
        return sum(int(queues.split(":")[1], 16) for queues in sockets(endpoint, "0A"))  # of who listens

    def flood(self, broker, endpoint):
        """TCP connections that never shake hands. Returns how many descriptors they cost at most, until the broker
        has taken all of them."""
        before, most = self.descriptors(broker), 0
        connections = []

        def look():
            nonlocal most
            most = max(most, self.descriptors(broker))
            return self.waiting(endpoint)

        for number in range(self.FLOOD):
            try:
                connections.append(connect(endpoint))
            except ConnectionError:
                continue  # cut at once
            self.addCleanup(connections[-1].close)
            most = max(most, self.descriptors(broker))
            if number % 32 == 31:  # on a busy machine the broker is behind, and what it holds says nothing
                until(lambda: look() == 0, "the broker to take those who connect")
        return connections, most - before

    def test_flood_of_the_back(self):
        broker = self.broker()
        connections, cost = self.flood(broker, broker.back)
        self.assertLess(cost, 512 + 200)
        broker.worker("north").ready(LABOUR)
        self.assertIn("event=connection_cut side=back reason=too_many_connections", broker.log())
        # The oldest went, and was told by a reset: an orderly end would say something else to a client.
        connections[0].settimeout(DEADLINE)
        with self.assertRaises(ConnectionResetError):
            while connections[0].recv(64):
                pass

    def test_flood_of_the_front(self):
        broker = self.broker(settings=dict(connections=100))
        client = broker.client()
        client.alive()
        _, cost = self.flood(broker, broker.front)
        self.assertLess(cost, 100 + 256 + 200)  # closing takes a moment
        client.alive()  # has delivered something, and is not the one to go

    def test_without_the_cut_they_have_as_many_as_they_want(self):
        for side in ("back", "front"):
            broker = self.broker(settings=dict(connections=100), without=("connection_cut", "handshake_limit"))
            _, cost = self.flood(broker, getattr(broker, side))
            self.assertGreater(cost, 512 + 200, side)  # what the two above must not reach; some went by their own time

    def test_share_of_one_address(self):
        # The tests' peers are all on this machine, which does not count: unless it is told to.
        broker = self.broker(settings=dict(connections=8), without=("loopback_is_free",))
        for _ in range(2):
            broker.client().connected()
        further = broker.client()
        self.assertEqual(further.event([zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_HANDSHAKE_FAILED_AUTH]),
                         zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        self.assertIn("event=connection_refused side=front reason=too_many_from_one_address", broker.log())
        _, cost = self.flood(broker, broker.front)
        self.assertLess(cost, 2 + 32 + 200)
        self.assertIn("event=connection_cut side=front reason=too_many_from_one_address", broker.log())

    def test_this_machine_has_no_share(self):
        broker = self.broker(settings=dict(connections=8))
        for _ in range(8):
            broker.client().connected()


class Clients(TestCase):
    """The table of clients, which is for those who asked for something and are still there."""
    SETTINGS = dict(clients=100, client_silence_ms=60000, heartbeats=100)   # the worker here has to share a process with eight threads
    COUNT = 3000

    def come_and_go(self, broker):
        """Strangers who connect, say a little and leave: some read what is answered, some do not wait for it."""
        said = [Frame(HEARTBEAT, request=1), Frame(REQUEST, request=2, group=group("nobody"), budget=1000),
                Frame(SUBSCRIBE, group=LABOUR, history=history("a"), sequence=1)]

        def one_after_the_other():
            for number in range(self.COUNT // 8):
                try:
                    stranger = Curve(broker.front, broker.key, Key())
                    for frame in said:
                        stranger.send(frame.pack())
                    if number % 2:
                        stranger.receive()
                    stranger.close()
                except ConnectionError:
                    pass

        threads = [threading.Thread(target=one_after_the_other) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def is_served(self, broker):
        client = broker.client()
        client.request(LABOUR, 1)
        frame = client.expect(request=1)
        client.close()
        self.assertIn((frame.type, frame.error), [(REPLY, 0), (ERROR, BUSY)])
        return frame.type == REPLY

    def serve(self, settings=SETTINGS, **arguments):
        operator = Key()
        broker = self.broker(settings=settings, operators=[operator.hex], **arguments)
        self.addCleanup(Echo(broker.worker("north").ready(LABOUR)).end)
        self.watcher = broker.client(key=operator)
        self.assertEqual(self.watcher.status().clients, 1)
        return broker

    def test_who_comes_and_goes_takes_no_place(self):
        broker = self.serve()
        self.come_and_go(broker)
        until(lambda: self.is_served(broker), "a fresh client to be served")
        until(lambda: self.watcher.status().clients == 1, "the strangers to be forgotten")
        self.assertEqual(self.watcher.status().subscriptions, 0)

    def test_without_it_the_table_is_full(self):
        broker = self.serve(without=("client_closed",))
        self.come_and_go(broker)
        time.sleep(2)
        self.assertFalse(self.is_served(broker))

    def stay_with_heartbeats(self, broker):
        for _ in range(6):
            broker.client().alive()
        return self.is_served(broker)

    def test_heartbeats_alone_take_no_place(self):
        self.assertTrue(self.stay_with_heartbeats(self.serve(dict(clients=5))))

    def test_without_it_they_do(self):
        self.assertFalse(self.stay_with_heartbeats(self.serve(dict(clients=5), without=("heartbeat_alone",))))


class Subscriptions(TestCase):
    def is_told(self, broker):
        """Strangers take as many subscriptions as there are. Whether a fresh client gets one, and its news."""
        worker = broker.worker("north").ready(LABOUR)
        for _ in range(10):
            stranger = broker.client()
            for _ in range(100):
                stranger.send(Frame(SUBSCRIBE, group=os.urandom(16), history=os.urandom(32), sequence=1))
            self.assertEqual(stranger.alive(), [])
        client = broker.client()
        client.send(Frame(SUBSCRIBE, request=1, group=LABOUR, history=history("a"), sequence=1))
        if [frame.error for frame in client.alive()] == [LIMIT]:
            return False
        worker.send(Frame(NEWS, group=LABOUR, history=history("a"), sequence=7))
        client.expect(NEWS, history=history("a"), sequence=7)
        return True

    SETTINGS = dict(subscriptions=1000, client_subscriptions=100)

    def test_strangers_cannot_take_all(self):
        self.assertTrue(self.is_told(self.broker(settings=self.SETTINGS)))

    def test_without_sharing_they_can(self):
        self.assertFalse(self.is_told(self.broker(settings=self.SETTINGS, without=("subscription_share",))))


class Unfinished(TestCase):
    """Parts of messages whose end does not come."""

    def feed(self, broker, peers, size):
        """@peers strangers with @size bytes of parts each, and then silence. What memory that costs at first."""
        self.before = broker.memory_bytes()
        part = bytes(16000)
        for _ in range(peers):
            peer = Curve(broker.front, broker.key, Key())
            self.addCleanup(peer.close)
            try:
                for _ in range(size // (16 * len(part))):
                    peer.connection.sendall(b"".join(peer.box(part, more=True) for _ in range(16)))
            except ConnectionError:
                pass  # cut already

    def count(self, broker):
        """How many of the strangers are still there."""
        return len(sockets(broker.front, "01"))

    def cost(self, broker):
        return broker.memory_bytes() - self.before

    def test_sum_is_bounded(self):
        broker = self.broker(settings=dict(buffer_mib=64))  # a quarter, as bytes on the line
        self.feed(broker, 20, 7 * MB)
        until(lambda: self.count(broker) <= 2, "the largest to be cut")
        self.assertIn("event=connection_cut side=front reason=too_much_unfinished", broker.log())
        if not SANITIZED:  # a sanitizer keeps what was freed
            until(lambda: self.cost(broker) < 25 * MB, "the memory to be given back")
        broker.client().alive()

    def test_without_the_sum_it_is_not(self):
        broker = self.broker(settings=dict(buffer_mib=64), without=("unfinished_budget", "unfinished_age"))
        self.feed(broker, 20, 7 * MB)
        time.sleep(4)
        self.assertEqual(self.count(broker), 20)
        self.assertGreater(self.cost(broker), 120 * MB)

    def upload(self, broker):
        """An honest upload that puts all together over the bound, beside strangers with less each. Whether it is cut."""
        broker.worker("north").ready(LABOUR)
        for _ in range(20):
            stranger = Curve(broker.front, broker.key, Key())
            self.addCleanup(stranger.close)
            stranger.connection.sendall(stranger.box(bytes(200000))[:100000])
        time.sleep(2.5)  # a look
        self.assertNotIn("connection_cut", broker.log())
        honest = Curve(broker.front, broker.key, Key())
        self.addCleanup(honest.close)
        frame = Frame(REQUEST, request=1, group=group("nobody"), budget=20000, body=bytes(200000)).pack()
        upload = honest.box(frame)
        honest.connection.sendall(upload[:150000])
        until(lambda: "reason=too_much_unfinished so_far=1" in broker.log(), "one of them to be cut")
        if honest.is_closed(0.5):
            return True
        honest.connection.settimeout(DEADLINE)
        honest.connection.sendall(upload[150000:])
        self.assertEqual(Frame.unpack(honest.receive()).error, NO_ROUTE)
        return False

    def test_who_has_some_unfinished_for_longest_goes(self):
        self.assertFalse(self.upload(self.broker(settings=dict(buffer_mib=8))))

    def test_without_it_the_largest_goes(self):
        self.assertTrue(self.upload(self.broker(settings=dict(buffer_mib=8), without=("unfinished_longest",))))

    def test_parts_as_small_as_can_be(self):
        # They cost several times what they are on the line.
        broker = self.broker(settings=dict(buffer_mib=32))
        self.feed(broker, 0, 0)
        peers = [Curve(broker.front, broker.key, Key()) for _ in range(3)]
        for peer in peers:
            self.addCleanup(peer.close)
            try:
                peer.connection.sendall(b"".join(peer.box(b"", more=True) for _ in range(4 * MB // 35)))
            except ConnectionError:
                pass
        until(lambda: self.count(broker) <= 2, "the largest to be cut")
        if not SANITIZED:
            until(lambda: self.cost(broker) < 50 * MB, "the memory to be given back")

    def cut_within(self, broker, seconds):
        self.feed(broker, 2, 5 * MB)
        time.sleep(4)
        self.assertNotIn("connection_cut", broker.log())
        end = time.monotonic() + seconds
        while time.monotonic() < end and "reason=unfinished_for_long" not in broker.log():
            time.sleep(0.1)
        return "reason=unfinished_for_long" in broker.log()

    def test_time_is_bounded(self):
        self.assertTrue(self.cut_within(self.broker(), DEADLINE))

    def test_without_the_time_it_is_not(self):
        self.assertFalse(self.cut_within(self.broker(without=("unfinished_age",)), 10))


class NotTaken(TestCase):
    """What is on its way to those who do not read."""

    SLOW = ((zmq.RCVHWM, 1), (zmq.RCVBUF, 4096))
    SETTINGS = dict(buffer_mib=16, heartbeats=100)

    def requests_to_a_stopped_worker(self, broker):
        """Three strangers send 50 MB each. Their requests are over at once; what libzmq has of them is not. What memory
        that costs."""
        broker.worker("north", options=self.SLOW).ready(LABOUR)
        clients = [broker.client() for _ in range(3)]
        for client in clients:
            client.alive()
        before = broker.memory_bytes()
        self.errors = set()
        for number in range(1, 101):
            for client in clients:
                client.request(LABOUR, number, budget=1, body=bytes(LARGE))
        for client in clients:
            self.errors |= {frame.error for frame in client.alive() if frame.type == ERROR}
        return broker.memory_bytes() - before

    def test_stopped_worker(self):
        broker = self.broker(settings=self.SETTINGS)
        self.assertLess(self.requests_to_a_stopped_worker(broker), 45 * MB)
        self.assertIn(BUSY, self.errors)

    def test_without_counting_bytes_requests_pile_up(self):
        # Nor has one alone a share only: that would refuse some of them before, as many as the machine is slow.
        broker = self.broker(settings=self.SETTINGS, without=("held", "share"))
        self.assertGreater(self.requests_to_a_stopped_worker(broker), 100 * MB)

    def test_lost_worker_is_cut_with_what_is_held_for_it(self):
        broker = self.broker(settings=dict(heartbeat_ms=1000, heartbeats=3))
        worker = broker.worker("north", options=self.SLOW).ready(LABOUR)
        clients = [broker.client() for _ in range(24)]  # a first one each: of more, one alone has only a share
        for client in clients:
            client.alive()
        before = broker.memory_bytes()
        for client in clients:
            client.request(LABOUR, 1, body=bytes(LARGE))
        for client in clients:
            client.alive()
        self.assertGreater(broker.memory_bytes() - before, 8 * MB)
        until(lambda: broker.memory_bytes() - before < 6 * MB, "its memory to be free")
        self.assertIn("event=connection_cut side=back reason=worker_lost", broker.log())

    def answers_to_one_that_does_not_read(self, broker, clients, count):
        worker = broker.worker("north").ready(LABOUR)
        peers = [broker.client(options=self.SLOW) for _ in range(clients)]
        for number in range(1, count + 1):
            for peer in peers:
                peer.request(LABOUR, number, budget=60000)
        requests = [worker.expect(REQUEST) for _ in range(clients * count)]
        worker.alive()
        before = broker.memory_bytes()
        for request in requests:
            worker.answer(request, body=bytes(LARGE))
        worker.alive()
        return broker.memory_bytes() - before

    def test_client_that_does_not_read(self):
        broker = self.broker(settings=self.SETTINGS)
        self.assertLess(self.answers_to_one_that_does_not_read(broker, 1, 120), 20 * MB)

    def test_without_counting_bytes_answers_pile_up(self):
        broker = self.broker(settings=self.SETTINGS, without=("held",))
        self.assertGreater(self.answers_to_one_that_does_not_read(broker, 1, 120), 40 * MB)

    def test_many_that_do_not_read(self):
        broker = self.broker(settings=dict(self.SETTINGS, buffer_mib=8))
        self.answers_to_one_that_does_not_read(broker, 12, 6)
        until(lambda: "event=connection_cut side=front reason=too_much_not_taken" in broker.log(),
              "some to be cut")
        broker.client().alive()

    def test_client_that_reads_late_gets_what_fits(self):
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR)
        client = broker.client(options=self.SLOW)
        for number in range(1, 9):
            client.request(LABOUR, number)
        for number in range(1, 9):
            worker.answer(worker.expect(REQUEST), body=bytes(LARGE))
        worker.alive()
        for number in range(1, 9):
            self.assertEqual(len(client.expect(REPLY, request=number).body), LARGE)


if __name__ == "__main__":
    unittest.main()
