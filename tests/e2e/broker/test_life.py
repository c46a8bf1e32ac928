"""Start, restart, reload, end: what an operator sees, and what a client does."""
import re
import socket
import stat
import unittest

from harness import *

LABOUR, MANAGEMENT = group("labour"), group("management")


class Start(TestCase):
    def run_program(self, *arguments):
        return subprocess.run([BROKER, *arguments], capture_output=True, text=True, timeout=DEADLINE)

    def refused(self, code, says, **arguments):
        broker = self.broker(start=False, **arguments)
        broker.start(expect_ready=False)
        self.assertEqual(broker.process.wait(DEADLINE), code, broker.log())
        lines = [line for line in broker.log().splitlines() if line.startswith("comity-broker: ")]
        self.assertEqual(len(lines), 1, broker.log())
        for word in says:
            self.assertIn(word, lines[0])
        self.assertFalse(os.path.exists(broker.ready_file))
        return broker

    def test_says_what_is_in_effect(self):
        many = [os.urandom(16) for _ in range(70)]
        operators = [Key().hex, Key().hex]
        broker = self.broker({"north": (Key(), [LABOUR, MANAGEMENT]), "south": (Key(), many)}, operators=operators)
        log = broker.log()
        for line in ("event=listening side=front endpoint=%s key=%s" % (broker.front, broker.key.hex()),
                     "event=listening side=back endpoint=%s" % broker.back,
                     "event=may_connect side=front key=any", "event=limits connections=",
                     *("event=may_ask_status side=front key=" + key for key in operators)):
            self.assertIn(line, log)
        self.assertEqual(self.groups_in_the_log(broker, "north"), [LABOUR, MANAGEMENT])
        self.assertEqual(self.groups_in_the_log(broker, "south"), many)
        self.assertNotIn("*", broker.front + broker.back)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(broker.folder, "key")).st_mode), 0o600)
        with open(os.path.join(broker.folder, "key")) as file:
            secret = [line.split()[1] for line in file if line.startswith("secret")][0]
        broker.client().connected()
        self.assertEqual(broker.stop(), 0)
        self.assertNotIn(secret, broker.log())
        self.assertFalse(os.path.exists(broker.ready_file), "it is ready no more")

    def groups_in_the_log(self, broker, name):
        """Of the latest start or reload."""
        text = re.split(r"event=may_connect side=front", broker.log())[-1]
        key = broker.workers[name][0].hex
        lines = re.findall(r"event=may_connect side=back worker=%s key=%s groups=(\S+)\n" % (name, key), text)
        return [bytes.fromhex(group_id) for line in lines for group_id in line.split(",")]

    def test_rights_are_told_again_after_a_reload(self):
        broker = self.broker({"north": (Key(), [LABOUR])}, operators=[Key().hex])
        broker.workers["south"] = (Key(), [MANAGEMENT])
        broker.operators = [Key().hex]
        broker.write_config()
        broker.reload()
        until(lambda: "event=may_ask_status side=front key=" + broker.operators[0] in broker.log(), "the log")
        self.assertEqual(self.groups_in_the_log(broker, "north"), [LABOUR])
        self.assertEqual(self.groups_in_the_log(broker, "south"), [MANAGEMENT])

    def test_nobody_has_rights(self):
        broker = self.broker({})
        self.assertIn("event=may_connect side=back key=none", broker.log())
        self.assertIn("event=may_ask_status side=front key=none", broker.log())
        self.assertIn("worker=north", self.broker().log())
        self.assertRegex(self.broker().log(), r"worker=north key=\S+ groups=any")

    def test_several_workers_need_groups(self):
        broker = self.broker(start=False)
        with open(broker.config, "a") as file:
            file.write("[worker other]\nkey = %s\ngroup = %s\n" % (Key().hex, LABOUR.hex()))
        result = self.run_program("--config", broker.config, "--check")
        self.assertEqual(result.returncode, 2)
        self.assertIn("section [worker north] lacks group", result.stderr)

    def test_help_and_version(self):
        result = self.run_program("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertIn("--config FILE", result.stdout)
        self.assertRegex(self.run_program("--version").stdout, r"^comity-broker \d+\.\d+\.\d+\n$")

    def test_printed_sample_is_a_configuration(self):
        broker = self.broker(start=False)
        sample = self.run_program("--help-config").stdout
        for key in ("front", "back", "operator", "[worker NAME]", "group"):
            self.assertIn(key, sample)
        with open(broker.config, "w") as file:
            file.write(sample.replace("/var/lib/comity-broker/", broker.folder + "/"))
        result = self.run_program("--config", broker.config, "--check")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_deployed_sample_is_a_configuration_and_complete(self):
        with open(os.path.join(SOURCE_DIR, "deploy", "broker.ini")) as file:
            text = file.read()
        broker = self.broker(start=False)
        with open(broker.config, "w") as file:  # the folders are systemd's to make
            file.write(re.sub(r"(key_file|ready_file) = \S+", r"\1 = %s/\1" % broker.folder, text))
        result = self.run_program("--config", broker.config, "--check")
        self.assertEqual(result.returncode, 0, result.stderr)
        keys = [line.lstrip("# ").split(" =")[0] for line in self.run_program("--help-config").stdout.splitlines()
                if " =" in line]
        self.assertGreater(len(keys), 15)
        for key in keys:
            self.assertIn("\n%s" % key, text.replace("\n# ", "\n"), "deploy/broker.ini says nothing of " + key)

    def test_check_makes_nothing(self):
        broker = self.broker(start=False)
        result = self.run_program("--config", broker.config, "--check")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("can be used", result.stdout)
        self.assertEqual(os.listdir(broker.folder), ["broker.ini"])

    def test_command_line(self):
        for arguments in ((), ("--config",), ("--nonsense",), ("word",), ("--config", "x", "y")):
            result = self.run_program(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertIn("--help", result.stderr)

    def test_configuration(self):
        same = Key()
        self.refused(2, ["line", "no key mistake", "it has front, back"], settings=dict(mistake=1))
        self.refused(2, ["pending is to be 1 to 65536"], settings=dict(pending=0))
        self.refused(2, ["log_level is to be"], settings=dict(log_level="loud"))
        self.refused(2, ["[worker a] and [worker b] have the same key"], workers={"a": same, "b": same})
        result = self.run_program("--config", "/nonexistent/broker.ini")
        self.assertEqual(result.returncode, 2)
        self.assertIn("/nonexistent/broker.ini: it cannot be read", result.stderr)

    def test_worker_without_a_key(self):
        broker = self.broker(start=False)
        with open(broker.config, "a") as file:
            file.write("[worker other]\nkey =\n")
        result = self.run_program("--config", broker.config, "--check")
        self.assertEqual(result.returncode, 2)
        self.assertIn("the key of [worker other] is empty", result.stderr)

    def test_addresses(self):
        for endpoint, code, says in (("udp://127.0.0.1:1", 2, "tcp://ADDRESS:PORT"),
                                     ("tcp://nowhere", 2, "tcp://ADDRESS:PORT"),
                                     ("tcp://127.0.0.1:nothing", 2, "tcp://ADDRESS:PORT"),
                                     ("tcp://127.0.0.1:99999", 2, "1 to 65535"),
                                     ("tcp://203.0.113.7:7411", 3, "no such address"),
                                     ("tcp://nointerface0:7411", 3, "no such interface")):
            broker = self.broker(start=False)
            broker.endpoints["front"] = endpoint
            broker.write_config()
            broker.start(expect_ready=False)
            self.assertEqual(broker.process.wait(DEADLINE), code, endpoint + broker.log())
            self.assertIn(says, broker.log())

    def test_port_in_use(self):
        taken = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(taken.close)
        for side in ("front", "back"):
            broker = self.broker(start=False)
            broker.endpoints[side] = "tcp://127.0.0.1:%d" % taken.getsockname()[1]
            broker.write_config()
            broker.start(expect_ready=False)
            self.assertEqual(broker.process.wait(DEADLINE), 3)
            self.assertIn("another program listens there: stop it, or choose another port", broker.log())

    def test_a_second_start_leaves_the_first_ones_ready_file(self):
        first = self.broker()
        with open(first.ready_file) as file:
            text = file.read()
        first.endpoints.update(front=first.front, back=first.back)
        first.write_config()
        result = self.run_program("--config", first.config)
        self.assertEqual(result.returncode, 3)
        with open(first.ready_file) as file:
            self.assertEqual(file.read(), text)
        first.stop()
        self.assertFalse(os.path.exists(first.ready_file))

    def test_key_file_that_others_can_read(self):
        broker = self.broker()
        broker.stop()
        key = os.path.join(broker.folder, "key")
        os.chmod(key, 0o640)
        broker.start(expect_ready=False)
        self.assertEqual(broker.process.wait(DEADLINE), 2)
        self.assertIn("chmod it to 600", broker.log())
        os.chmod(key, 0o600)
        with open(key, "w") as file:
            file.write("nonsense\n")
        broker.start(expect_ready=False)
        self.assertEqual(broker.process.wait(DEADLINE), 2)
        self.assertIn("it is no connection key", broker.log())

    def test_folders_that_are_not_there(self):
        broker = self.broker(start=False)
        with open(broker.config, "w") as file:
            file.write("[broker]\nfront = tcp://127.0.0.1:*\nback = tcp://127.0.0.1:*\n"
                       "key_file = %s/none/key\n" % broker.folder)
        broker.start(expect_ready=False)
        self.assertEqual(broker.process.wait(DEADLINE), 2)
        self.assertIn("cannot be read or made (No such file or directory)", broker.log())
        broker.write_config()
        with open(broker.config) as file:
            text = file.read().replace("ready_file = %s/" % broker.folder, "ready_file = %s/none/" % broker.folder)
        with open(broker.config, "w") as file:
            file.write(text)
        broker.start(expect_ready=False)
        self.assertEqual(broker.process.wait(DEADLINE), 2)
        self.assertIn("ready_file", broker.log())

    def test_key_stays_over_restarts(self):
        broker = self.broker()
        before = broker.key
        broker.stop()
        broker.start()
        self.assertEqual(broker.key, before)

    def test_all_addresses_by_wildcard(self):
        broker = self.broker(start=False)
        broker.endpoints = {"front": "tcp://*:*", "back": "tcp://[::1]:*"}
        broker.write_config()
        broker.start()
        port = broker.front.rsplit(":", 1)[1]
        self.keep(Peer(self, "tcp://127.0.0.1:" + port, broker.key)).connected().alive()
        worker = self.keep(Worker(self, broker.back, broker.key, key=broker.workers["north"],
                                  options=((zmq.IPV6, 1),)))
        worker.ready(LABOUR)


class Restart(TestCase):
    def test_killed_and_restarted(self):
        broker = self.broker()
        worker, client = broker.worker("north").ready(LABOUR), broker.client()
        client.send(Frame(SUBSCRIBE, group=LABOUR, history=history("a"), sequence=1))
        client.request(LABOUR, 1)
        pending = worker.expect(REQUEST, request=1)
        for _ in range(3):
            broker.kill()
            for peer in (client, worker):
                self.assertEqual(peer.event([zmq.EVENT_DISCONNECTED]), zmq.EVENT_DISCONNECTED)
            broker.restart_at_same_address()
            client.connected()
            worker.connected().ready(LABOUR)
            # What was on its way is answered by nobody: the worker's answer has no request any more.
            worker.answer(pending)
            worker.alive()
            client.expect_nothing(0.1)
            client.request(LABOUR, 2)
            pending = worker.expect(REQUEST, request=2)
            worker.answer(pending)
            client.expect(REPLY, request=2)
            client.request(LABOUR, 3)
            pending = worker.expect(REQUEST, request=3)
            # Subscriptions are soft state.
            worker.send(Frame(NEWS, group=LABOUR, history=history("a"), sequence=5))
            worker.alive()
            client.expect_nothing(0.1)

    def send_while_down(self, immediate):
        """What became of a request that was sent to a dead broker, and what came of it after the broker's restart."""
        broker = self.broker()
        client = broker.client(options=((zmq.IMMEDIATE, immediate),)).connected()
        broker.kill()
        self.assertEqual(client.event([zmq.EVENT_DISCONNECTED]), zmq.EVENT_DISCONNECTED)
        request = Frame(REQUEST, request=1, group=LABOUR, budget=1000).pack()

        def send():
            try:
                client.socket.send(request, zmq.DONTWAIT)
                return "sent"
            except zmq.Again:
                return "refused"

        outcome = send()
        if immediate:
            # The pipe goes a moment after the connection.
            until(lambda: send() == "refused", "the socket to refuse")
            outcome = "refused"
        broker.restart_at_same_address()
        client.connected()
        return outcome, [frame for frame in client.alive() if frame.type != HEARTBEAT]

    def test_request_to_a_dead_broker_is_refused_at_once(self):
        outcome, answers = self.send_while_down(1)
        self.assertEqual((outcome, answers), ("refused", []))

    def test_without_immediate_it_is_delivered_after_the_restart(self):
        outcome, answers = self.send_while_down(0)
        self.assertEqual((outcome, [answer.error for answer in answers]), ("sent", [NO_ROUTE]))

    def test_kill_under_load(self):
        # Clients that send the same bytes again until answered get each answered, through 10 kills.
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR)
        seen = {}
        is_ended = threading.Event()

        def work():
            beat = 0
            while not is_ended.is_set():
                if time.monotonic() > beat + 0.2:
                    try:
                        worker.socket.send(Frame(HEARTBEAT, group=LABOUR, term=1, sequence=1000).pack(), zmq.DONTWAIT)
                    except zmq.Again:
                        pass
                    beat = time.monotonic()
                frame = worker.receive(0.02)
                if frame is not None and frame.type == REQUEST:
                    seen[frame.body] = seen.get(frame.body, 0) + 1
                    try:
                        worker.socket.send(Frame(REPLY, request=frame.request, route=frame.route, body=frame.body,
                                                 group=LABOUR).pack(), zmq.DONTWAIT)
                    except zmq.Again:
                        pass

        thread = threading.Thread(target=work)
        thread.start()
        try:
            client = broker.client()
            answered, number, kills = 0, 0, 0
            end = time.monotonic() + 6 * DEADLINE
            while kills < 10 or answered < 1000:
                self.assertLess(time.monotonic(), end, "answered %d, killed %d" % (answered, kills))
                number += 1
                body = b"%d" % number
                while True:
                    try:
                        client.socket.send(Frame(REQUEST, request=number, group=LABOUR, budget=300, body=body).pack(),
                                           zmq.DONTWAIT)
                    except zmq.Again:
                        time.sleep(0.005)
                        continue
                    frame = client.receive(0.4)
                    while frame is not None and frame.request != number:
                        frame = client.receive(0.4)
                    if frame is not None and frame.type == REPLY:
                        self.assertEqual(frame.body, body)
                        answered += 1
                        break
                    time.sleep(0.005)
                if number % 100 == 0 and kills < 10:
                    broker.kill()
                    kills += 1
                    broker.restart_at_same_address()
            self.assertEqual(answered, number)
        finally:
            is_ended.set()
            thread.join()

    def test_standing_still_is_nobodys_silence(self):
        broker = self.broker(settings=dict(heartbeat_ms=100, heartbeats=15))
        worker = broker.worker("north").ready(LABOUR)
        client = broker.client()
        client.request(LABOUR, 1)
        request = worker.expect(REQUEST)
        silence_s = 0.1 * 15
        broker.process.send_signal(signal.SIGSTOP)
        until(broker.is_stopped, "the broker to stand still")
        stopped = time.monotonic()
        until(lambda: time.monotonic() - stopped > 1.5 * silence_s, "longer than silence may last")
        broker.process.send_signal(signal.SIGCONT)
        stood = until(lambda: re.search(r"event=stood_still ms=(\d+)", broker.log()), "the log to tell")
        self.assertGreater(int(stood[1]), 1000 * silence_s)
        worker.answer(request)
        client.expect(REPLY, request=1)


class Reload(TestCase):
    def test_worker_that_is_added(self):
        broker = self.broker()
        broker.workers["south"] = Key()
        south = broker.worker("south")
        self.assertEqual(south.event([zmq.EVENT_HANDSHAKE_FAILED_AUTH]), zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        broker.write_config()
        broker.reload()
        broker.worker("south").ready(LABOUR)

    def test_worker_that_is_removed_is_cut_off(self):
        broker = self.broker(["north", "south"])
        north, south = broker.worker("north").ready(LABOUR), broker.worker("south").ready(MANAGEMENT)
        client = broker.client()
        client.request(LABOUR, 1)
        client.request(MANAGEMENT, 2)
        north.expect(REQUEST)
        kept = south.expect(REQUEST)
        del broker.workers["north"]
        broker.write_config()
        broker.reload()
        client.expect(ERROR, request=1, error=WORKER_LOST)
        self.assertEqual(north.event([zmq.EVENT_DISCONNECTED]), zmq.EVENT_DISCONNECTED)
        self.assertEqual(north.event([zmq.EVENT_HANDSHAKE_FAILED_AUTH]), zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        client.request(LABOUR, 3)
        client.expect(ERROR, request=3, error=NO_ROUTE)
        south.answer(kept)  # the other one has noticed nothing
        client.expect(REPLY, request=2)
        self.assertNotIn(zmq.EVENT_DISCONNECTED, south.events)

    def test_key_of_a_worker_that_changes(self):
        broker = self.broker()
        old_key = broker.workers["north"]
        old = broker.worker("north").ready(LABOUR)
        broker.workers["north"] = Key()
        broker.write_config()
        broker.reload()
        self.assertEqual(old.event([zmq.EVENT_DISCONNECTED]), zmq.EVENT_DISCONNECTED)
        broker.worker("north").ready(LABOUR)
        again = self.keep(Worker(self, broker.back, broker.key, key=old_key))
        self.assertEqual(again.event([zmq.EVENT_HANDSHAKE_FAILED_AUTH]), zmq.EVENT_HANDSHAKE_FAILED_AUTH)

    def test_groups_of_a_worker(self):
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR).ready(MANAGEMENT)
        broker.workers["north"] = (broker.workers["north"], [MANAGEMENT])
        broker.write_config()
        broker.reload()
        client = broker.client()
        client.request(LABOUR, 1)
        client.expect(ERROR, request=1, error=NO_ROUTE)
        client.request(MANAGEMENT, 2)
        worker.expect(REQUEST, request=2)

    def test_operators_and_limits(self):
        operator = Key()
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR)
        client = broker.client(key=operator)
        client.send(Frame(REQUEST, flags=FLAG_BROKER, request=1))
        client.expect(ERROR, request=1, error=FORBIDDEN)
        broker.operators.append(operator.hex)
        broker.settings["client_pending"] = 1
        broker.write_config()
        broker.reload()
        client.send(Frame(REQUEST, flags=FLAG_BROKER, request=2))
        client.expect(REPLY, request=2)
        client.request(LABOUR, 3)
        client.request(LABOUR, 4)
        client.expect(ERROR, request=4, error=BUSY)
        worker.expect(REQUEST, request=3)

    def test_bad_configuration_changes_nothing(self):
        broker = self.broker()
        worker = broker.worker("north").ready(LABOUR)
        with open(broker.config, "a") as file:
            file.write("[nonsense]\n")
        broker.reload()
        self.assertIn("event=reload_refused", broker.log())
        client = broker.client()
        client.request(LABOUR, 1)
        worker.answer(worker.expect(REQUEST))
        client.expect(REPLY)

    def test_what_needs_a_restart_is_said(self):
        broker = self.broker()
        broker.settings["io_threads"] = 2
        broker.write_config()
        broker.reload()
        self.assertIn("event=reload_incomplete settings=io_threads needs=restart", broker.log())
        broker.endpoints["back"] = "tcp://127.0.0.1:7412"
        broker.write_config()
        broker.reload()  # again: nothing of it is in effect yet
        until(lambda: "event=reload_incomplete settings=back,io_threads needs=restart" in broker.log(),
              "both to be told")


class End(TestCase):
    def test_pending_requests_are_waited_for(self):
        broker = self.broker(settings=dict(stop_ms=10000))
        worker, client = broker.worker("north").ready(LABOUR), broker.client()
        client.request(LABOUR, 1)
        request = worker.expect(REQUEST)
        broker.process.send_signal(signal.SIGTERM)
        until(lambda: "event=stopping pending=1" in broker.log(), "the end to begin")
        client.request(LABOUR, 2)
        client.expect(ERROR, request=2, error=DRAINING)
        worker.answer(request)
        client.expect(REPLY, request=1)
        self.assertEqual(broker.process.wait(DEADLINE), 0)

    def test_not_for_ever(self):
        broker = self.broker(settings=dict(stop_ms=100))
        worker, client = broker.worker("north").ready(LABOUR), broker.client()
        client.request(LABOUR, 1)
        worker.expect(REQUEST)
        broker.process.send_signal(signal.SIGINT)
        client.expect(ERROR, request=1, error=WORKER_LOST)
        self.assertEqual(broker.process.wait(DEADLINE), 0)


if __name__ == "__main__":
    unittest.main()
