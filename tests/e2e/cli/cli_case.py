"""An installation by `comity up`, people with a home each, and a partnership that they founded.

    class Case(CliCase):           # one installation a class, a partnership founded in it
        def test_x(self):
            self.run_as("ada", "whoami")["member"]["number"]

Everything that is started is ended, by pid, also on failure; COMITY_KEEP=1 keeps the directory and prints it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support" / "python"))

from comity_patience import until  # noqa: E402,F401

BUILD = Path(os.environ["COMITY_BUILD"])
COMITY = BUILD / "comity"
TIMEOUT_S = 120
DEADLINE_S = 120

DONE, REFUSED, USAGE, UNREACHABLE, INTERNAL, UNCONFIRMED, DIFFERS, UNCOUNTED, FORKED, WAITING = range(10)

FOUNDERS = [("ada", "union", "Ada Okafor", "co-chair"), ("ben", "union", "Ben Ruiz", "co-chair"),
            ("carla", "management", "Carla Weiss", "co-chair"), ("dev", "management", "Dev Patel", "co-chair"),
            ("eli", "convener", "Eli Stone", "co-chair facilitator"), ("eve", "convener", "Eve Marsh", "co-chair")]

CHARTER = """[partnership]
name = lakeside
title = Lakeside Health Partnership
[constituency union]
kind = worker
standing = party
title = Nurses United
[constituency management]
kind = employer
standing = party
title = Lakeside Health
[constituency convener]
kind = convener
standing = neutral
title = Mediation
[site north]
title = North Hospital
time_zone = America/Chicago
[site south]
title = South Hospital
time_zone = America/Chicago
"""


class Unexpected(AssertionError):
    pass


def is_alive(pid):
    """Runs, and is no zombie that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class World:
    """A directory with an installation's data and a home for everybody."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="comity-cli-"))
        self.data = self.directory / "data"

    def close(self):
        try:
            if (self.data / "lock").exists():
                try:
                    self.audit_all()
                finally:  # also where the audit finds something: else the supervisor starts again what is ended below
                    self.comity("operator", "down", "--data", self.data)
        finally:
            self.end_remains()
            if os.environ.get("COMITY_KEEP"):
                print("kept:", self.directory)
            else:
                shutil.rmtree(self.directory, ignore_errors=True)

    def end_remains(self):
        """Where a test went wrong, its processes may be left: those whose ids the supervisor's log has."""
        for pid in self.pids("", all_of_them=True):
            command = Path(f"/proc/{pid}/cmdline")
            if command.exists() and str(self.directory).encode() in command.read_bytes():
                os.kill(pid, signal.SIGKILL)

    def home(self, who):
        return self.directory / who

    def comity(self, who, *words, input=None):
        """Run it for people: (exit code, standard output, standard error)."""
        done = subprocess.run([COMITY, *map(str, words), "--home", self.home(who)], capture_output=True, text=True,
                              timeout=TIMEOUT_S, input=input, cwd=self.directory)
        return done.returncode, done.stdout, done.stderr

    def ask(self, who, *words, exit=DONE, input=None):
        """Run it for a program: its document, whose exit code has to be the process's and the one expected."""
        code, output, errors = self.comity(who, *words, "--json", input=input)
        try:
            document = json.loads(output)
        except json.JSONDecodeError as error:
            raise Unexpected(f"{words}: no JSON document ({error}): {output!r} {errors!r}") from error
        if code != document["exit"] or document["ok"] != (code == DONE) or (exit is not None and code != exit):
            raise Unexpected(f"{words}: exit {code}, expected {exit}: {json.dumps(document.get('error'))}")
        return document

    def up(self, *words, **options):
        return self.ask("operator", "up", "--data", self.data, "--detach", *words, **options)

    def down(self):
        return self.ask("operator", "down", "--data", self.data)

    def pids(self, child, all_of_them=False):
        """Of the child as the supervisor calls it: "worker", at one of several sites "worker-1"; "": of all."""
        log = self.data / "log" / "up.log"
        if not log.exists():
            return []
        found = [int(line.rsplit("pid=", 1)[1]) for line in log.read_text().splitlines()
                 if f"event=started child={child}" in line and (not child or f"={child} " in line)]
        return found if all_of_them else found[-1:]

    def supervisor(self):
        return int((self.data / "lock").read_text())

    def audit(self, *readers):
        """Everything on record, as an outsider audits it: the worker's export, and the copies of these members. Nothing may be
        wrong; the documents, the export's first."""
        files = [self.directory / f"audited.{number}" for number in range(1 + len(readers))]
        for file in files:
            file.unlink(missing_ok=True)
        config = next(self.data / at / "worker.ini" for at in ("site-1", ".") if (self.data / at / "worker.ini").exists())
        subprocess.run([BUILD / "comity-worker", "export", "--config", config, "--to", files[0]], check=True,
                       capture_output=True, timeout=TIMEOUT_S)
        for reader, file in zip(readers, files[1:]):
            self.ask(reader, "export", file)
        documents = [self.ask("auditor", "audit", file, exit=None) for file in files]
        for document in documents:
            if document["wrong"] or document["differing"] or document["exit"] not in (DONE, UNCOUNTED):
                raise Unexpected(f"audit of {document['file']}: {document.get('error')} {document['findings'][:5]}")
        return documents

    def audit_all(self):
        """Whatever a test has put on record holds in the eyes of an outsider: of a member who can still ask, and of all."""
        reader = next((who for who in ("eve", "ben") if self.comity(who, "whoami")[0] == DONE), None)
        if reader:
            self.audit(reader)

    def file(self, name, text=None):
        path = self.directory / name
        if text is not None:
            path.write_text(text)
        return path

    def prepare(self, draft="founding.draft"):
        """The text that founds the partnership, signed by every founder."""
        keys = {who: self.ask(who, "key", "new")["key"] for who, *_ in FOUNDERS}
        charter = CHARTER + "".join(f"[founder {who}]\nconstituency = {side}\nname = {name}\nkey = {keys[who]}\n"
                                    f"offices = {offices}\n" for who, side, name, offices in FOUNDERS)
        self.file("charter.ini", charter)
        self.ask("ada", "found", "prepare", "charter.ini", "--place", self.data / "place.json", "--out", draft)
        for who, *_ in FOUNDERS[1:]:
            self.ask(who, "draft", "sign", draft)

    def found(self, draft="founding.draft"):
        self.prepare(draft)
        return self.ask("operator", "draft", "submit", draft)

    def with_key(self, who):
        return ["--with", self.home(who) / "keys" / "signing.key"]

    def join_recorder(self):
        """Rena Voss, who records ballots and answers: of the convener, given the office by both sides."""
        self.ask("eli", "invite", "Rena Voss", "--out", "rena.invitation", "--office", "recorder", *self.with_key("ada"),
                 *self.with_key("carla"))
        self.ask("rena", "join", "rena.invitation")

    def seat_everybody(self):
        """A body of two seats a side, the consensus rule, an open session where everybody has checked in."""
        self.ask("ada", "body", "create", "steering", "--title", "Steering Committee", "--seats", "union=2", "--seats",
                 "management=2", *self.with_key("carla"))
        self.ask("ada", "rule", "adopt", "consensus", *self.with_key("carla"))
        for seat, (who, member) in enumerate([("ada", "Ada Okafor"), ("ada", "Ben Ruiz"), ("carla", "Carla Weiss"),
                                              ("carla", "Dev Patel")], start=1):
            self.ask(who, "seat", "assign", "steering", seat, member)
        self.ask("eli", "session", "convene", "steering", "Shift swaps", "--starts", "+1h")
        self.ask("eli", "session", "open", 1)
        for who, site in [("ada", "north"), ("ben", "south"), ("carla", "north"), ("dev", "south")]:
            self.ask(who, "checkin", 1, site)

    def propose(self, text="Swaps are approved within a day."):
        item = self.ask("ben", "item", "add", 1, "Who may swap a shift")["number"]
        return self.ask("dev", "proposal", "make", item, "Shift swaps", "--text", text)["number"]

    def open_round(self, proposal):
        return self.ask("eli", "round", "open", proposal, "--rule", "consensus")["number"]


class CliCase(unittest.TestCase):
    """One founded installation for a class."""

    has_seats = True

    @classmethod
    def setUpClass(cls):
        cls.world = World()
        cls.addClassCleanup(cls.world.close)
        cls.world.up()
        cls.world.found()
        if cls.has_seats:
            cls.world.seat_everybody()

    def ask(self, who, *words, **options):
        return self.world.ask(who, *words, **options)

    def refuse(self, who, *words, name, exit=REFUSED, **options):
        """It has to be refused with the error of this name; the error."""
        error = self.world.ask(who, *words, exit=exit, **options)["error"]
        self.assertEqual(error["name"], name, error)
        self.assertTrue(error["what"] or error["sentence"])
        self.assertTrue(error["next"])
        return error
