"""Routing: by group, by term, each request answered once, by the worker it was sent to."""
import unittest

from harness import *

LABOUR, MANAGEMENT = group("labour"), group("management")


class Routing(TestCase):
    def test_request_goes_there_and_back_unaltered(self):
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR)
        client = broker.client()
        sent = Frame(REQUEST, request=7, group=LABOUR, history=history("h"), command_id=b"c" * 16, sequence=3,
                     attempt=2, budget=9000, term=5, route=77, flags=FLAG_LEAVE, body=b"sealed" * 1000)
        client.send(sent)
        came = worker.expect(REQUEST)
        self.assertNotIn(came.route, (0, 77), "a ticket of the broker's own")
        came_route, came.route = came.route, sent.route
        self.assertEqual(came.pack(), sent.pack(), "all but the route is as it was sent")
        came.route = came_route
        worker.answer(came, body=b"answer", sequence=12, term=1)
        answer = client.expect(REPLY, request=7, body=b"answer", route=0, sequence=12, history=history("h"))
        self.assertEqual(answer.command_id, b"c" * 16)

    def test_hello_goes_there_and_welcome_back(self):
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR)
        client = broker.client()
        client.request(LABOUR, 1, type=HELLO, body=b"hello")
        worker.answer(worker.expect(HELLO, body=b"hello"), type=WELCOME, body=b"welcome")
        client.expect(WELCOME, request=1, body=b"welcome")

    def test_error_of_a_worker_is_passed_on(self):
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR)
        client = broker.client()
        client.request(LABOUR, 1)
        worker.answer(worker.expect(REQUEST), type=ERROR, error=-38)
        client.expect(ERROR, request=1, error=-38, route=0)

    def test_largest_body_passes(self):
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR)
        client = broker.client()
        body = os.urandom(512 * 1024)
        client.request(LABOUR, 1, body=body)
        worker.answer(worker.expect(REQUEST, body=body), body=body)
        client.expect(REPLY, request=1, body=body)

    def test_groups_are_told_apart(self):
        broker = self.broker(["north", "south"])
        north, south = broker.worker("north").ready(LABOUR), broker.worker("south").ready(MANAGEMENT)
        client = broker.client()
        client.request(LABOUR, 1)
        client.request(MANAGEMENT, 2)
        north.answer(north.expect(REQUEST, request=1))
        south.answer(south.expect(REQUEST, request=2))
        self.assertEqual({client.expect(REPLY).request for _ in range(2)}, {1, 2})

    def test_one_worker_may_serve_several_groups(self):
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR).ready(MANAGEMENT)
        client = broker.client()
        for number, to in ((1, LABOUR), (2, MANAGEMENT)):
            client.request(to, number)
            worker.answer(worker.expect(REQUEST, group=to))
            client.expect(REPLY, request=number)

    def test_highest_term_leads(self):
        broker = self.broker(["north", "south"])
        north = broker.worker("north").ready(LABOUR, term=3)
        south = broker.worker("south").ready(LABOUR, term=2)
        client = broker.client()
        client.request(LABOUR, 1)
        first = north.expect(REQUEST, request=1)
        south.send(Frame(HEARTBEAT, group=LABOUR, term=4, sequence=100, request=98))
        south.expect(HEARTBEAT, request=98)
        client.request(LABOUR, 2)
        second = south.expect(REQUEST, request=2)
        # What was sent to the one that led before may still be finished there.
        north.answer(first)
        south.answer(second)
        self.assertEqual({client.expect(REPLY).request for _ in range(2)}, {1, 2})

    def test_where_nobody_leads_who_has_applied_most_is_asked(self):
        broker = self.broker(["north", "south"])
        workers = {name: broker.worker(name).ready(LABOUR, term=0) for name in ("north", "south")}
        client = broker.client()
        for number, (name, applied) in enumerate([("north", 7), ("south", 8), ("north", 9)], start=1):
            workers[name].send(Frame(HEARTBEAT, group=LABOUR, term=0, sequence=100, request=98, route=applied))
            workers[name].expect(HEARTBEAT, request=98)
            client.request(LABOUR, number)
            workers[name].answer(workers[name].expect(REQUEST, request=number))
            client.expect(REPLY, request=number)

    def test_no_worker_no_route(self):
        broker = self.broker()
        client = broker.client()
        client.request(LABOUR, 5, command_id=b"i" * 16, history=history("h"))
        error = client.expect(ERROR, request=5, error=NO_ROUTE, attempt=1, group=LABOUR)
        self.assertGreater(error.budget, 0, "how long to wait")
        self.assertEqual((error.command_id, error.history), (b"i" * 16, history("h")))
        client.request(LABOUR, 6, type=HELLO)
        client.expect(ERROR, request=6, error=NO_ROUTE)

    def test_requests_of_the_same_number_are_answered_each(self):
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR)
        one, two = broker.client(), broker.client()
        one.request(LABOUR, 1, body=b"one")
        two.request(LABOUR, 1, body=b"two")
        frames = [worker.expect(REQUEST) for _ in range(2)]
        self.assertNotEqual(frames[0].route, frames[1].route)
        for frame in reversed(frames):
            worker.answer(frame, body=frame.body)
        one.expect(REPLY, body=b"one")
        two.expect(REPLY, body=b"two")

    def test_budget_that_is_used_up(self):
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR)
        client = broker.client()
        client.request(LABOUR, 1, budget=0)
        client.expect(ERROR, request=1, error=EXPIRED)
        client.request(LABOUR, 2, budget=50)
        late = worker.expect(REQUEST, request=2)
        client.expect(ERROR, request=2, error=TIMEOUT)
        worker.answer(late)
        client.expect_nothing()
        client.request(LABOUR, 3)
        worker.answer(worker.expect(REQUEST, request=3))
        client.expect(REPLY, request=3)

    def test_draining(self):
        broker = self.broker(["north", "south"])
        north = broker.worker("north").ready(LABOUR, term=2)
        client = broker.client()
        client.request(LABOUR, 1)
        first = north.expect(REQUEST, request=1)
        north.send(Frame(DRAIN, group=LABOUR))
        north.send(Frame(HEARTBEAT, group=LABOUR, term=2, sequence=10, request=50))  # does not end the draining
        north.expect(HEARTBEAT, request=50)
        client.request(LABOUR, 2)
        client.expect(ERROR, request=2, error=DRAINING)
        south = broker.worker("south").ready(LABOUR, term=1)
        client.request(LABOUR, 3)
        south.answer(south.expect(REQUEST, request=3))
        client.expect(REPLY, request=3)
        north.answer(first)
        client.expect(REPLY, request=1)
        north.ready(LABOUR, term=3)
        client.request(LABOUR, 4)
        north.expect(REQUEST, request=4)

    def test_worker_that_leaves(self):
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR)
        client = broker.client()
        client.request(LABOUR, 1)
        worker.expect(REQUEST)
        worker.send(Frame(BYE))
        client.expect(ERROR, request=1, error=WORKER_LOST)
        client.request(LABOUR, 2)
        client.expect(ERROR, request=2, error=NO_ROUTE)

    def test_worker_whose_connection_breaks_is_lost_at_once(self):
        broker = self.broker(settings=dict(heartbeat_ms=60000, heartbeats=100))
        worker = broker.worker("north").ready(LABOUR)
        client = broker.client()
        client.request(LABOUR, 1)
        worker.expect(REQUEST)
        worker.close()
        client.expect(ERROR, request=1, error=WORKER_LOST)

    def test_worker_that_falls_silent(self):
        broker = self.broker(["north", "south"], settings=dict(heartbeat_ms=100, heartbeats=3))
        worker = broker.worker("north").ready(LABOUR)
        client = broker.client()
        client.request(LABOUR, 1)
        worker.expect(REQUEST)
        start = time.monotonic()
        client.expect(ERROR, request=1, error=WORKER_LOST)
        self.assertGreater(time.monotonic() - start, 0.2, "not before its time")
        client.request(LABOUR, 2)
        client.expect(ERROR, request=2, error=NO_ROUTE)
        # It was only slow: its next heartbeat brings it back.
        worker.ready(LABOUR)
        client.request(LABOUR, 3)
        worker.expect(REQUEST, request=3)

    def test_worker_that_comes_again_replaces_itself(self):
        broker = self.broker()
        old = broker.worker("north").ready(LABOUR)
        client = broker.client()
        client.request(LABOUR, 1)
        pending = old.expect(REQUEST)
        new = broker.worker("north").ready(LABOUR)
        client.expect(ERROR, request=1, error=WORKER_LOST)
        old.answer(pending)  # too late, and from a connection that does not count any more
        old.send(Frame(HEARTBEAT, group=LABOUR, term=9, sequence=5, request=8))
        old.expect_nothing()
        self.assertEqual([], [frame for frame in old.drained if frame.request == 8], "it is not even answered")
        client.request(LABOUR, 2)
        new.answer(new.expect(REQUEST, request=2))
        client.expect(REPLY, request=2)

    def test_heartbeats_are_answered(self):
        broker = self.broker()
        client = broker.client()
        client.send(Frame(HEARTBEAT, request=4))
        client.expect(HEARTBEAT, request=4)
        client.send(Frame(HEARTBEAT))
        client.expect(HEARTBEAT, request=0)
        worker = broker.worker("north")
        worker.send(Frame(HEARTBEAT, request=3))
        worker.expect(HEARTBEAT, request=3)

    def test_worker_learned_by_heartbeat_alone(self):
        # As after a restart of the broker: the worker's connection came back by itself and it says READY no more.
        broker = self.broker()
        worker = broker.worker("north")
        worker.send(Frame(HEARTBEAT, group=LABOUR, term=1, sequence=10))
        worker.expect(HEARTBEAT)
        client = broker.client()
        client.request(LABOUR, 1)
        worker.answer(worker.expect(REQUEST, request=1))
        client.expect(REPLY, request=1)

    def test_a_follower_answers_in_nobodys_place(self):
        broker = self.broker(["north", "south"])
        leader = broker.worker("north").ready(LABOUR, term=2, window=1)
        follower = broker.worker("south").ready(LABOUR, term=1, window=10)
        client = broker.client()
        client.request(LABOUR, 1)
        leader.answer(leader.expect(REQUEST, request=1))
        client.expect(REPLY, request=1)
        client.request(LABOUR, 2)
        leader.expect(REQUEST, request=2)
        client.request(LABOUR, 3)
        client.expect(ERROR, request=3, error=BUSY)
        follower.ready(LABOUR, term=3, window=10)
        client.request(LABOUR, 4)
        follower.expect(REQUEST, request=4)

    def test_client_that_leaves_gets_nothing_more(self):
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR)
        client = broker.client()
        client.request(LABOUR, 1)
        pending = worker.expect(REQUEST)
        client.send(Frame(BYE))
        client.alive()
        worker.answer(pending)
        worker.alive()
        client.expect_nothing()


