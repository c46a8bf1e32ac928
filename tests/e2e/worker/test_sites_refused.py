"""Bad input to a worker of several sites: each is refused at the start with what to do, and nothing is written: neither into the data
directory nor, by that worker, into etcd. One member of etcd, with one worker that goes on all the while, serves all of these. South has a
store, and is started; east has none, and joins out of an export.

Elsewhere: refusals of `begin` and `join` in all their kinds (test_begin, test_join); that of two under one name the one that was there
first goes on, among three sites (test_sites); a clock that goes wrong while the worker runs (test_clock); what etcd's client makes of
each way in which TLS fails (tests/unit/worker/test_etcd_faults.c). A member of another major version is played by a server of the test.
"""

import base64
import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from join_case import Some
from worker_case import BUILD, ROOT, Scene, main, until  # sets the path

sys.path.insert(0, str(ROOT / "tests" / "e2e" / "cli"))  # for export_file
from comity_etcd import SERVES_S, Members, encoded, free_port
from comity_fake_etcd import FakeEtcd
from comity_installation import NotStarted, write_connection_key
from comity_patience import Patience
from comity_record import Record
from comity_sites import Loopback
from comity_wire import Failed

FAULTS = os.environ.get("COMITY_WORKER_FAULTS", "")
CONFIGURATION = 2
YEAR_S = 365 * 24 * 3600


