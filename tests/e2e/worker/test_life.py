"""A worker's life: starts, stops, kills, brokers that come and go, deadlines, full queues, a full store."""

import os
import resource
import shutil
import signal
import subprocess
import time
from pathlib import Path

from worker_case import BUILD, ERR, FakeInstallation, Installation, Refused, Scene, WorkerCase, main, pb, until  # sets the path
from comity_fake_broker import FakeBroker
from comity_installation import UNLIMITED, write_connection_key, write_signing_seed
from comity_scene import simple_rule
from comity_wire import BYE, DRAIN, ERROR, NEWS, READY, REPLY, Failed, Wire, check_record, now_ms, seal_up, verify_receipt


class Life(WorkerCase):
    def add_items(self, scene, count):
        """A session, and @count signed commands that add an item to it."""
        scene.body("council", {"labour": 2, "management": 2})
        scene.seat_all("council")
        session = scene.open_session("council")
        commands = []
        for _ in range(count):
            command = scene.command(add_item=pb.AddItem(session=session, title=scene.prose.ref("An item")))
            signed, command_id = seal_up(command, [scene.facilitator])
            commands.append((signed, scene.prose.of(command), command_id))
        return commands

    def commands_on_record(self, scene):
        """Command id -> how often an event names it."""
        self.wire.patiently(scene.hello)
        found = {}
        for answer in self.wire.query_all(scene.history, limit=1000, events=pb.Events(**{"from": 1})):
            for record in answer.events:
                _, event = check_record(record, scene.history)
                if event.command_id:
                    found[event.command_id] = found.get(event.command_id, 0) + 1
        return found

    def start_bare(self, config="worker.ini"):
        """Start the worker without waiting for its registration."""
        directory = self.installation.directory
        with open(directory / "worker.log", "ab") as log:
            process = subprocess.Popen([BUILD / "comity-worker", "--config", directory / config],
                                       stdin=subprocess.DEVNULL, stderr=log)
        self.installation.processes["worker"] = process
        return process

    def joint_commands(self, scene, count):
        """Signed by all co-chairs, and so dear to check."""
        commands = []
        keys = [key for pair in scene.co_chairs.values() for key in pair]
        for number in range(count):
            command = scene.command(add_site=pb.AddSite(site=pb.NewSite(
                name=f"site-{number}", title=scene.prose.ref("A site"), time_zone="UTC")))
            signed, command_id = seal_up(command, keys)
            commands.append((signed, scene.prose.of(command), command_id))
        return commands

    def restart(self, number=signal.SIGTERM):
        status = self.installation.kill("worker", number)
        self.installation.start("worker")
        return status


