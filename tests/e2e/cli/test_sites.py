"""comity up --sites 3: three sites on one machine, of which one may fail."""

import json
import os
import shutil
import signal
import subprocess
import unittest

from cli_case import COMITY, REFUSED, UNCONFIRMED, USAGE, World, is_alive, until
from lines import Line

SITES = (1, 2, 3)
LARGE_BYTES = 1500
SECRETS = ["group.key", "log.key", "operator.key", "founding.token", "certificates/ca.key"]
SECRETS += [f"site-{site}/{name}" for site in SITES for name in ("broker.ini", "worker.ini", "etcd.yaml", "broker.key", "worker.key")]
SECRETS += [f"certificates/{whose}-{site}.key" for site in SITES for whose in ("etcd", "worker")]


class WatchedLine(Line):
    """Before something large is passed on to the broker, @act() is called."""

    def __init__(self, target, act):
        self.act = act
        super().__init__(target)

    def pass_there(self, near, far, number):
        while data := near.recv(65536):
            if len(data) >= LARGE_BYTES:
                self.act()
            far.sendall(data)


class Sites(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def stop(self, child):
        """It stands still, and goes on when the test ends: what is dead the supervisor would start again."""
        pid = self.world.pids(child)[0]
        os.kill(pid, signal.SIGSTOP)
        self.addCleanup(lambda: is_alive(pid) and os.kill(pid, signal.SIGCONT))
        return pid

    def log(self):
        return self.world.ask("operator", "status")["worker"]["log"]

    def doctor(self, check):
        """What it finds there, without what it says."""
        return [row["finding"] for row in self.rows(check)]

    def rows(self, check):
        return [row for row in self.world.ask("operator", "doctor", exit=None)["checks"] if row["check"] == check]

    def test_a_site_stands_still(self):
        world = self.world
        first = world.up("--sites", 3)
        self.assertEqual((first["sites"], len(first["place"]["brokers"])), (3, 3))
        self.assertEqual(len({broker["key"] for broker in first["place"]["brokers"]}), 3)
        for site in SITES:
            place = json.loads((world.data / f"site-{site}" / "place.json").read_text())
            self.assertEqual(place["brokers"], first["place"]["brokers"][site - 1:] + first["place"]["brokers"][:site - 1])
        for name in SECRETS:
            self.assertEqual(os.stat(world.data / name).st_mode & 0o777, 0o600, name)
        world.found()
        world.seat_everybody()
        number = world.open_round(world.propose())
        world.ask("ada", "vote", number, "agree")
        log = self.log()
        self.assertEqual((log["leader"][:5], log["fault"]), ("site-", 0))
        # The site that leads: its worker, and its broker, which for clients may be the first.
        site = int(log["leader"][5:])
        stopped = [self.stop(f"worker-{site}"), self.stop(f"broker-{site}")]
        world.ask("ben", "vote", number, "agree")
        self.assertNotEqual(self.log()["leader"], log["leader"])
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        world.ask("carla", "vote", number, "agree")
        world.down()
        self.assertFalse(any(map(is_alive, world.pids("", all_of_them=True))))
        # The same again, without being told how many; and what was recorded.
        self.assertEqual(world.up()["place"], first["place"])
        self.assertEqual(len(world.ask("operator", "context", "list")["contexts"]), 1)
        world.ask("dev", "vote", number, "agree")
        self.assertEqual(world.ask("eli", "round", "close", number)["outcome"], "ADOPTED")

    def test_most_of_the_sites_stand_still(self):
        """Nothing is recorded, and nothing is lost; what was recorded can be read."""
        world = self.world
        world.up("--sites", 3)
        world.found()
        stopped = [self.stop(f"etcd-{site}") for site in SITES[1:]]
        invited = world.ask("eli", "invite", "Rena Voss", "--out", "rena.invitation", "--timeout", 10, exit=None)
        self.assertFalse(invited["ok"], "recorded by a site alone")
        self.assertEqual(world.ask("eve", "whoami")["member"]["name"]["text"], "Eve Marsh")
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        self.assertIn("1 sent and recorded, 0 still not confirmed", world.comity("eli", "resubmit")[1])
        self.assertEqual([row["name"]["text"] for row in world.ask("eli", "invitation", "list")["invitations"]], ["Rena Voss"])

    def when_it_sends(self, who, act):
        """@act() is called before something large of theirs reaches a broker."""
        file = self.world.home(who) / "contexts" / "lakeside.ini"
        text = file.read_text()
        for broker in self.world.ask(who, "context", "show")["context"]["place"]["brokers"]:
            host, port = broker["endpoint"].removeprefix("tcp://").rsplit(":", 1)
            line = WatchedLine((host, int(port)), act)
            self.addCleanup(line.close)
            text = text.replace(broker["endpoint"], line.endpoint)
        file.write_text(text)

    def test_an_answer_that_is_not_confirmed_is_not_overtaken(self):
        """Most of the sites stand still once it has left. Its member answers otherwise meanwhile: were both sent, the first would count
        and the second be refused."""
        world = self.world
        world.up("--sites", 3)
        world.found()
        world.seat_everybody()
        number = world.open_round(world.propose())
        stopped = []
        self.when_it_sends("ada", lambda: stopped or stopped.extend([self.stop(f"etcd-{site}") for site in SITES[1:]]))
        said = world.ask("ada", "vote", number, "agree", "--reason", "Yes. " * 500, "--timeout", 5, exit=UNCONFIRMED)
        self.assertIn("Your answer is signed and kept on this machine.", said["error"]["what"])
        self.assertEqual([row["state"] for row in world.ask("ada", "outbox", "list")["outbox"]], ["sent"])
        error = world.ask("ada", "outbox", "takeback", said["waiting"]["command_id"], exit=REFUSED)["error"]
        self.assertEqual(error["name"], "STATE")
        block = ("vote", number, "block", "--reason", "No.", "--replace")
        error = world.ask("ada", *block, "--timeout", 5, exit=REFUSED)["error"]
        self.assertEqual((error["name"], error["next"]), ("STATE", "comity resubmit"))
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        until(lambda: "not_fresh" not in world.ask("eli", "whoami", exit=None), "they reach one another again")
        # The first goes out by itself before the second.
        said = world.ask("ada", *block)
        self.assertEqual([row["verdict"] for row in said["delivered"]], ["RECORDED"])
        self.assertEqual(said["replaces"], said["delivered"][0]["sequence"])
        self.assertEqual([ballot["answer"] for ballot in world.ask("eli", "ballots", number)["ballots"]], [6])

    def test_a_store_that_is_lost(self):
        """What is killed is started again; a site without its store takes a copy from the others."""
        world = self.world
        world.up("--sites", 3)
        world.found()
        etcd = [world.pids(f"etcd-{site}")[0] for site in SITES]
        os.kill(world.supervisor(), signal.SIGHUP)
        for site in SITES:
            log = world.data / "log" / f"broker-{site}.log"
            until(lambda: "event=reloaded" in log.read_text(), "the broker to read its configuration again")
        before = world.pids("worker-2")[0]
        os.kill(before, signal.SIGKILL)
        until(lambda: world.pids("worker-2")[0] != before, "the worker is started again")
        self.assertEqual([world.pids(f"etcd-{site}", all_of_them=True) for site in SITES], [[pid] for pid in etcd], "hung up")
        self.assertTrue(all(map(is_alive, etcd)))
        world.down()
        # A store that is refused is its site's alone: the others start, and record.
        store = world.data / "site-2" / "store" / "data.mdb"
        store.write_bytes(b"no store" * 4096)
        up = world.up()
        self.assertEqual(len(up["faults"]), 1, up)
        for part in ("Not all of site 2 has started; the others go on.", "The worker-2 ended at once (exit ", "Its last words: ",
                     f"Look at {world.data}/log/worker-2.log; once it is mended, comity down and comity up."):
            self.assertIn(part, up["faults"][0])
        self.assertEqual(world.ask("eli", "invite", "Rena Voss", "--out", "rena.invitation")["ok"], True)
        world.down()
        shutil.rmtree(store.parent)
        self.assertNotIn("faults", world.up())
        # It is there, and goes on alone with one of the others.
        self.stop("worker-1")
        self.stop("worker-3")
        until(lambda: world.comity("operator", "status", "--timeout", 5)[1].count("log: as site-2") == 1, "site-2 answers")
        self.assertEqual(world.ask("eve", "whoami")["member"]["name"]["text"], "Eve Marsh")

    def test_doctor(self):
        world = self.world
        world.data = world.directory / "the union's sites"
        world.up("--sites", 3)
        self.assertEqual((self.doctor("certificates"), self.doctor("etcd"), self.doctor("log")), (["ok"], ["ok"] * 3, ["ok"]))
        self.stop("worker-2")
        until(lambda: self.doctor("log") == ["warning"], "the worker that stands still is missed")
        self.stop("etcd-3")
        # It may have led: then the other two agree on another first.
        until(lambda: self.doctor("etcd") == ["ok", "ok", "warning"], "the member that stands still is missed, and no other")
        until(lambda: any("does not reach these members of etcd: site-3." in row["what"] for row in self.rows("log")), "the worker misses it")
        until(lambda: "etcd's members that do not answer: site-3" in world.comity("operator", "status", "--timeout", 5)[1], "status says so too")
        self.stop("etcd-2")
        until(lambda: "hears of nobody who leads, runs since" in world.comity("operator", "status", "--timeout", 5)[1], "no majority")
        at = world.data / "certificates"
        subprocess.run(["openssl", "req", "-x509", "-key", at / "worker-2.key", "-days", "29", "-subj", "/O=short", "-out", at / "worker-2.pem"],
                       check=True, capture_output=True)
        rows = self.rows("certificates")
        self.assertEqual([row["finding"] for row in rows], ["warning"])
        self.assertIn("certificates/worker-2.pem", rows[0]["what"])

    def test_how_many_sites(self):
        world = self.world
        for count in (0, 2, 4, 6, "three"):
            self.assertEqual(world.up("--sites", count, exit=USAGE)["error"]["name"], "USAGE")
        world.up()
        world.down()
        error = world.up("--sites", 3, exit=USAGE)["error"]
        self.assertEqual(error["name"], "CONFIG")
        self.assertIn("Without --sites it is started as it is", error["what"])
        self.assertFalse((world.data / "site-1").exists())
        self.assertEqual(world.up("--sites", 1)["sites"], 1)

    def test_a_program_that_is_missing(self):
        for program, package in (("etcd", "etcd-server"), ("openssl", "openssl")):
            place = self.world.directory / f"without-{program}"
            place.mkdir()
            if program != "etcd":
                (place / "etcd").symlink_to(shutil.which("etcd"))
            done = subprocess.run([COMITY, "up", "--data", place / "data", "--sites", "3", "--json", "--home", self.world.home("operator")],
                                  env={**os.environ, "PATH": str(place)}, capture_output=True, text=True, timeout=60)
            error = json.loads(done.stdout)["error"]
            self.assertEqual((error["name"], error["next"]), ("FILE", f"Install it: apt-get install {package}"))


if __name__ == "__main__":
    unittest.main()
