"""Rates: how many frames a connection key may send, and how many connections an address may open, in a time.

Whoever waits when it is told to is never cut; who does not is, and costs nobody anything after that. The presets are those
that are in effect (`rates={}`). Addresses of loopback are free of the limit; to have several of them here, the control
build counts them too (`loopback_is_free` left out).
"""
import errno
import os
import socket
import struct
import unittest

from harness import *

LABOUR = group("labour")
LEAVE = 4  # the flag in an answer of a worker to somebody whom it knows
STRANGERS_AT_ONCE = 512
TCP_SYN_SENT = 2
ATTACKER, OTHER = "127.0.0.5", "127.0.0.6"


def flood(client, most=20000):
    """Sends requests until it is cut. How many; None where it was not cut."""
    for number in range(1, most + 1):
        try:
            client.socket.send(Frame(REQUEST, request=number, group=LABOUR, budget=20000, attempt=1).pack(), zmq.DONTWAIT)
        except zmq.Again:  # it has no connection, or the broker takes no more for a moment
            if client.event([zmq.EVENT_DISCONNECTED], 2):
                return number
        if client.monitor.poll(0) and client.event([zmq.EVENT_DISCONNECTED], 0.01):
            return number
    return most if client.event([zmq.EVENT_DISCONNECTED], 2) else None


