"""libcomity as it is installed, in a program of its own, against a real broker and a real worker.

Run by CTest with COMITY_BUILD set to the build directory; alone: COMITY_BUILD=DIR python3 test_client.py
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "support" / "python"))

from comity_installation import Installation, write_signing_seed  # noqa: E402

BUILD = Path(os.environ.get("COMITY_BUILD", "."))
SANITIZE = os.environ.get("COMITY_SANITIZE", "")
COMPILER = os.environ.get("COMITY_COMPILER", "cc")
FORGETFUL = os.environ.get("COMITY_WORKER_FORGETS_IDS")
WAIT_S = 60


def setUpModule():
    """Install under a prefix of our own, and build the program with what pkg-config says."""
    global PREFIX, DRIVE
    PREFIX = Path(tempfile.mkdtemp(prefix="comity-prefix-"))
    unittest.addModuleCleanup(shutil.rmtree, PREFIX, ignore_errors=True)
    subprocess.run(["cmake", "--install", BUILD, "--prefix", PREFIX], check=True, stdout=subprocess.DEVNULL)
    DRIVE = PREFIX / "drive"
    flags = pkg_config("--cflags", "--libs")
    sanitizers = [f"-fsanitize={SANITIZE}"] if SANITIZE else []
    subprocess.run([COMPILER, "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-g", *sanitizers,
                    Path(__file__).with_name("drive.c"), "-o", DRIVE, *flags], check=True)


def library():
    return next(PREFIX.glob("lib/**/libcomity.so.0"))


def pkg_config(*questions):
    place = next(PREFIX.glob("lib/**/comity.pc")).parent
    # The file was written for the prefix of the configuration; the test installs elsewhere.
    return subprocess.run(["pkg-config", f"--define-variable=prefix={PREFIX}", *questions, "comity"], check=True,
                          capture_output=True, text=True,
                          env={**os.environ, "PKG_CONFIG_PATH": str(place)}).stdout.split()


class Installed(unittest.TestCase):
    def test_only_the_public_names_are_seen(self):
        symbols = subprocess.run(["nm", "-D", "--defined-only", library()], check=True, capture_output=True,
                                 text=True).stdout.split("\n")
        names = [line.split()[-1] for line in symbols if line]
        header = (PREFIX / "include" / "comity.h").read_text()
        self.assertEqual([name for name in names if not name.startswith("comity_")], [])
        declared = set(re.findall(r"\b(comity_[a-z_]+)\(", re.sub(r"/\*.*?\*/", "", header, flags=re.S)))
        declared -= set(re.findall(r"typedef [^;]*?\b(comity_[a-z_]+_fn)\(", header))
        own = {name for name in names if not name.startswith("comity__")}
        self.assertEqual(declared, own)
        self.assertIn("comity__v1__command__init", names)

    def test_the_name_has_its_version(self):
        dynamic = subprocess.run(["readelf", "-d", library()], check=True, capture_output=True, text=True).stdout
        self.assertIn("Library soname: [libcomity.so.0]", dynamic)

    def test_header_alone_compiles(self):
        for header in ("comity.h", "comity/error.h"):
            subprocess.run([COMPILER, "-x", "c", "-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                            *pkg_config("--cflags"), "-"], input=f"#include <{header}>\n", text=True, check=True)


class Live(unittest.TestCase):
    worker = None  # the real one
    options = {}

    def setUp(self):
        self.installation = Installation(BUILD, worker=self.worker, **self.options)
        self.installation.__enter__()
        self.addCleanup(self.installation.__exit__)
        self.state = self.installation.directory / "drive.state"
        self.journal = self.installation.directory / "journal"
        founded = self.drive("found", self.installation.token, self.installation.front,
                             self.installation.broker_key.hex(), self.installation.group_key.hex())
        self.assertRegex(founded, r"^founded \d+\n$")

    def environment(self):
        return {**os.environ, "LD_LIBRARY_PATH": str(library().parent)}

    def begin(self, *words):
        process = subprocess.Popen([DRIVE, self.state, *map(str, words)], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment())
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
            process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()

    def finish(self, process):
        out, err = process.communicate(timeout=2 * WAIT_S)
        self.assertEqual(process.returncode, 0, out[-1000:] + err[-3000:])
        return out

    def drive(self, *words):
        return self.finish(self.begin(*words))

    def sessions(self):
        return int(self.drive("count"))

    def test_found_and_read(self):
        self.assertEqual(self.drive("whoami"), "mill The Mill 1 1\n")
        self.assertRegex(self.drive("status"), r"^\S.* 1\n$")

    def test_commands_are_recorded(self):
        out = self.drive("load", 200, 32, self.journal)
        self.assertEqual(out.count("RECORDED"), 200)
        sequences = [int(line.split()[1]) for line in out.splitlines()]
        self.assertEqual(len(set(sequences)), 200)
        self.assertEqual(self.sessions(), 200)
        self.assertEqual(len(list(self.journal.glob("*/*.command"))), 200)
        self.assertEqual(len(list(self.journal.glob("*/*.receipt-1"))), 200)

    def kill_under_load(self, name, times):
        """Kill a daemon again and again while commands are under way; every one must be recorded. How many were done
        more than once, and what the client told of it."""
        process = self.begin("load", 0, 16)  # no journal: its fsync would leave little under way
        recorded, killed = 0, 0
        with open(self.installation.directory / "errors", "w+") as errors:
            gather = threading.Thread(target=shutil.copyfileobj, args=(process.stderr, errors))
            gather.start()
            for line in process.stdout:
                self.assertTrue(line.startswith("RECORDED"), line)
                recorded += 1
                if killed < times and recorded >= 200 * (killed + 1):
                    self.installation.kill(name)
                    self.installation.start(name)
                    killed += 1
                elif killed == times and not process.stdin.closed:
                    process.stdin.close()
            gather.join()
            errors.seek(0)
            told = errors.read()
        self.assertEqual(process.wait(WAIT_S), 0, told[-3000:])
        self.assertEqual(killed, times)
        return self.sessions() - recorded, told

    def test_the_worker_is_killed_under_load(self):
        doubled, errors = self.kill_under_load("worker", 3)
        self.assertEqual(doubled, 0)
        self.assertIn("attempt=2", errors)

    def test_the_broker_is_killed_under_load(self):
        doubled, errors = self.kill_under_load("broker", 3)
        self.assertEqual(doubled, 0)
        self.assertIn("WORKER_LOST", errors)

    def test_news(self):
        process = self.begin("follow", 0)
        lines = []
        news = threading.Condition()

        def read():
            for line in process.stdout:
                with news:
                    lines.append(line)
                    news.notify_all()

        reader = threading.Thread(target=read)
        reader.start()
        self.addCleanup(reader.join)
        self.addCleanup(self.end_input, process)

        def reached(sequence):
            with news:
                return news.wait_for(lambda: any(line == f"news {sequence}\n" for line in lines), WAIT_S)

        out = self.drive("load", 1, 1, self.journal)
        self.assertTrue(reached(int(out.split()[1])), lines)
        # Both daemons go and come: the next news is of what was recorded after that.
        for name in ("worker", "broker"):
            self.installation.kill(name)
            self.installation.start(name)
        out = self.drive("load", 1, 1, self.journal)
        self.assertTrue(reached(int(out.split()[1])), lines)

    @staticmethod
    def end_input(process):
        if not process.stdin.closed:
            process.stdin.close()
        process.wait(WAIT_S)

    def restore(self, export):
        """As an operator does on a new machine: an empty data directory, a new log key, and the export."""
        place = self.installation.directory
        shutil.rmtree(place / "data")
        (place / "log.seed").unlink()
        write_signing_seed(place / "log.seed")
        self.worker_program("restore", "--from", export)

    def worker_program(self, verb, *words):
        place = self.installation.directory
        subprocess.run([self.installation.programs["worker"], verb, "--config", place / "worker.ini", *words],
                       check=True, capture_output=True, timeout=WAIT_S)

    def test_submitted_again_after_a_restore(self):
        """A restore goes back in time. The new log key is taken, for the history lists it; what was lost is submitted
        again, once, and what was not is left as it is."""
        export = self.installation.directory / "export"
        self.drive("load", 5, 1, self.journal)
        self.worker_program("export", "--to", export)
        self.drive("load", 7, 1, self.journal)
        self.assertEqual(self.sessions(), 12)
        self.installation.stop("worker")
        self.restore(export)
        self.installation.start("worker")
        self.assertEqual(self.drive("whoami"), "mill The Mill 1 2\n")
        self.assertEqual(self.sessions(), 5)
        out = self.drive("lost", 0, 0, self.journal)
        self.assertEqual((out.count("RECORDED"), out.splitlines()[-1]), (7, "7"), out)
        self.assertEqual(self.sessions(), 12)
        receipts = list(self.journal.glob("*/*.receipt-*"))
        self.assertEqual(len([file for file in receipts if file.name.endswith(".receipt-1")]), 12)
        self.assertEqual(len(receipts), 12 + 7)
        self.assertEqual(self.drive("lost", 0, 0, self.journal), "0\n")


class TooFast(Live):
    """Whoever is told to wait, since its key or its connection asks too much in a time, waits and sends the same bytes
    again: a program meets no refusal but a delay."""

    def load_all(self, count, window):
        """Convenes them all. How often each was sent, and what the client told of it."""
        process = self.begin("load", count, window)
        out, told = process.communicate(timeout=2 * WAIT_S)
        lines = [line.split() for line in out.splitlines()]
        self.assertEqual([line[0] for line in lines], ["RECORDED"] * count, told[-3000:])
        self.assertEqual(self.sessions(), count)  # none was done twice
        return [int(line[2]) for line in lines], told

    def assertWaited(self, tries, told):
        self.assertGreater(max(tries), 1)
        waits = [int(wait) for wait in re.findall(r"BUSY attempt=\d+ wait_ms=(\d+)", told)]
        self.assertGreater(len(waits), 0, told[-3000:])
        self.assertGreater(min(waits), 0)

    def test_nobody_waits_without_need(self):
        tries, told = self.load_all(100, 64)
        self.assertNotIn("BUSY", told)
        self.assertEqual(set(tries), {1})


class TooFastForTheWorker(TooFast):
    options = dict(worker_settings="[rates]\ncommands_per_minute = 3000\ncommands_at_once = 20\n")

    def test_it_waits_and_sends_again(self):
        self.assertWaited(*self.load_all(100, 64))


class TooFastForTheBroker(TooFast):
    options = dict(broker_settings="[rates]\nstrangers_per_minute = 3000\nstrangers_at_once = 20\n"
                                   "clients_per_minute = 3000\nclients_at_once = 20\n")

    def test_it_waits_and_sends_again(self):
        self.assertWaited(*self.load_all(200, 200))
        log = (self.installation.directory / "broker.log").read_text()
        self.assertNotIn("connection_cut", log)


@unittest.skipUnless(FORGETFUL, "COMITY_WORKER_FORGETS_IDS names no program")
class Control(Live):
    """The same with a worker that does not know a command again: the count above must notice."""

    worker = FORGETFUL

    def test_the_broker_is_killed_under_load(self):
        doubled, _ = self.kill_under_load("broker", 5)
        self.assertGreater(doubled, 0)


def load_tests(loader, _, __):
    suite = unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (Installed, Live))
    suite.addTest(TooFast("test_nobody_waits_without_need"))
    suite.addTests(case("test_it_waits_and_sends_again") for case in (TooFastForTheWorker, TooFastForTheBroker))
    suite.addTest(Control("test_the_broker_is_killed_under_load"))
    return suite


if __name__ == "__main__":
    unittest.main(verbosity=2)