class Restarts:
    """Against both brokers."""

    def test_what_it_holds_is_in_no_core_dump(self):
        installation = self.installation
        installation.kill("worker")
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))  # children inherit it
        installation.start("worker")
        limits = Path(f"/proc/{installation.pid('worker')}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        process = installation.processes.pop("worker")
        process.send_signal(signal.SIGABRT)
        _, status = os.waitpid(process.pid, 0)
        process.returncode = -signal.SIGABRT
        self.assertTrue(os.WIFSIGNALED(status))
        self.assertFalse(os.WCOREDUMP(status))
        installation.start("worker")

    def test_what_was_acknowledged_survives_kills(self):
        scene = self.found()
        receipts = {}
        for signed, texts, command_id in self.add_items(scene, 30):
            receipt = self.wire.patiently(lambda: self.wire.submit_signed(signed, texts))
            receipts[command_id] = (signed, texts, receipt.SerializeToString(deterministic=True))
            if len(receipts) % 10 == 0:
                self.assertEqual(self.restart(signal.SIGKILL), -signal.SIGKILL)
        for signed, texts, receipt in receipts.values():   # once more: nothing is done twice
            again = self.wire.patiently(lambda: self.wire.submit_signed(signed, texts))
            self.assertEqual(again.SerializeToString(deterministic=True), receipt)
        found = self.commands_on_record(scene)
        self.assertEqual({found.get(command_id) for command_id in receipts}, {1})

    def test_term_grows_with_every_start(self):
        terms = []
        for _ in range(3):
            frame = self.wire.patiently(lambda: self.wire.finish(self.wire.start(
                pb.Hello(software="test", format_levels=[1]).SerializeToString(), 1)))
            terms.append(frame.term)
            self.restart(signal.SIGKILL)
        self.assertEqual(terms, [1, 2, 3])

    def test_sigterm_finishes_what_is_in_hand(self):
        scene = self.found()
        commands = self.add_items(scene, 120)
        requests = [(self.wire.submit_start(signed, texts), signed, command_id)
                    for signed, texts, command_id in commands]
        self.wire.wait_until(lambda: self.wire.arrived)   # it is in the middle of it
        self.assertEqual(self.installation.kill("worker", signal.SIGTERM), 0)
        done, refused = set(), set()
        for request, signed, command_id in requests:
            try:
                receipt = self.wire.open(self.wire.finish(request))
                verify_receipt(receipt, signed, self.wire.log_key)
                done.add(command_id)
            except Failed as failed:
                self.assertIn(failed.name, ("DRAINING", "NO_ROUTE"))   # both: not executed
                refused.add(command_id)
        self.installation.start("worker")
        found = self.commands_on_record(scene)
        self.assertTrue(done)
        self.assertEqual({found.get(command_id) for command_id in done}, {1})
        self.assertEqual({found.get(command_id) for command_id in refused} - {None}, set())
        self.assertFalse((self.installation.directory / "worker.ready").read_text() == "")

    def test_nothing_is_lost_on_the_way_while_it_leaves(self):
        """Requests that the broker passed on before it read DRAIN are answered too."""
        scene = self.found()
        for _ in range(3):
            process, requests = self.installation.processes["worker"], []
            while process.poll() is None:
                if len(requests) - len(self.wire.arrived) < 200:
                    requests += [self.wire.query_start(scene.history, whoami=pb.Whoami()) for _ in range(20)]
                    if len(requests) == 400:  # and these are on their way when it begins to leave
                        process.send_signal(signal.SIGTERM)
                        requests += [self.wire.query_start(scene.history, whoami=pb.Whoami()) for _ in range(20)]
                self.wire.pump(0.01)
            answers = [self.wire.finish(request) for request in requests]
            names = {ERR.DRAINING, ERR.NO_ROUTE, ERR.BUSY}
            self.assertEqual({a.error for a in answers if a.type == ERROR} - names, set())
            self.assertEqual(self.restart(), 0)
            self.wire.patiently(scene.hello)

    def test_deadlines_come_with_nobody_connected(self):
        scene = self.found()
        scene.body("council", {"labour": 2, "management": 2})
        scene.seat_all("council")
        rule = simple_rule()
        rule.close.at_time = True
        rule_number = scene.adopt(rule)
        session = scene.open_session("council")
        numbers = []
        for delay_ms in (3000, 3300):
            proposal, text_hash = scene.propose(session, "Shifts", "Four days of ten hours.")
            numbers.append(scene.open_round(proposal, text_hash, rule_number, closes_ms=now_ms() + delay_ms))
        opened = [scene.round(number) for number in numbers]
        self.assertEqual({r.state for r in opened}, {pb.ROUND_STATE_OPEN})
        head, key, history = self.head(scene), scene.founder, scene.history
        self.wire.close()
        self.nobody_asks(history, head + 2)
        self.wire = scene.wire = self.new_wire()
        self.wire.patiently(lambda: self.wire.hello([self.wire.grant(history, key)]))
        for number, before in zip(numbers, opened):
            after = scene.round(number)
            self.assertEqual((after.state, after.cause), (pb.ROUND_STATE_CLOSED, pb.CLOSE_CAUSE_TIME))
            self.assertGreaterEqual(after.closed_ms, before.closes_ms)
            self.assertLess(after.closed_ms, before.closes_ms + 20000)

    def test_deadlines_that_passed_while_it_was_down(self):
        scene = self.found()
        rule_number, proposal, text_hash = scene.timed_proposal()
        closes_ms = now_ms() + 3000
        number = scene.open_round(proposal, text_hash, rule_number, closes_ms=closes_ms)
        self.installation.kill("worker")
        until(lambda: now_ms() > closes_ms, "the deadline")
        self.installation.start("worker")
        self.wire.patiently(scene.hello)
        self.assertEqual(scene.round(number).state, pb.ROUND_STATE_CLOSED)


class FakeRestarts(Restarts, Life):
    kind = FakeInstallation

    def nobody_asks(self, history, head):
        """The worker tells the news by itself."""
        fake = self.installation.fake
        fake.wait_until(lambda: any(f.type == NEWS and f.history == history and f.sequence >= head for f in fake.said))

    def test_leave_is_taken_in_order(self):
        scene = self.found()
        commands = self.add_items(scene, 40)
        for signed, texts, _ in commands:
            self.wire.submit_start(signed, texts)
        fake = self.installation.fake
        self.assertEqual(self.installation.stop("worker"), 0)
        fake.wait_for(BYE)
        self.assertEqual([f.type for f in fake.said if f.type in (READY, DRAIN, BYE)], [READY, DRAIN, BYE])
        drain = fake.wait_for(DRAIN)
        self.assertEqual((drain.group, drain.term), (self.wire.group, 1))
        self.wire.wait_until(lambda: len(self.wire.arrived) == len(commands))   # each was answered
        self.assertEqual({f.type for f in self.wire.arrived.values()} - {REPLY, ERROR}, set())
        self.assertFalse((self.installation.directory / "worker.ready").exists())
        self.assertIn("event=stopped error=OK", self.log())

    def test_sigterm_while_the_broker_says_nothing(self):
        self.installation.fake.is_silent = True
        started = time.monotonic()
        self.assertEqual(self.installation.stop("worker"), 0)
        self.assertLess(time.monotonic() - started, 15)


class RealRestarts(Restarts, Life):
    kind = Installation

    def nobody_asks(self, history, head):
        """There is nobody to see it: the operator's log does not tell, so the clock has to."""
        closes_ms = now_ms() + 4500
        until(lambda: now_ms() > closes_ms, "the deadlines")


class Brokers(Life):
    """Brokers that come late, go, fall silent, are others than they should be."""

    def test_a_broker_that_comes_late(self):
        installation = self.installation
        installation.stop("worker")
        installation.fake.stop()
        log_size = len(self.log())
        installation.write_settings()
        self.start_bare()
        until(lambda: "event=broker_unreachable" in self.log()[log_size:], "the complaint")
        self.assertIn("Nobody listens there", self.log()[log_size:])
        self.assertFalse((installation.directory / "worker.ready").exists())
        installation.fake.start()
        until((installation.directory / "worker.ready").exists, "the registration")
        self.assertEqual(installation.stop("worker"), 0)

    def test_sigterm_without_a_broker(self):
        self.installation.fake.stop()
        self.wait_for_log("event=broker_lost")
        self.assertEqual(self.installation.stop("worker"), 0)

    def test_a_broker_that_was_restarted(self):
        scene, fake = self.found(), self.installation.fake
        for _ in range(3):
            ready = fake.count(READY)
            fake.stop()
            fake.start()
            fake.wait_for(READY, after=ready, timeout_s=30)
        self.wire.patiently(scene.hello)
        self.assertEqual(self.head(scene), 1)

    def test_a_broker_that_falls_silent(self):
        scene, fake = self.found(), self.installation.fake
        ready = fake.count(READY)
        fake.answers_heartbeats = False
        self.wait_for_log("event=broker_silent")
        fake.wait_for(READY, after=ready)   # connected anew
        fake.answers_heartbeats = True
        self.wire.patiently(scene.hello)
        self.assertEqual(self.head(scene), 1)

    def test_a_broker_with_another_key(self):
        installation = self.installation
        installation.stop("worker")
        path = installation.directory / "worker.ini"
        text = path.read_text()
        wrong = write_connection_key(installation.directory / "other.key").hex()
        path.write_text(text.replace(installation.broker_key.hex(), wrong))
        log_size = len(self.log())
        process = self.start_bare()
        until(lambda: "event=broker_handshake_failed" in self.log()[log_size:], "the complaint")
        path.write_text(text)   # and the operator mends it
        process.send_signal(signal.SIGHUP)
        until((installation.directory / "worker.ready").exists, "the registration")

    def test_two_brokers(self):
        second = FakeBroker(self.installation.fake.secret)
        self.addCleanup(second.stop)
        self.installation.stop("worker")
        settings = Installation.write_settings

        def with_second():
            settings(self.installation)
            with open(self.installation.directory / "worker.ini", "a") as file:
                file.write(f"[broker far]\nendpoint = {second.endpoints['back']}\n"
                           f"key = {self.installation.broker_key.hex()}\n")
        self.installation.write_settings = with_second
        self.installation.start("worker")
        second.wait_for(READY)
        scene = self.found()
        second.wait_for(NEWS)   # news goes to both
        other = Wire(second.endpoints["front"], self.installation.broker_key, self.installation.group_key)
        self.addCleanup(other.close)
        other.hello([other.grant(scene.history, scene.founder)])
        self.assertEqual(other.query(scene.history, whoami=pb.Whoami()).as_of, 1)
        self.installation.fake.stop()   # one alone is enough
        self.assertEqual(other.query(scene.history, whoami=pb.Whoami()).as_of, 1)
        self.assertEqual(self.installation.stop("worker"), 0)
        second.wait_for(BYE)


class SlowChecks(Life):
    options = {"worker_settings": "threads = 1\n[limits]\nrequests = 4096\n"}

    def test_answers_of_an_earlier_connection_are_not_sent(self):
        """A ticket of the broker before its restart may be another client's now."""
        scene, fake = self.found(), self.installation.fake
        commands = self.joint_commands(scene, 3000)
        for signed, texts, _ in commands:
            self.wire.submit_start(signed, texts)
        self.wire.wait_until(lambda: self.wire.arrived)   # it is in the middle of it
        ready = fake.count(READY)
        fake.stop()
        fake.start()
        fake.wait_for(READY, after=ready)
        self.wait_for_log("event=answers_undelivered")   # there were such
        self.wire.patiently(scene.hello)
        self.assertEqual(fake.stray, [])

    def test_what_nobody_waits_for_is_not_done(self):
        scene = self.found()
        commands = self.joint_commands(scene, 150)
        requests = [(self.wire.submit_start(signed, texts, budget=1), command_id)
                    for signed, texts, command_id in commands]
        done, expired = set(), set()
        for request, command_id in requests:
            frame = self.wire.finish(request)
            if frame.type == ERROR:
                self.assertEqual(frame.error, ERR.EXPIRED)
                expired.add(command_id)
            else:
                done.add(command_id)
                self.wire.open(frame)
        self.assertTrue(expired, "the machine is too fast for this test")
        found = self.commands_on_record(scene)
        self.assertEqual({found.get(command_id) for command_id in done} - {1}, set())
        self.assertEqual(expired & set(found), set())


class WrongKey(Life):
    kind = Installation

    def test_a_key_that_the_broker_does_not_know(self):
        installation = self.installation
        installation.stop("worker")
        path = installation.directory / "worker.ini"
        write_connection_key(installation.directory / "other.key")
        path.write_text(path.read_text().replace("/worker.key", "/other.key"))
        self.start_bare()
        self.wait_for_log("event=broker_refuses_key")
        self.assertEqual(installation.stop("worker"), 0)


class WrongSide(Life):
    kind = Installation

    def test_the_front_of_a_broker_registers_no_worker(self):
        """It lets any key in and answers heartbeats, and gives nothing."""
        installation = self.installation
        installation.stop("worker")
        path = installation.directory / "worker.ini"
        text = path.read_text()
        back, front = (f"endpoint = {installation.ports[side]}" for side in ("back", "front"))
        self.assertIn(back, text)
        path.write_text(text.replace(back, front))
        log_size = len(self.log())
        self.start_bare()
        self.wait_for_log("event=broker_does_not_register")
        self.assertNotIn("event=registered", self.log()[log_size:])
        self.assertEqual(installation.stop("worker"), 0)


class Busy(Life):
    options = {"worker_settings": "threads = 1\n[limits]\nrequests = 3\n"}

    def test_full_queues_answer_busy(self):
        scene = self.found()
        scene.retry_s = 20
        commands = self.add_items(scene, 200)
        requests = [(self.wire.submit_start(signed, texts), signed, texts, command_id)
                    for signed, texts, command_id in commands]
        busy, done = [], set()
        for request, signed, texts, command_id in requests:
            try:
                receipt = self.wire.open(self.wire.finish(request))
                verify_receipt(receipt, signed, self.wire.log_key)
                done.add(command_id)
            except Failed as failed:
                self.assertEqual(failed.name, "BUSY")
                self.assertTrue(0 < failed.wait_ms <= 2000, failed.wait_ms)
                busy.append((signed, texts, command_id))
        self.assertTrue(busy and done)
        found = self.commands_on_record(scene)
        for _, _, command_id in busy:
            self.assertNotIn(command_id, found)   # nothing was executed
        for signed, texts, command_id in busy:
            self.wire.submit_signed(signed, texts, retry_s=60)
        found = self.commands_on_record(scene)
        self.assertEqual({found.get(command_id) for _, _, command_id in commands}, {1})


class FullStore(Life):
    options = {"worker_settings": "map_limit_mib = 16\n" + UNLIMITED}

    def test_a_full_store_is_an_answer(self):
        scene = self.found()
        scene.body("council", {"labour": 2, "management": 2})
        scene.seat_all("council")
        session = scene.open_session("council")
        item = scene.do(scene.facilitator, add_item=pb.AddItem(session=session, title=scene.prose.ref("Texts")))
        def fill():
            for number in range(400):
                scene.do(scene.facilitator, make_proposal=pb.MakeProposal(
                    item=item.item_added.item.number, title=scene.prose.ref("Long"),
                    text=scene.prose.ref(f"{number} " + "x" * 60000)))
        with self.assertRaises(Refused) as caught:
            fill()
        self.assertEqual(caught.exception.name, "STORE_FULL")
        first = self.head(scene)   # it still answers, and still refuses
        with self.assertRaises(Refused):
            fill()
        head = self.head(scene)
        self.assertLess(head - first, 5)   # pages that somebody still read when it was full have room for one or two more
        self.installation.worker_settings = "map_limit_mib = 64\n" + UNLIMITED
        self.restart()
        self.wire.patiently(scene.hello)
        self.assertEqual(self.head(scene), head)
        scene.do(scene.facilitator, add_item=pb.AddItem(session=session, title=scene.prose.ref("Room again")))
        self.assertEqual(self.head(scene), head + 1)


class Directory(Life):
    """The data directory, the keys that belong to it, export and restore."""

    def second(self, **changes):
        """A start of another worker with a changed configuration; (exit code, its last line)."""
        text = (self.installation.directory / "worker.ini").read_text()
        for old, new in changes.items():
            self.assertIn(old, text)
            text = text.replace(old, str(new))
        path = self.installation.directory / "second.ini"
        path.write_text(text)
        result = subprocess.run([BUILD / "comity-worker", "--config", path], stdin=subprocess.DEVNULL,
                                capture_output=True, text=True, timeout=60)
        return result.returncode, result.stderr.splitlines()[-1]

    def test_in_use(self):
        scene = self.found()
        code, words = self.second()
        self.assertEqual(code, 1, words)
        self.assertIn("in use", words)
        self.assertTrue((self.installation.directory / "worker.ready").exists())   # of the one that runs
        self.assertEqual(self.head(scene), 1)

    def test_another_groups(self):
        self.found()
        self.installation.stop("worker")
        write_connection_key(self.installation.directory / "other.key")
        code, words = self.second(**{"group.key": "other.key"})
        self.assertEqual(code, 2, words)
        self.assertIn("group", words)

    def test_another_log_key(self):
        self.found()
        self.installation.stop("worker")
        write_signing_seed(self.installation.directory / "other.seed")
        code, words = self.second(**{"log.seed": "other.seed"})
        self.assertEqual(code, 2, words)
        self.assertIn("log_key", words)

    def test_of_another_version(self):
        self.found()
        self.installation.stop("worker")
        data = self.installation.data_file
        self.assertTrue(data.exists())
        data.write_bytes(b"not a store" * 1000)
        code, words = self.second()
        self.assertEqual(code, 1, words)
        self.assertTrue(words.startswith("comity-worker: "), words)
        self.assertEqual(data.read_bytes(), b"not a store" * 1000)   # nothing was overwritten

    def test_put_back(self):
        """data.mdb as it was before the last commits: it says so, and what to do. The file of after them goes on."""
        scene = self.found()
        data = self.installation.data_file
        self.installation.stop("worker")
        earlier = data.read_bytes()
        self.restart()
        self.wire.patiently(scene.hello)
        scene.invite_many("labour", 1)
        head = self.head(scene)
        self.installation.stop("worker")
        later = data.read_bytes()
        data.write_bytes(earlier)
        code, words = self.second()
        self.assertEqual(code, 1, words)
        self.assertIn("older than what this worker wrote there", words)
        self.assertIn("estore it from an export", words)
        result = self.verb("verify")
        self.assertEqual(result.returncode, 1, result.stdout)
        self.assertIn("older than what this worker wrote there", result.stderr)
        self.assertEqual(data.read_bytes(), earlier)
        data.write_bytes(later)
        self.restart()
        self.wire.patiently(scene.hello)
        self.assertEqual(self.head(scene), head)

    def test_not_writable(self):
        self.installation.stop("worker")
        file = self.installation.directory / "file"
        file.write_text("")
        code, words = self.second(**{f"data = {self.installation.directory}/data": f"data = {file}/inside"})
        self.assertEqual(code, 2, words)
        self.assertIn(str(file), words)

    def verb(self, name, *arguments, config="worker.ini"):
        return subprocess.run([BUILD / "comity-worker", name, "--config", self.installation.directory / config,
                               *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=120)

    def test_export_and_restore(self):
        scene = self.found()
        scene.invite_many("labour", 20)
        directory = self.installation.directory
        command = scene.command(add_site=pb.AddSite(site=pb.NewSite(
            name="south", title=scene.prose.ref("South"), time_zone="UTC")))
        signed, _ = seal_up(command, scene.parties)
        texts = scene.prose.of(command)
        receipt = self.wire.submit_signed(signed, texts)
        result = self.verb("export", "--to", directory / "stream")   # while the worker runs
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("1 histories", result.stdout)
        self.assertEqual(os.stat(directory / "stream").st_mode & 0o777, 0o600)
        self.assertEqual(self.verb("export", "--to", directory / "stream").returncode, 1)   # never over a file
        result = self.verb("export", "--to", directory / "none", "--history", "00" * 32)
        self.assertEqual(result.returncode, 1)
        self.assertFalse((directory / "none").exists())
        self.assertNotEqual(self.verb("restore", "--from", directory / "stream").returncode, 0)   # there is a store
        head = self.head(scene)

        self.installation.stop("worker")
        shutil.move(directory / "data", directory / "lost")
        bad = bytearray((directory / "stream").read_bytes())
        bad[len(bad) // 2] ^= 1
        (directory / "bad").write_bytes(bad)
        result = self.verb("restore", "--from", directory / "bad")
        self.assertNotEqual(result.returncode, 0)
        self.assertTrue(result.stderr.startswith("comity-worker: "), result.stderr)
        result = self.verb("restore", "--from", directory / "stream")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.installation.start("worker")
        self.wire.patiently(scene.hello)
        self.assertEqual(self.head(scene), head + 1)   # the epoch that was opened
        whoami = self.wire.query(scene.history, whoami=pb.Whoami()).whoami
        epochs = whoami.partnership.epochs
        self.assertEqual([epoch.restored_to for epoch in epochs], [0, head])
        self.assertEqual((epochs[0].number, epochs[1].number), (1, whoami.partnership.epoch))
        self.assertLess(abs(epochs[1].number - time.time()), 300)   # the second in which it was opened
        self.assertEqual(epochs[1].resume_ms, epochs[1].opened_ms + 24 * 3600 * 1000)
        self.assertEqual(epochs[1].members, len(scene.keys))
        again = self.wire.submit_signed(signed, texts)
        self.assertEqual(again.first_sequence, receipt.first_sequence)
        self.assertEqual(again.event.header, receipt.event.header)
        scene.invite_many("management", 1)


class Reload(Life):
    def change(self, old, new):
        path = self.installation.directory / "worker.ini"
        text = path.read_text()
        self.assertIn(old, text)
        path.write_text(text.replace(old, new))
        count = self.log().count("event=reload")
        self.installation.processes["worker"].send_signal(signal.SIGHUP)
        until(lambda: self.log().count("event=reload") > count, "the reload")

    def may_found(self):
        try:
            Scene(self.new_wire(), self.installation.token).found({"one": "WORKER", "two": "EMPLOYER"})
            return True
        except Refused as refused:
            self.assertEqual(refused.name, "FOUNDING")
            return False

    def test_reload(self):
        self.assertTrue(self.may_found())
        self.change("founding = token", "founding = nobody")
        self.assertFalse(self.may_found())
        self.change("founding = nobody", "founding = token")
        self.assertTrue(self.may_found())
        (self.installation.directory / "token").write_text("another token\n")
        self.change("founding = token", "founding = token ")
        self.assertFalse(self.may_found())
        operator = lambda: self.wire.query(status=pb.Status()).status.histories  # noqa: E731
        self.wire.hello()
        self.assertEqual(operator(), 0)
        self.change("heartbeat_ms", f"operator = {self.wire.key.hex()}\nheartbeat_ms")
        self.assertEqual(operator(), 2)
        self.assertEqual(self.log().count("event=reload_refused"), 0)

    def test_reload_that_cannot_be(self):
        self.change("founding = token", "founding = token\nfounding = nobody")
        self.assertIn("event=reload_refused", self.log())
        self.assertTrue(self.may_found())
        self.change("founding = token\nfounding = nobody", "founding = nobody\nwindow = 7")
        self.assertIn("window changes with a restart alone", self.log())
        self.assertTrue(self.may_found())   # nothing of it was taken up
        self.assertEqual(self.log().count("event=reload_refused"), 2)

    def test_a_new_connection_key(self):
        scene, fake = self.found(), self.installation.fake
        write_connection_key(self.installation.directory / "new.key")
        ready = fake.count(READY)
        self.change("worker.key", "new.key")
        fake.wait_for(READY, after=ready)
        self.assertEqual(fake.count(BYE), 1)
        self.wire.patiently(scene.hello)
        self.assertEqual(self.head(scene), 1)


if __name__ == "__main__":
    main()