class News(TestCase):
    def test_news_reach_who_asked_for_them(self):
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR)
        one, two, other = broker.client(), broker.client(), broker.client()
        for client in (one, two):
            client.send(Frame(SUBSCRIBE, group=LABOUR, history=history("a"), sequence=1))
            client.alive()
        other.send(Frame(SUBSCRIBE, group=LABOUR, history=history("b"), sequence=1))
        other.alive()
        worker.send(Frame(NEWS, group=LABOUR, history=history("a"), sequence=5, body=b"not passed on"))
        for client in (one, two):
            client.expect(NEWS, group=LABOUR, history=history("a"), sequence=5, request=0, body=b"")
        other.expect_nothing()
        one.send(Frame(SUBSCRIBE, group=LABOUR, history=history("a"), sequence=0))
        one.alive()
        worker.send(Frame(NEWS, group=LABOUR, history=history("a"), sequence=6))
        two.expect(NEWS, sequence=6)
        one.expect_nothing()

    def test_news_are_gathered(self):
        broker = self.broker(settings=dict(news_ms=200))
        worker = broker.worker("north").ready(LABOUR)
        client = broker.client()
        client.send(Frame(SUBSCRIBE, group=LABOUR, history=history("a"), sequence=1))
        client.alive()
        for sequence in range(1, 1001):
            worker.send(Frame(NEWS, group=LABOUR, history=history("a"), sequence=sequence))
        heard = []
        while not heard or heard[-1] < 1000:
            heard.append(client.expect(NEWS).sequence)
        self.assertEqual(heard, sorted(heard))
        self.assertLess(len(heard), 50, "1,000 news are told in a few")
        client.expect_nothing()

    def test_news_of_a_group_that_the_worker_does_not_serve(self):
        broker = self.broker(["north", "south"])
        north = broker.worker("north").ready(LABOUR)
        south = broker.worker("south").ready(MANAGEMENT)
        client = broker.client()
        client.send(Frame(SUBSCRIBE, group=LABOUR, history=history("a"), sequence=1))
        client.alive()
        south.send(Frame(NEWS, group=LABOUR, history=history("a"), sequence=9))
        south.alive()
        client.expect_nothing()
        north.send(Frame(NEWS, group=LABOUR, history=history("a"), sequence=1))
        client.expect(NEWS, sequence=1)

    def test_subscriptions_are_bounded(self):
        broker = self.broker(settings=dict(client_subscriptions=3))
        broker.worker("north").ready(LABOUR)
        client = broker.client()
        for number in range(3):
            client.send(Frame(SUBSCRIBE, group=LABOUR, history=history(str(number)), sequence=1))
        client.send(Frame(SUBSCRIBE, group=LABOUR, history=history("0"), sequence=1))  # again: no further one
        self.assertEqual(client.alive(), [])
        client.send(Frame(SUBSCRIBE, group=LABOUR, history=history("3"), sequence=1))
        client.expect(ERROR, error=LIMIT, history=history("3"))

    def test_silent_client_is_forgotten(self):
        operator = Key()
        # Long enough for whoever is still connecting; the lively one speaks all the time.
        broker = self.broker(settings=dict(client_silence_ms=3000), operators=[operator.hex])
        worker = broker.worker("north").ready(LABOUR)
        lively, silent = broker.client(key=operator), broker.client()
        for client in (silent, lively):
            client.send(Frame(SUBSCRIBE, group=LABOUR, history=history("a"), sequence=1))
            client.alive()
        self.assertEqual(lively.status().subscriptions, 2)
        until(lambda: lively.status().subscriptions == 1, "the silent one to be forgotten")
        until(lambda: "event=connection_cut side=front reason=silent" in broker.log(), "its connection to be cut")
        worker.send(Frame(NEWS, group=LABOUR, history=history("a"), sequence=2))
        lively.expect(NEWS, sequence=2)
        silent.expect_nothing()


if __name__ == "__main__":
    unittest.main()