class Frames(TestCase):
    def setUp(self):
        super().setUp()
        self.operator = Key()

    def serve(self, flags=0, rates={}, **arguments):
        """A broker with a worker that answers everything."""
        broker = self.broker(operators=[self.operator.hex], rates=rates, **arguments)
        worker = broker.worker("north").ready(LABOUR, window=4096)  # of which nobody here has too large a share
        answer = worker.answer
        worker.answer = lambda request, **fields: answer(request, flags=flags, **fields)
        self.echo = Echo(worker)
        self.addCleanup(self.echo.end)
        return broker

    def ask(self, client, count, size=0):
        """Sends so many requests at once. The answers by their request."""
        for number in range(1, count + 1):
            client.request(LABOUR, number, body=bytes(size))
        answers = {}
        while len(answers) < count:
            frame = client.expect()
            answers[frame.request] = frame
        return answers

    def refused(self, answers):
        return [frame for frame in answers.values() if frame.error == BUSY]

    def test_what_comes_too_soon_is_told_to_wait(self):
        broker = self.serve()
        client = broker.client().connected()
        client.alive()
        answers = self.ask(client, STRANGERS_AT_ONCE + 200)
        refused = self.refused(answers)
        self.assertGreater(len(refused), 0)
        self.assertLess(len(refused), 250)
        self.assertTrue(all(0 < frame.budget < 60000 for frame in refused), refused)
        client.alive()  # heartbeats go on
        # Once it has waited, it goes on.
        until(lambda: not self.refused(self.ask(client, 1)), "its turn")
        self.assertNotIn("connection_cut", broker.log())
        self.assertEqual(client.events.count(zmq.EVENT_DISCONNECTED), 0)
        watcher = broker.client(key=self.operator)
        self.assertGreaterEqual(watcher.status().too_fast, len(refused))

    def send_again(self, client, count):
        """As libcomity does it: as many as may be under way, and each again when it was told to. How many tries."""
        due = {number: 0.0 for number in range(1, count + 1)}
        tries, end = 0, time.monotonic() + 6 * DEADLINE
        while due:
            self.assertLess(time.monotonic(), end, "%d have no answer" % len(due))
            for number, at in list(due.items()):
                if at <= time.monotonic():
                    client.request(LABOUR, number)
                    due[number] = float("inf")
                    tries += 1
            while (frame := client.receive(0.01)) is not None:
                if frame.type == REPLY:
                    del due[frame.request]
                elif frame.type == ERROR:
                    due[frame.request] = time.monotonic() + frame.budget / 1000
        return tries

    def polite(self, **arguments):
        broker = self.serve(rates=dict(strangers_per_minute=3000, strangers_at_once=20), **arguments)
        client = broker.client().connected()
        tries = self.send_again(client, 200)
        self.assertEqual(client.events.count(zmq.EVENT_DISCONNECTED), 0)
        return broker, tries

    def test_who_waits_has_its_turn_and_is_never_cut(self):
        broker, tries = self.polite()
        self.assertNotIn("connection_cut", broker.log())
        self.assertLess(tries, 3 * 200)

    def test_without_turns_all_come_again_at_once(self):
        _, tries = self.polite(without=("turns", "flood_cut"))
        self.assertGreater(tries, 3 * 200)

    def test_who_does_not_wait_is_cut_and_others_notice_nothing(self):
        broker = self.serve()
        honest = broker.client().connected()
        honest.alive()
        flooding = broker.client().connected()
        self.assertIsNotNone(flood(flooding))
        until(lambda: "event=connection_cut side=front reason=floods" in broker.log(), "the log to tell")
        self.assertEqual(self.refused(self.ask(honest, 20)), [])
        self.assertEqual(honest.events.count(zmq.EVENT_DISCONNECTED), 0)

    def served_in_a_flood(self, broker, key):
        """How many requests of a client that floods until it is cut are served."""
        honest = broker.client().connected()
        before = self.echo.count
        self.assertIsNotNone(flood(broker.client(key=key).connected()))
        self.assertEqual(self.refused(self.ask(honest, 1)), [])  # served behind whatever was
        return self.echo.count - before - 1

    def test_the_same_key_is_no_better_off_on_another_connection(self):
        broker, key = self.serve(), Key()
        self.assertGreaterEqual(self.served_in_a_flood(broker, key), STRANGERS_AT_ONCE)
        self.assertLess(self.served_in_a_flood(broker, key), STRANGERS_AT_ONCE // 2)
        self.assertGreaterEqual(self.served_in_a_flood(broker, Key()), STRANGERS_AT_ONCE)

    def test_without_it_everything_goes_through(self):
        broker = self.serve(without=("frame_rate",))
        client = broker.client().connected()
        self.assertEqual(self.refused(self.ask(client, 700)), [])
        self.assertIsNone(flood(client, 6000))

    def test_without_the_cut_it_goes_on_for_ever(self):
        broker = self.serve(without=("flood_cut",))
        self.assertIsNone(flood(broker.client().connected(), 6000))

    def test_whom_a_worker_knows_may_send_more(self):
        broker = self.serve(flags=LEAVE)
        client = broker.client().connected()
        self.ask(client, 1)
        self.assertEqual(self.refused(self.ask(client, 900)), [])

    def test_only_a_worker_says_so(self):
        broker = self.serve()
        client = broker.client().connected()
        for number in range(1, 4):
            client.request(LABOUR, number, flags=LEAVE)
            client.expect(REPLY)
        self.assertGreater(len(self.refused(self.ask(client, 900))), 0)

    def test_large_uploads(self):
        """Of somebody known: 16 MiB at once, as an import or documents are sent."""
        broker = self.serve(flags=LEAVE)
        client = broker.client().connected()
        self.ask(client, 1)
        for _ in range(8):
            self.assertEqual(self.refused(self.ask(client, 4, 500 * 1024)), [])

    def test_a_watch_of_many_histories(self):
        """It greets, and subscribes to as many as a client may, again after each of several reconnections."""
        broker = self.serve(flags=LEAVE)
        key = Key()
        for _ in range(4):
            client = broker.client(key=key).connected()
            client.request(LABOUR, 1, type=HELLO)
            client.expect(WELCOME)
            for number in range(256):
                client.send(Frame(SUBSCRIBE, group=LABOUR, history=history(str(number)), sequence=1))
            self.assertEqual([frame for frame in client.alive() if frame.type == ERROR], [])
            client.close()
        self.assertNotIn("connection_cut", broker.log())


class Arrivals(TestCase):
    COUNTED = ("loopback_is_free",)

    def few(self, without=()):
        return self.broker(without=self.COUNTED + tuple(without), rates=dict(address_per_minute=60, address_at_once=20))

    def is_dropped(self, broker, address=ATTACKER):
        """Whether the system drops a TCP connection before anything is accepted; for as long as it does not try again (1 s)."""
        connection = socket.socket()
        self.addCleanup(connection.close)
        connection.bind((address, 0))
        connection.settimeout(0.5)
        host, port = broker.front.removeprefix("tcp://").rsplit(":", 1)
        error = connection.connect_ex((host, int(port)))
        if error not in (0, errno.EAGAIN, errno.ECONNRESET):  # it is open, still being opened, or was accepted and cut
            raise OSError(error, os.strerror(error))
        return struct.unpack("B", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1))[0] == TCP_SYN_SENT

    def is_kept_out(self, broker, most=200):
        """Whether the system itself refuses the address at some time."""
        witness = broker.client().connected()
        for _ in range(most):
            if self.is_dropped(broker):
                return True
            witness.alive()  # the broker has had a turn
        return False

    def client_from(self, broker, address):
        peer = Peer(self, broker.front.replace("tcp://", "tcp://%s:0;" % address), broker.key)
        return self.keep(peer)

    def test_an_address_that_opens_too_many_is_kept_out_for_a_while(self):
        broker = self.few()
        there = self.client_from(broker, ATTACKER).connected()
        there.alive()
        self.assertTrue(self.is_kept_out(broker))
        until(lambda: "reason=too_fast_from_one_address" in broker.log(), "the log to tell")
        # Others come and go, and who was there stays.
        self.client_from(broker, OTHER).connected().alive()
        broker.client().connected().alive()
        there.alive()
        self.assertEqual(there.events.count(zmq.EVENT_DISCONNECTED), 0)
        # Whoever honest is behind that address gets in as soon as others have stopped.
        self.client_from(broker, ATTACKER).connected().alive()

    def test_without_the_sieve_each_is_accepted_and_cut(self):
        broker = self.few(without=("sieve",))
        self.assertFalse(self.is_kept_out(broker, 60))
        until(lambda: "reason=too_fast_from_one_address" in broker.log(), "the log to tell")

    def test_without_the_rate_all_are_taken(self):
        broker = self.few(without=("arrival_rate",))
        self.assertFalse(self.is_kept_out(broker, 60))
        broker.client().connected().alive()
        self.assertNotIn("connection_cut", broker.log())

    def test_this_machine_is_not_counted(self):
        broker = self.broker(rates=dict(address_per_minute=60, address_at_once=20))
        self.assertFalse(self.is_kept_out(broker, 60))
        self.assertNotIn("connection_cut", broker.log())

    def test_a_workplace_starts_at_once(self):
        """A hundred clients behind one address, by the presets; and half of them come again."""
        broker = self.broker(without=self.COUNTED, rates={})
        for count in (100, 50):
            clients = [self.client_from(broker, ATTACKER) for _ in range(count)]
            for client in clients:
                client.connected().alive()
            for client in clients:
                client.close()
        self.assertNotIn("connection_cut", broker.log())

    def refused_of_many_keys(self, without=()):
        """Twelve keys of one address, each within its own limit."""
        rates = dict(address_frames_per_minute=600, address_frames_at_once=100)
        broker = self.broker(without=self.COUNTED + tuple(without), rates=rates)
        answers = []
        for _ in range(12):
            client = self.client_from(broker, ATTACKER).connected()
            for number in range(1, 21):
                client.request(LABOUR, number)  # which nobody serves
            answers += [client.expect(ERROR).error for _ in range(20)]
        other = self.client_from(broker, OTHER).connected()
        other.request(LABOUR, 1)
        other.expect(ERROR, error=NO_ROUTE)
        return answers.count(BUSY)

    def test_strangers_of_one_address_have_a_limit_together(self):
        self.assertIn(self.refused_of_many_keys(), range(60, 141))

    def test_without_it_each_key_has_its_own(self):
        self.assertEqual(self.refused_of_many_keys(without=("address_frames",)), 0)

    def is_cut_with_many_keys(self, without=()):
        """Ten connections of one address, of keys that each keep to their own limit, and do not heed that of the address."""
        rates = dict(address_frames_per_minute=600, address_frames_at_once=100)
        broker = self.broker(without=self.COUNTED + tuple(without), rates=rates)
        return any(flood(self.client_from(broker, ATTACKER).connected(), 400) for _ in range(10))

    def test_many_keys_of_one_address_are_cut(self):
        self.assertTrue(self.is_cut_with_many_keys())

    def test_without_turns_of_the_address_none_is(self):
        self.assertFalse(self.is_cut_with_many_keys(without=("address_turns",)))

    def is_kept_out_after_a_flood(self, without=()):
        broker = self.broker(without=self.COUNTED + tuple(without), rates=dict(address_per_minute=60, address_at_once=50))
        client = self.client_from(broker, ATTACKER).connected()
        self.assertIsNotNone(flood(client))
        client.close()
        return self.is_kept_out(broker, 10)

    def test_who_floods_uses_up_what_its_address_may_open(self):
        """Since a new key is free: with it, it would have everything once more."""
        self.assertTrue(self.is_kept_out_after_a_flood())

    def test_without_that_it_comes_again_at_once(self):
        self.assertFalse(self.is_kept_out_after_a_flood(without=("flood_charge",)))


if __name__ == "__main__":
    unittest.main(verbosity=2)
