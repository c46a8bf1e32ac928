"""The rules of ZeroMQ that docs/architecture.md numbers, each shown twice: what the broker does, and what happens without it.

The control is the same program built so that one defence can be left out (broker/defence.h).
"""
import re
import unittest

from curve_raw import Curve, connect
from harness import *

LABOUR, MANAGEMENT = group("labour"), group("management")
SANITIZED = b"__asan_init" in open(BROKER, "rb").read()


class Admission(TestCase):
    """Rule 1: ZAP first, option 93, a self-test."""

    def knock(self, stranger):
        return stranger.event([zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_HANDSHAKE_FAILED_AUTH,
                               zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL], 8)

    def test_stranger_is_refused_at_the_back(self):
        broker = self.broker()
        stranger = broker.stranger_at_back()
        self.assertEqual(self.knock(stranger), zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        until(lambda: f"event=key_refused side=back key={stranger.key.hex} " in broker.log(), "the log to tell")
        broker.client().connected()
        broker.worker("north").connected()

    def test_without_zap_and_option_a_stranger_gets_in(self):
        broker = self.broker(without=("zap", "enforce_domain", "self_test"))
        self.assertEqual(self.knock(broker.stranger_at_back()), zmq.EVENT_HANDSHAKE_SUCCEEDED)

    def test_option_keeps_strangers_out_where_zap_is_missing(self):
        broker = self.broker(without=("zap", "self_test"))
        self.assertNotEqual(self.knock(broker.stranger_at_back()), zmq.EVENT_HANDSHAKE_SUCCEEDED)

    def test_self_test_refuses_to_serve(self):
        for without in (("zap", "enforce_domain"), ("zap",)):
            broker = self.broker(without=without, start=False)
            broker.start(expect_ready=False)
            self.assertEqual(broker.process.wait(DEADLINE), 1)
            self.assertIn("self-test failed", broker.log())
            self.assertNotIn("event=listening side=front", broker.log())
            self.assertFalse(os.path.exists(broker.ready_file))


class HighWater(TestCase):
    """Rule 2: MANDATORY and DONTWAIT, and both answers handled."""

    COUNT, BODY = 8000, bytes(700)

    def slow_client(self, broker):
        return broker.client(options=((zmq.RCVHWM, 1), (zmq.RCVBUF, 4096)))

    def answer_all_to_one_who_does_not_read(self, broker):
        worker = broker.worker("north").ready(LABOUR, window=65536)
        client = self.slow_client(broker)
        for number in range(1, self.COUNT + 1):
            client.request(LABOUR, number, budget=120000)
        requests = [worker.expect(REQUEST) for _ in range(self.COUNT)]
        for request in requests:
            worker.answer(request, body=self.BODY)
        worker.alive()  # the broker has taken every answer
        return client

    def settings(self):
        return dict(client_pending=65536, pending=65536, worker_window=65536)

    def count_answers(self, client, silence):
        answers = {}
        while (frame := client.receive(silence)) is not None:
            if frame.type == REPLY:
                answers[frame.request] = answers.get(frame.request, 0) + 1
        return answers

    def test_every_answer_reaches_a_client_that_reads_late(self):
        broker = self.broker(settings=self.settings())
        client = self.answer_all_to_one_who_does_not_read(broker)
        answers = {}
        for _ in range(self.COUNT):
            frame = client.expect(REPLY)
            answers[frame.request] = answers.get(frame.request, 0) + 1
        self.assertEqual(answers, {number: 1 for number in range(1, self.COUNT + 1)})

    def test_without_mandatory_answers_vanish(self):
        broker = self.broker(settings=self.settings(), without=("mandatory",))
        client = self.answer_all_to_one_who_does_not_read(broker)
        self.assertLess(len(self.count_answers(client, 2)), self.COUNT)

    def requests_to_a_worker_that_does_not_read(self, broker):
        """Sends until well over what fits. Returns the client and how many it sent."""
        worker = broker.worker("north", options=((zmq.RCVHWM, 1), (zmq.RCVBUF, 4096))).ready(LABOUR, window=65536)
        client = broker.client()
        count = 12000
        for number in range(1, count + 1):
            client.request(LABOUR, number, budget=120000, body=bytes(1000))
        return worker, client, count

    def test_worker_that_takes_no_more_is_busy(self):
        broker = self.broker(settings=self.settings())
        worker, client, count = self.requests_to_a_worker_that_does_not_read(broker)
        refused = [frame for frame in client.alive() if frame.type == ERROR]
        self.assertGreater(len(refused), 0)
        self.assertEqual({frame.error for frame in refused}, {BUSY})
        self.assertTrue(all(frame.budget > 0 for frame in refused))
        # All the others are on their way to the worker.
        numbers = {worker.expect(REQUEST).request for _ in range(count - len(refused))}
        self.assertEqual(numbers | {frame.request for frame in refused}, set(range(1, count + 1)))

    def test_without_mandatory_requests_vanish(self):
        broker = self.broker(settings=self.settings(), without=("mandatory",))
        worker, client, count = self.requests_to_a_worker_that_does_not_read(broker)
        refused = [frame for frame in client.alive() if frame.type == ERROR]
        came = 0
        while (frame := worker.receive(2)) is not None:
            came += frame.type == REQUEST
        self.assertLess(came + len(refused), count)

    def flood_without_reading(self, broker):
        client = self.slow_client(broker)
        for number in range(60000):
            try:
                client.socket.send(Frame(REQUEST, request=number + 1, group=LABOUR, budget=1000).pack(),
                                   zmq.DONTWAIT)
            except zmq.Again:
                time.sleep(0.001)
        return client

    def test_client_that_floods_and_never_reads_hinders_nobody(self):
        broker = self.broker()
        self.flood_without_reading(broker)
        broker.client().alive()

    def test_without_dontwait_one_client_stops_the_broker(self):
        broker = self.broker(without=("dontwait",))
        other = broker.client().connected()
        self.flood_without_reading(broker)

        def is_stopped():
            other.send(Frame(HEARTBEAT, request=1))
            return other.receive(3) is None

        until(is_stopped, "the broker to stop", 3 * DEADLINE)
        broker.kill()


class Unreachable(TestCase):
    """Rule 2: a peer that is gone is known by the send that fails, long before its silence is over."""

    def client_that_leaves(self, broker, operator):
        """A client goes before its answer comes. How many clients the broker knows afterwards."""
        worker, watcher = broker.worker("north").ready(LABOUR), broker.client(key=operator)
        client = broker.client()
        client.request(LABOUR, 1)
        request = worker.expect(REQUEST)
        client.close()
        until(lambda: self.is_closed(broker), "its connection to be closed")
        worker.answer(request, body=bytes(100))
        worker.alive()
        return watcher.status().clients

    def is_closed(self, broker):
        with open("/proc/net/tcp") as file:
            port = "%04X" % int(broker.front.rsplit(":", 1)[1])
            return sum(line.split()[1].endswith(":" + port) and line.split()[3] == "01" for line in file) == 1

    def test_client_that_left_is_forgotten_by_its_answer(self):
        # By its connection's end it would be as well: tests/e2e/broker/test_bounds.py.
        operator = Key()
        broker = self.broker(operators=[operator.hex], without=("client_closed",))
        self.assertEqual(self.client_that_leaves(broker, operator), 1)

    def test_without_it_the_answer_waits_for_nobody(self):
        operator = Key()
        broker = self.broker(operators=[operator.hex], without=("unreachable", "client_closed"))
        self.assertEqual(self.client_that_leaves(broker, operator), 2)

    def worker_that_leaves(self, broker):
        """What a request is answered that is pending when its worker goes."""
        worker, client = broker.worker("north").ready(LABOUR), broker.client()
        client.request(LABOUR, 1)
        worker.expect(REQUEST)
        worker.close()
        return client.receive(4)

    def test_worker_that_left_is_lost_at_once(self):
        self.assertEqual(self.worker_that_leaves(self.broker()).error, WORKER_LOST)

    def test_without_it_only_its_silence_tells(self):
        self.assertIsNone(self.worker_that_leaves(self.broker(without=("unreachable",))))


class Sockets(TestCase):
    """Rules 4 and 5."""

    def test_message_over_the_limit_ends_its_connection_alone(self):
        broker = self.broker()
        other, client = broker.client().connected(), broker.client().connected()
        client.send_raw([bytes(2 * 1024 * 1024)])
        self.assertEqual(client.event([zmq.EVENT_DISCONNECTED]), zmq.EVENT_DISCONNECTED)
        other.alive()

    def test_without_the_limit_it_is_taken(self):
        broker = self.broker(without=("message_limit",))
        client = broker.client().connected()
        client.send_raw([Frame(REQUEST, request=3, body=bytes(2 * 1024 * 1024)).pack()])
        client.expect(ERROR, request=3, error=TOO_LARGE)

    def test_body_over_its_limit_is_refused_and_the_connection_kept(self):
        broker = self.broker()
        client = broker.client()
        client.request(LABOUR, 3, body=bytes(512 * 1024 + 1))
        client.expect(ERROR, request=3, error=TOO_LARGE)
        client.alive()

    def open_and_say_nothing(self, broker):
        connection = connect(broker.front)
        self.addCleanup(connection.close)
        connection.settimeout(6)
        try:
            while connection.recv(64):  # the server's greeting comes, then the end
                pass
            return True
        except TimeoutError:
            return False

    def test_handshake_has_a_time_limit(self):
        self.assertTrue(self.open_and_say_nothing(self.broker()))

    def test_without_the_limit_it_may_take_for_ever(self):
        self.assertFalse(self.open_and_say_nothing(self.broker(without=("handshake_limit",))))

    def feed_parts_without_end(self, broker, most_bytes):
        """Returns how many bytes were taken before the connection was cut (or all), and the memory that it cost."""
        other = broker.client().connected()
        peer = Curve(broker.front, broker.key, Key())
        self.addCleanup(peer.close)
        before, sent = broker.memory_bytes(), 0
        part = bytes(16000)
        try:
            while sent < most_bytes:
                batch = b"".join(peer.box(part, more=True) for _ in range(16))
                peer.connection.sendall(batch)
                sent += len(batch)
        except ConnectionError:
            pass
        other.alive()
        return sent, broker.memory_bytes() - before

    def test_parts_without_end_are_cut(self):
        broker = self.broker()
        sent, memory = self.feed_parts_without_end(broker, 400 * 1000 * 1000)
        self.assertLess(sent, 300 * 1000 * 1000)
        self.assertIn("event=connection_cut side=front reason=bytes_without_end", broker.log())
        if not SANITIZED:  # a sanitizer keeps what was freed
            self.assertLess(memory, 64 * 1000 * 1000)

    def test_without_the_watch_they_fill_the_memory(self):
        broker = self.broker(without=("watch", "unfinished_budget", "unfinished_age"))
        sent, memory = self.feed_parts_without_end(broker, 150 * 1000 * 1000)
        self.assertGreaterEqual(sent, 150 * 1000 * 1000)
        self.assertGreater(memory, 120 * 1000 * 1000)

    def test_many_parts_are_dropped_and_counted(self):
        operator = Key()
        broker = self.broker(operators=[operator.hex])
        client = broker.client(key=operator)
        client.send_raw([Frame(REQUEST, request=1, group=LABOUR, budget=1).pack()] * 3)
        client.send_raw([b"x"] * 5000)
        self.assertEqual(client.alive(), [])

    def steal_an_id(self, broker):
        """A peer that connects under another's routing id. Returns what came to the other and to it."""
        worker = broker.worker("north").ready(LABOUR)
        victim = broker.client(routing_id=b"of-the-victim")
        victim.request(LABOUR, 1, body=b"mine")
        pending = worker.expect(REQUEST)
        thief = broker.client(routing_id=b"of-the-victim").connected()
        thief.send(Frame(HEARTBEAT, request=5))
        thief.receive(0.5)
        worker.answer(pending, body=b"answer")
        worker.alive()
        mine, stolen = victim.receive(1), thief.receive(1)
        return mine, stolen

    def test_an_id_cannot_be_taken_over(self):
        mine, stolen = self.steal_an_id(self.broker())
        self.assertEqual(mine.body, b"answer")
        self.assertIsNone(stolen)

    def test_with_handover_it_can(self):
        mine, _ = self.steal_an_id(self.broker(without=("no_handover",)))
        self.assertIsNone(mine)

    WORKER_ID, CLIENT_ID = b"workerid", b"clientid"  # of eight bytes: as long as a number in a header

    def shown(self, broker):
        """Everything that the broker shows to a worker and to a client of one another."""
        worker = broker.worker("north", routing_id=self.WORKER_ID).ready(LABOUR)
        client = broker.client(routing_id=self.CLIENT_ID, key=self.operator)
        to_worker, to_client = [], []
        client.send(Frame(SUBSCRIBE, group=LABOUR, history=history("a"), sequence=1))
        for number, kind in ((1, HELLO), (2, REQUEST), (3, REQUEST)):
            client.request(LABOUR, number, type=kind)
            to_worker.append(worker.expect(kind, request=number))
        worker.send(Frame(NEWS, group=LABOUR, history=history("a"), sequence=7))
        to_client.append(client.expect(NEWS))
        worker.answer(to_worker[0], type=WELCOME)
        to_client.append(client.expect(WELCOME))
        worker.answer(to_worker[1])
        to_client.append(client.expect(REPLY, request=2))
        client.request(MANAGEMENT, 4)
        to_client.append(client.expect(ERROR, error=NO_ROUTE))
        client.send(Frame(REQUEST, flags=FLAG_BROKER, request=5))
        to_client.append(client.expect(REPLY, request=5))
        worker.send(Frame(HEARTBEAT, group=LABOUR, term=1, sequence=9, request=6))
        to_worker.append(worker.expect(HEARTBEAT, request=6))
        worker.send(Frame(BYE))
        to_client.append(client.expect(ERROR, request=3, error=WORKER_LOST))
        self.assertTrue(all(frame.route == 0 for frame in to_client), "the worker's tickets are not the client's")
        return [frame.pack() for frame in to_worker], [frame.pack() for frame in to_client], broker.log().encode()

    def test_routing_ids_are_shown_to_nobody(self):
        self.operator = Key()
        to_worker, to_client, log = self.shown(self.broker(operators=[self.operator.hex]))
        for data in to_worker + to_client + [log]:
            for secret in (self.WORKER_ID, self.CLIENT_ID):
                for form in (secret, secret[::-1], secret.hex().encode()):
                    self.assertNotIn(form, data)

    def test_tickets_start_anew(self):
        tickets = set()
        for _ in range(3):
            broker = self.broker()
            worker = broker.worker("north").ready(LABOUR)
            broker.client().request(LABOUR, 1)
            tickets.add(worker.expect(REQUEST).route)
        self.assertEqual(len(tickets), 3)
        self.assertTrue(all(ticket > 2 ** 40 for ticket in tickets), tickets)

    def end_with_a_full_client(self, broker):
        broker.settings["stop_ms"] = 200
        worker = broker.worker("north").ready(LABOUR, window=65536)
        client = broker.client(options=((zmq.RCVHWM, 1), (zmq.RCVBUF, 4096)))
        for number in range(1, 3001):
            client.request(LABOUR, number, budget=120000)
        for _ in range(3000):
            worker.answer(worker.expect(REQUEST), body=bytes(4000))
        worker.alive()
        broker.process.send_signal(signal.SIGTERM)
        try:
            return broker.process.wait(8)
        except subprocess.TimeoutExpired:
            return None

    def test_end_is_bounded(self):
        settings = dict(client_pending=65536, pending=65536, worker_window=65536, stop_ms=200)
        self.assertEqual(self.end_with_a_full_client(self.broker(settings=settings)), 0)

    def test_without_linger_it_never_ends(self):
        settings = dict(client_pending=65536, pending=65536, worker_window=65536, stop_ms=200)
        broker = self.broker(settings=settings, without=("linger",))
        self.assertIsNone(self.end_with_a_full_client(broker))
        broker.kill()


class Answers(TestCase):
    """Rule 5: who answers is known by the connection and its key, not by what it knows."""

    def answer_for_another(self, broker):
        north, south = broker.worker("north").ready(LABOUR), broker.worker("south").ready(MANAGEMENT)
        client = broker.client()
        client.request(LABOUR, 1)
        request = north.expect(REQUEST)
        south.answer(request, body=b"forged")
        south.alive()
        forged = client.receive(0.5)
        north.answer(request, body=b"true")
        return forged, client

    def test_answer_of_another_worker_is_dropped(self):
        broker = self.broker(["north", "south"])
        forged, client = self.answer_for_another(broker)
        self.assertIsNone(forged)
        client.expect(REPLY, request=1, body=b"true")
        self.assertIn("event=stray_reply worker=south", broker.log())

    def test_without_the_check_it_is_passed_on(self):
        forged, _ = self.answer_for_another(self.broker(["north", "south"], without=("reply_worker",)))
        self.assertEqual(forged.body, b"forged")

    def test_user_id_cannot_be_claimed(self):
        # A peer's own metadata may say User-Id; what ZAP said of its key comes first.
        operator = Key()
        broker = self.broker(operators=[operator.hex])
        peer = Curve(broker.front, broker.key, Key(), metadata=((b"User-Id", operator.hex.encode()),))
        self.addCleanup(peer.close)
        peer.send(Frame(REQUEST, flags=FLAG_BROKER, request=1).pack())
        self.assertEqual(Frame.unpack(peer.receive()).error, FORBIDDEN)


class Turns(TestCase):
    """Rule 7: many messages at one turn."""

    def messages_and_turns(self, broker):
        client = broker.client().connected()
        for _ in range(24):
            broker.process.send_signal(signal.SIGSTOP)
            for number in range(450):
                client.send(Frame(HEARTBEAT, request=number + 1))
            broker.process.send_signal(signal.SIGCONT)
            for _ in range(450):
                client.expect(HEARTBEAT)
        self.assertEqual(broker.stop(), 0)
        found = re.search(r"event=stopped messages=(\d+) turns=(\d+)", broker.log())
        return int(found[1]), int(found[2])

    def test_many_messages_a_turn(self):
        messages, turns = self.messages_and_turns(self.broker())
        self.assertGreaterEqual(messages, 10000)
        self.assertLess(turns, messages / 2)

    def test_without_it_one_message_a_turn(self):
        messages, turns = self.messages_and_turns(self.broker(without=("drain",)))
        self.assertGreaterEqual(turns, messages)


class Structure(unittest.TestCase):
    """Rules 3, 6 and 7, where they forbid something: what is not there cannot go wrong. Over all that uses ZeroMQ."""

    FOLDERS = ("broker", "worker", "worker/store", "worker/log", "client/lib", "client/cli")
    RIM = ["broker/loop.c", "broker/loop_act.c", "broker/loop_inside.h", "broker/sockets.c", "broker/zap.c",
           "client/lib/client.c", "client/lib/link.c", "client/lib/watch.c", "worker/asker.c", "worker/link.c", "worker/link.h",
           "worker/loop.c"]

    @classmethod
    def setUpClass(cls):
        cls.sources = {}
        for folder in cls.FOLDERS:
            for name in sorted(os.listdir(os.path.join(SOURCE_DIR, folder))):
                if name.endswith((".c", ".h")):
                    with open(os.path.join(SOURCE_DIR, folder, name)) as file:
                        cls.sources[folder + "/" + name] = re.sub(r"/\*.*?\*/", "", file.read(), flags=re.S)

    def users(self, pattern, of=""):
        return sorted(name for name, text in self.sources.items() if name.startswith(of) and re.search(pattern, text))

    def count(self, pattern, of):
        return sum(len(re.findall(pattern, text)) for name, text in self.sources.items() if name.startswith(of))

    def test_no_heartbeats_of_libzmq(self):
        self.assertEqual(self.users(r"ZMQ_HEARTBEAT"), [])

    def test_one_context_a_program(self):
        """The asker is another process: of `comity-worker join`, which runs no loop."""
        for program in ("broker/", "worker/asker.c", "worker/loop.c", "client/"):
            self.assertEqual(self.count(r"\bzmq_ctx_new\b", program), 1, program)
        self.assertEqual(self.count(r"\bzmq_ctx_new\b", "worker/"), 2)

    def test_one_thread_a_socket(self):
        """The broker has none of its own; in the worker and the client, who makes threads and who has sockets differ: the
        client's lock is what lets its thread and its user's take turns."""
        self.assertEqual(self.users(r"pthread_|zactor|thrd_create", "broker/"), [])
        self.assertEqual(set(self.users(r"pthread_create")) & set(self.RIM), {"client/lib/client.c"})

    def test_one_dealer_a_broker(self):
        """A socket is made and connected in one place, to one endpoint, and a link has one."""
        for link in ("worker/link.c", "client/lib/link.c"):
            text = self.sources[link]
            self.assertEqual(len(re.findall(r"ZMQ_DEALER", text)), 1, link)
            self.assertEqual(re.findall(r"zmq_connect\((link->socket, link->\w+(?:\.\w+)?)", text),
                             ["link->socket, link->" + ("broker.endpoint" if link[0] == "w" else "endpoint")])
            # The other socket is the monitor's.
            self.assertEqual(len(re.findall(r"zmq_connect\(", text)), 2, link)
        asker = self.sources["worker/asker.c"]
        self.assertEqual(len(re.findall(r"ZMQ_DEALER", asker)), 1)
        self.assertEqual(re.findall(r"zmq_connect\((\w+->\w+, \w+->\w+)", asker), ["asker->socket, options->endpoint"])
        self.assertEqual(self.users(r"ZMQ_DEALER"), ["broker/sockets.c", "client/lib/link.c", "worker/asker.c", "worker/link.c"])

    def test_the_edge_triggered_descriptor_is_the_clients_alone(self):
        """Which has a user with an event loop, and reads on until no socket has anything left."""
        self.assertEqual(self.users(r"\bZMQ_FD\b"), ["client/lib/link.c"])

    def test_messages_without_wrappers(self):
        self.assertEqual(self.users(r"\b(czmq|zmsg_|zframe_|zstr_|zsock_)"), [])

    def test_only_the_rim_knows_zeromq(self):
        self.assertEqual(self.users(r"zmq\.h|\bzmq_\w+\("), self.RIM)

    def test_every_send_is_checked_and_waits_for_nobody(self):
        sends = {}
        for name, text in self.sources.items():
            for line in text.splitlines():
                if re.search(r"\bzmq_(msg_)?send\(", line):
                    sends.setdefault(name, []).append(line.strip())
        # part_send of the loop and reply of ZAP, which wait for nobody; one a link.
        self.assertEqual({name: len(lines) for name, lines in sends.items()},
                         {"broker/loop_act.c": 1, "broker/zap.c": 1, "client/lib/link.c": 1, "worker/asker.c": 1, "worker/link.c": 1},
                         sends)
        self.assertIn("flags |= ZMQ_DONTWAIT", self.sources["broker/loop_act.c"])
        self.assertIn("int flags = ZMQ_DONTWAIT |", self.sources["broker/zap.c"])
        for link in ("client/lib/link.c", "worker/link.c"):
            self.assertRegex(sends[link][0], r"^if .*ZMQ_DONTWAIT\) < 0\)")
        self.assertRegex(sends["worker/asker.c"][0], r"^return .*ZMQ_DONTWAIT\) < 0$")

    def test_the_checks_would_find_something(self):
        self.assertTrue(self.users(r"ZMQ_ROUTER_MANDATORY"))
        for folder in self.FOLDERS:
            self.assertTrue(self.users(r"#include", folder + "/"), folder)


if __name__ == "__main__":
    unittest.main()
