"""One worker behind two brokers, and clients that know both: either may go."""

import os
import shutil
import signal
import threading
import unittest

from test_client import BUILD, WAIT_S, Installation, Live, setUpModule  # noqa: F401  (run by unittest)


class TwoBrokers(Installation):
    """The other one has the same key: it is known by its address."""

    def __init__(self, build):
        super().__init__(build)
        self.programs["other"] = self.programs["broker"]
        self.other_ports = {}

    def __enter__(self):
        try:
            for name in ("broker", "other", "worker"):
                self.start(name)
        except BaseException:
            self.__exit__()
            raise
        return self

    def write_settings(self):
        super().write_settings()
        text = (self.directory / "broker.ini").read_text().replace("broker.ready", "other.ready")
        for side, endpoint in self.ports.items():
            text = text.replace(f"{side} = {endpoint}\n", f"{side} = {self.other_ports.get(side, 'tcp://127.0.0.1:*')}\n")
        (self.directory / "other.ini").write_text(text)
        if self.other_ports:
            with open(self.directory / "worker.ini", "a") as file:
                file.write(f"[broker far]\nendpoint = {self.other_ports['back']}\nkey = {self.broker_key.hex()}\n")

    def start(self, name, environment=None, arguments=()):
        super().start(name, environment, arguments)
        if name == "other":
            ready = (self.directory / "other.ready").read_text().splitlines()
            self.other_ports = dict(line.split(" ", 1) for line in ready if line.split(" ")[0] in ("front", "back"))


class EitherMayGo(Live):
    def setUp(self):
        self.installation = TwoBrokers(BUILD)
        self.installation.__enter__()
        self.addCleanup(self.installation.__exit__)
        self.state = self.installation.directory / "drive.state"
        self.journal = self.installation.directory / "journal"
        key = self.installation.broker_key.hex()
        self.drive("found", self.installation.token, self.installation.front, key, self.installation.other_ports["front"],
                   key, self.installation.group_key.hex())

    def test_under_load(self):
        """The broker that is used is killed and stays away; then the other one, once the first is back. All is recorded,
        and nothing twice."""
        process = self.begin("load", 0, 16)
        steps = {200: ("kill", "broker"), 600: ("start", "broker"), 1000: ("kill", "other")}
        recorded = 0
        with open(self.installation.directory / "errors", "w+") as errors:
            gather = threading.Thread(target=shutil.copyfileobj, args=(process.stderr, errors))
            gather.start()
            for line in process.stdout:
                self.assertTrue(line.startswith("RECORDED"), line)
                recorded += 1
                if recorded in steps:
                    verb, name = steps[recorded]
                    getattr(self.installation, verb)(name)
                elif recorded >= 1400 and not process.stdin.closed:
                    process.stdin.close()
            gather.join()
            errors.seek(0)
            self.assertEqual(process.wait(WAIT_S), 0, errors.read()[-4000:])
        self.assertGreaterEqual(recorded, 1400)
        self.assertEqual(self.sessions(), recorded)

    def test_one_that_is_stopped(self):
        """The first broker takes what it is sent and says nothing: the other one is used, in the same bytes, and nothing is
        done twice. Once it goes on it is used again: with the other one killed all is recorded still."""
        process = self.begin("load", 0, 16)
        steps = {200: signal.SIGSTOP, 600: signal.SIGCONT}
        recorded = 0
        with open(self.installation.directory / "errors", "w+") as errors:
            gather = threading.Thread(target=shutil.copyfileobj, args=(process.stderr, errors))
            gather.start()
            for line in process.stdout:
                self.assertTrue(line.startswith("RECORDED"), line)
                recorded += 1
                if recorded in steps:
                    os.kill(self.installation.pid("broker"), steps[recorded])
                elif recorded == 800:
                    self.installation.kill("other")
                elif recorded >= 1000 and not process.stdin.closed:
                    process.stdin.close()
            gather.join()
            errors.seek(0)
            self.assertEqual(process.wait(WAIT_S), 0, errors.read()[-4000:])
        self.assertGreaterEqual(recorded, 1000)
        self.assertEqual(self.sessions(), recorded)

    def test_following_goes_on(self):
        process = self.begin("follow", 0)
        self.addCleanup(self.end_input, process)
        self.assertEqual(process.stdout.readline(), "following\n")
        for gone in ("broker", "other"):
            self.installation.kill(gone)
            sequence = int(self.drive("load", 1, 1, self.journal).split()[1])
            line = process.stdout.readline()
            while line and int(line.split()[1]) < sequence:
                line = process.stdout.readline()
            self.assertEqual(line, f"news {sequence}\n")
            self.installation.start(gone)


def load_tests(loader, _, __):
    return unittest.TestSuite(map(EitherMayGo, ("test_under_load", "test_one_that_is_stopped", "test_following_goes_on")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