class SitesRefused(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="comity-test-"))
        cls.net = cls.enterClassContext(Loopback(directory, ["north", "south", "east"]))
        cls.sites = Some(BUILD, cls.net, names=["north"])
        for name in ("south", "east"):
            cls.sites.add_keys(name)
        cls.enterClassContext(cls.sites)
        cls.keys = cls.sites.members.directory
        cls.sites.run("north", "begin")
        cls.sites.start("worker", "north")
        cls.sites.leader()
        with cls.sites.wire("north") as wire:
            cls.scene = scene = Scene(wire, cls.sites.token, retry_s=60)
            scene.found({"labour": "WORKER", "management": "EMPLOYER"})
            cls.old, cls.export = cls.net.directory / "old", cls.net.directory / "export"
            cls.sites.run("north", "export", "--to", str(cls.old))
            scene.invite_many("labour", 2)
        cls.begin_anew()
        cls.sites.run("north", "export", "--to", str(cls.export))
        cls.sites.join("south", "north")

    @classmethod
    def begin_anew(cls):
        cls.sites.stop("worker", "north")
        cls.sites.members.delete_prefix("north", f"comity/{cls.sites.group.hex()}/")
        cls.sites.run("north", "begin", "--all-stores-compared")
        cls.sites.start("worker", "north")
        cls.sites.leader()

    def setUp(self):
        self.addCleanup(self.sites.site_log.clear)
        self.addCleanup(self.sites.lines.clear)

    # What is there

    def files(self, name):
        """Of a data directory: with their hashes; but for those of who has the store open, which every look at it uses."""
        data = name if isinstance(name, Path) else self.sites.data(name)
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (data.iterdir() if data.exists() else [])
                if path.name not in ("lock.mdb", "writer.lock")}

    def kept(self, name, members=None):
        """All keys in etcd; and when each of this worker's was put last."""
        found = (members or self.sites.members).ask((members or self.sites.members).names[0], "kv/range", key=encoded("\0"),
                                                    range_end=encoded("\0"), keys_only=True).get("kvs", [])
        changed = {base64.b64decode(row["key"]).decode(): row["mod_revision"] for row in found}
        return set(changed), {key: revision for key, revision in changed.items() if key.endswith("/" + name)}

    def assertRefused(self, name, *words, export=None, environment=None, members=None, code=CONFIGURATION):
        before, (keys, own) = self.files(name), self.kept(name, members)
        if name == "east":
            said = self.sites.run(name, "join", "--from", str(export or self.export), expect=code)
        else:
            self.sites.log("worker", name).unlink(missing_ok=True)
            with self.assertRaises(NotStarted) as caught:
                self.sites.start("worker", name, environment)
                self.sites.kill("worker", name)
            said = str(caught.exception)
            self.assertIn("ended with 2", said)
        for word in words:
            self.assertIn(word, said)
        self.assertNotIn("?.", said)
        self.assertEqual(self.files(name), before)
        keys_after, own_after = self.kept(name, members)
        self.assertEqual((keys_after - keys, own_after), (set(), own))
        return said

    def leave_refused(self, name):
        """What it says in the end: a member that was too slow is to be asked again, as it says then."""
        patience = Patience(SERVES_S)
        while "give the same command again" in (said := self.sites.run(name, "leave", "--name", "north", expect=(1, 2))):
            self.assertFalse(patience.is_over(), said)
        return said

    def give(self, name, **log):
        self.sites.site_log[name] = log

    def certificates(self, certificate, key=None):
        return {"certificate": self.keys / f"{certificate}.pem", "key": self.keys / f"{key or certificate}.key"}

    # The seven

    def test_a_wrong_cluster(self):
        directory = self.net.directory / "other"
        directory.mkdir()
        with Members(Loopback(directory, ["west"]), ["west"]) as west:
            at = west.directory
            there = {"endpoint": [west.endpoint("west")], "ca": at / "ca.pem", "certificate": at / "client.pem", "key": at / "client.key"}
            self.give("south", **there)
            self.give("east", **there)
            for name in ("south", "east"):
                self.assertRefused(name, "etcd holds no log of this group", "correct [log] endpoint", "comity-worker begin", members=west)
            # All that the right one holds, as a copy of its data would have it.
            for row in self.sites.members.ask("north", "kv/range", key=encoded("\0"), range_end=encoded("\0"))["kvs"]:
                west.ask("west", "kv/put", key=row["key"], value=row["value"])
            for name in ("south", "east"):
                self.assertRefused(name, "begun in another etcd cluster", "correct [log] endpoint", "begin the log anew", members=west)

    def test_another_groups_export(self):
        write_connection_key(self.net.directory / "other.key")
        self.sites.lines["east"] = {f"group_key = {self.sites.directory}/group.key": f"group_key = {self.net.directory}/other.key"}
        self.assertRefused("east", "another group")
        self.sites.lines["south"] = {f"group_key = {self.sites.directory}/group.key": f"group_key = {self.net.directory}/other.key"}
        self.assertRefused("south", "another group")   # its store

    def test_an_export_older_than_the_logs_start(self):
        self.assertRefused("east", "The log in etcd begins behind entry", "it needs a copy of another worker's",
                           export=self.old)

    def test_an_export_that_was_altered_or_cut_off(self):
        """Its header and its place in the log are right."""
        bad, whole = self.net.directory / "bad", self.export.read_bytes()
        for altered, code, words in (
                (whole[:-1] + bytes([whole[-1] ^ 1]), 1, "The file is not signed by its log key."),   # its last field is the signature
                (self.with_another_signature(whole), 1, "The file was altered: it does not have the digest that it states."),
                (whole[:len(whole) // 2], CONFIGURATION, "The file (ends after .* it was cut off|is damaged or no export)"),
                (whole + whole[:1], CONFIGURATION, "The file goes on after its end record.")):
            bad.write_bytes(altered)
            self.assertRegex(self.assertRefused("east", "Carry another export here.", export=bad, code=code), words)
            self.assertEqual(self.kept("east")[1], {})   # no seat, ever
            self.assertFalse(self.sites.data("east").exists())

    def test_what_is_no_file(self):
        fifo = self.net.directory / "fifo"
        os.mkfifo(fifo)
        for path in (fifo, self.net.directory):
            self.assertRefused("east", f"{path} is no regular file", export=path)
            self.assertFalse(self.sites.data("east").exists())

    def with_another_signature(self, whole):
        """Of one command, in the middle of the events."""
        commands = [event.signed for event in Record(self.export).events if event.signed]
        at = whole.index(commands[len(commands) // 2].signature)
        return whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]

    def test_an_own_certificate_that_is_not_good(self):
        (self.keys / "text.pem").write_text("This is no certificate.\n")
        subprocess.run(["openssl", "ec", "-in", self.keys / "client.key", "-aes256", "-passout", "pass:word", "-out",
                        self.keys / "locked.key"], check=True, capture_output=True)
        for name in ("south", "east"):
            for words, files in (
                    (("expired-client.pem expired on 2020-02-01 00:00 UTC", "make a new one"), self.certificates("expired-client")),
                    (("early-client.pem is not valid before 2099-01-01", "set the clock"), self.certificates("early-client")),
                    (("other-client.key is not the key of the certificate", "that belong together"),
                     self.certificates("client", "other-client")),
                    (("locked.key holds no key (PEM) that opens without a passphrase", "give the file"),
                     self.certificates("client", "locked")),
                    (("text.pem holds no certificate", "give the file"), self.certificates("text", "client")),
                    (("ca: ", "text.pem holds no certificate", "give the file that has the authority's"), self.certificates("client") |
                     {"ca": self.keys / "text.pem"})):
                self.give(name, **files)
                self.assertRefused(name, "[log] ", *words)
                self.assertChecked(name, CONFIGURATION, *words)
            self.give(name, **self.certificates("client"))
            self.assertChecked(name, 0, "can be used")

    def assertChecked(self, name, code, *words):
        """--check says of the files what a start would."""
        self.sites.write_worker(name)
        done = subprocess.run([self.sites.program(name), "--config", self.sites.config("worker", name), "--check"],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)
        self.assertEqual(done.returncode, code, done)
        for word in words:
            self.assertIn(word, done.stdout + done.stderr)

    def test_certificates_that_the_other_does_not_take(self):
        with FakeEtcd(self.keys, "expired-member") as expired:
            for words, log in (("certificate", self.certificates("other-client")), ("certificate", {"ca": self.keys / "other-ca.pem"}),
                               ("has expired", {"endpoint": [expired.endpoint]})):
                for name in ("south", "east"):
                    self.give(name, **log)
                    self.assertRefused(name, "do not take one another's certificate", words, "Look at [log] ca and certificate")

    def test_a_member_that_is_too_slow_at_first(self):
        """Which of its connections shows that it is not trusted makes no difference."""
        for silent in (1, 2):   # the version is asked for in vain; and so is what it holds
            with FakeEtcd(self.keys, "expired-member", silent=silent) as fake:
                self.give("east", endpoint=[fake.endpoint])
                self.assertRefused("east", "comity-worker: etcd's member", "do not take one another's certificate", "has expired")
                self.assertLess(fake.silent, 0)

    def test_who_is_not_there_may_come(self):
        """The control of the two before: nobody listens, or one of several members is the wrong one, and the worker starts."""
        nobody = f"https://127.0.0.1:{free_port()}"
        self.give("south", endpoint=[nobody])
        self.sites.start("worker", "south")
        self.assertEqual(self.sites.stop("worker", "south"), 0)
        with FakeEtcd(self.keys, "expired-member") as expired:
            self.give("south", endpoint=[expired.endpoint, nobody, self.sites.members.endpoint("north")], **self.certificates("short-client"))
            self.sites.start("worker", "south")
            log = self.sites.log("worker", "south")
            until(lambda: "event=follows leader=north" in log.read_text(), "it follows")
            until(lambda: "event=certificate_ends" in log.read_text(), "that its certificate ends")
            self.assertRegex(log.read_text(), r"level=warning .*event=certificate_ends .*days=9 ")
            self.assertEqual(self.sites.stop("worker", "south"), 0)
            self.assertEqual(log.read_text().count("event=certificate"), 1)
        with FakeEtcd(self.keys, "member", http=503) as proxy:   # and may answer for one that is not up yet
            self.give("south", endpoint=[proxy.endpoint])
            self.sites.start("worker", "south")
            until(lambda: proxy.asked > 3, "it asks on")
            self.assertEqual(self.sites.stop("worker", "south"), 0)

    def test_another_major_version_of_etcd(self):
        with FakeEtcd(self.keys, "member", "4.0.1") as fake:
            for name in ("south", "east"):
                self.give(name, endpoint=[fake.endpoint])
                self.assertRefused(name, "is of version 4", "3.4 to 3.6", "install one of these there")
            self.assertEqual(fake.asked, 2)   # for the version alone
        with FakeEtcd(self.keys, "member", http=404) as fake:   # as etcd 2 answers
            for name in ("south", "east"):
                self.give(name, endpoint=[fake.endpoint])
                self.assertRefused(name, "This is no etcd of the versions that this worker knows, 3.4 to 3.6", "HTTP status 404",
                                   "Install one of these there")
                self.assertIn("Install one of these there", self.leave_refused(name))

    def test_nobody_answers_whoever_begins_joins_or_leaves(self):
        nobody = f"https://127.0.0.1:{free_port()}"
        self.give("south", endpoint=[nobody])
        self.give("east", endpoint=[nobody])
        endpoint, key = self.sites.brokers("north")[0]
        for name, verb in (("south", ["begin"]), ("south", ["leave", "--name", "east"]),
                           ("east", ["join", "--broker", endpoint, "--broker-key", key.hex()])):
            said = self.sites.run(name, *verb, expect=1)
            for words in ("etcd does not answer: " + nobody, "See that more than half of etcd's members run", "give the same command again"):
                self.assertIn(words, said)

    def test_two_workers_with_one_identity(self):
        twin = self.sites.data("east").with_name("twin")
        self.addCleanup(shutil.rmtree, twin)
        shutil.copytree(self.sites.data("south"), twin)
        self.sites.start("worker", "south")
        self.addCleanup(self.sites.kill, "worker", "south")
        self.give("east", own_name="south")
        self.sites.lines["east"] = {f"data = {self.sites.data('east')}": f"data = {twin}"}
        before = self.files(twin)
        nonce = self.sites.seat_owner("south")
        with self.assertRaises(NotStarted) as caught:
            self.sites.start("worker", "east")
        for words in ("ended with 2", "runs under the same name", "give each its own ([log] name)"):
            self.assertIn(words, str(caught.exception))
        self.assertEqual(self.sites.log("worker", "east").read_text().count("event="), 0)
        self.assertEqual(self.files(twin), before)
        self.assertEqual(self.sites.seat_owner("south"), nonce)
        self.assertEqual(self.kept("east")[1], {})
        self.assertEqual(self.sites.stop("worker", "south"), 0)

    # Whoever has a client certificate of etcd's

    def row(self, key):
        return encoded(f"comity/{self.sites.group.hex()}/{key}")

    def rows(self):
        """What etcd holds of the log, as base64 has it, but for who leads and the workers' seats: {key: value}."""
        prefix = f"comity/{self.sites.group.hex()}/"
        found = self.sites.members.ask("north", "kv/range", key=encoded(prefix), range_end=encoded(prefix[:-1] + "0"))["kvs"]
        rows = {base64.b64decode(row["key"]).decode().removeprefix(prefix): row["value"] for row in found}
        return {key: value for key, value in rows.items() if key.startswith(("head", "meta", "log/"))}

    def put(self, rows):
        for key, value in rows.items():
            self.sites.members.ask("north", "kv/put", key=self.row(key), value=value)

    def delete(self, *keys):
        for key in keys:
            self.sites.members.ask("north", "kv/deleterange", key=self.row(key))

    def record(self, retry_s=60):
        with self.sites.wire("north") as wire:
            self.scene.wire, self.scene.retry_s = wire, retry_s
            self.scene.hello()
            return self.scene.invite_many("labour", 1)

    def end_of(self, name):
        """It ends by itself, at its start or soon after, and is not to be started again: what it says."""
        if ("worker", name) not in self.sites.processes:
            self.sites.log("worker", name).unlink(missing_ok=True)
            with contextlib.suppress(NotStarted):
                self.sites.start("worker", name)
        if ("worker", name) in self.sites.processes:
            self.assertEqual(self.sites.wait_for_end("worker", name), 2)
        return self.sites.last_words("worker", name)

    def altered(self, value):
        body = bytearray(base64.b64decode(value))
        body[-1] ^= 1
        return base64.b64encode(body).decode()

    def test_entries_that_were_altered_moved_or_taken_out(self):
        self.record()
        rows = self.rows()
        first, second = sorted(key for key in rows if key.startswith("log/"))[-2:]
        before, opens_not = self.files("south"), "An entry of the log does not open: it was altered"
        # Of one that is not the last either is found first: that it does not open, or that the next one does not go on from it.
        for change, words in (({first: self.altered(rows[first])}, f"{opens_not}|does not go on from what this store has applied"),
                              ({first: rows[second], second: rows[first]}, "goes on from another entry"),
                              ({first: None}, "The log in etcd holds entries from")):
            with self.subTest(words):
                self.delete(*(key for key, value in change.items() if value is None))
                self.put({key: value for key, value in change.items() if value is not None})
                said = self.end_of("south")
                self.assertRegex(said, words)
                self.assertIn("comity-worker join", said)
                self.assertEqual(self.files("south"), before)
                self.put(rows)
        self.put({second: self.altered(rows[second])})   # the last one: what is before it is taken
        self.assertIn(opens_not, self.end_of("south"))
        self.put(rows)
        self.sites.start("worker", "south")   # the control
        until(lambda: self.sites.run("south", "place").split(",")[0] == self.sites.run("north", "place").split(",")[0], "south at the end")
        self.assertEqual(self.sites.stop("worker", "south"), 0)

    def test_a_log_that_was_put_back_or_deleted(self):
        """While north leads: it acknowledges nothing more, ends, and is refused. With the right log it goes on, and has all that was
        acknowledged."""
        term = self.sites.said_states("north")[-1][2]
        self.delete("leader")   # that it leads, it can take again
        until(lambda: self.sites.said_states("north")[-1][0] == "leads" and self.sites.said_states("north")[-1][2] > term, "a later term")
        before = self.rows()
        self.record()
        rows, there = self.rows(), self.sites.run("north", "place")
        newer = rows.keys() - before.keys()
        for change, words, step in (
                (lambda: (self.put(before), self.delete(*newer)), "etcd has lost entries", "docs/operations.md"),
                (lambda: self.delete(*rows), "etcd holds no log of this group", "comity-worker begin")):
            change()
            with self.assertRaises(Failed):
                self.record(retry_s=0)
            self.assertIn(self.sites.wait_for_end("worker", "north"), (1, 2))   # 1: it cannot know what became of its entry
            said = self.end_of("north")
            self.assertIn(words, said)
            self.assertIn(step, said)
            self.assertEqual(self.sites.run("north", "place"), there)
            self.put(rows)
            self.sites.start("worker", "north")
            self.sites.leader()
        # The limit: one that did not have it yet goes on from the older log, while who has it is away. That is seen when it is back.
        self.sites.kill("worker", "north")
        self.put(before)
        self.delete(*newer)
        self.sites.start("worker", "south")
        self.record()
        said = self.end_of("north")
        self.assertIn("in etcd is another than the one that this store has applied", said)
        self.assertIn("Look at the other workers", said)
        # As it was, for the others.
        self.sites.stop("worker", "south")
        shutil.rmtree(self.sites.data("south"))
        self.delete("applied/south", *(self.rows().keys() - rows.keys()))
        self.put(rows)
        self.sites.start("worker", "north")
        self.sites.leader()
        self.record()
        self.sites.join("south", "north")

    def test_a_clock_far_off(self):
        self.assertTrue(os.path.exists(FAULTS), "COMITY_WORKER_FAULTS names the library to preload")
        ahead = self.net.directory / "ahead"
        environment = {"LD_PRELOAD": FAULTS, "COMITY_FAULT_CLOCK": str(ahead),
                       # A sanitizer's library wants to be the first one otherwise.
                       "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        for seconds, words in ((3 * YEAR_S, "more than clock_ahead_days = 400 after the newest event"),
                               (-YEAR_S, "which is before the newest event")):
            ahead.write_text(str(seconds))
            self.assertRefused("south", "The clock says", words, "set the clock, or", environment=environment)
        ahead.write_text("0")
        self.sites.start("worker", "south", environment)
        self.assertEqual(self.sites.stop("worker", "south"), 0)


if __name__ == "__main__":
    main()
