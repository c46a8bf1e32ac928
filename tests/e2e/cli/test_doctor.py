"""comity doctor: each thing that can be wrong is found, named by the step at which it stops, with what mends it."""

import json
import socket
import time
import unittest

from cli_case import DONE, REFUSED, UNREACHABLE, USAGE, CliCase
from lines import Line

LATE_S = 0.4


class LateLine(Line):
    """What comes back comes later, or not at all."""

    def __init__(self, target):
        self.is_mute = False
        super().__init__(target)

    def pass_back(self, far, near, number):
        while data := far.recv(65536):
            time.sleep(LATE_S)
            if not self.is_mute:
                near.sendall(data)


class Doctor(CliCase):
    has_seats = False

    def examine(self, who, *words, exit=DONE):
        document = self.ask(who, "doctor", *words, exit=exit)
        self.assertEqual(document["problems"], sum(row["finding"] == "problem" for row in document["checks"]))
        self.assertEqual(document["warnings"], sum(row["finding"] == "warning" for row in document["checks"]))
        self.assertEqual(document["problems"] > 0, exit != DONE)
        for row in document["checks"]:
            self.assertEqual(row["next"] is None, row["finding"] == "ok", row)
        return document["checks"]

    def problem(self, who, *words, exit):
        """The last thing that was looked at."""
        row = self.examine(who, *words, exit=exit)[-1]
        self.assertEqual(row["finding"], "problem", row)
        return row

    def place(self, name, **changes):
        place = json.loads((self.world.data / "place.json").read_text())
        place["brokers"][0].update(changes)
        history = self.ask("ben", "context", "show", "lakeside")["context"]["history"]
        self.world.file("place.json", json.dumps(place))
        self.ask("ben", "context", "add", name, "--place", "place.json", "--history", history)
        return name

    def test_a_member_who_can_work(self):
        checks = self.examine("ada")
        self.assertEqual({row["check"] for row in checks},
                         {"version", "settings", "home", "disk", "context", "connection-key", "signing-key", "journal",
                          "broker", "clock", "member"})
        self.assertTrue(all(row["finding"] == "ok" for row in checks), checks)
        self.assertIn("Ada Okafor, member 1", checks[-1]["what"])
        code, output, _ = self.world.comity("ada", "doctor")
        self.assertEqual(code, DONE)
        self.assertEqual(output.splitlines()[-1], "You can work.")

    def test_an_operator_sees_the_daemons(self):
        checks = {row["check"]: row for row in self.examine("operator")}
        self.assertIn("% full", checks["store"]["what"])
        self.assertIn("1 of its workers connected", checks["broker"]["what"])

    def test_what_is_on_this_machine(self):
        home = self.world.home("nobody")
        self.assertIn("no home directory", self.problem("nobody", exit=USAGE)["what"])
        self.assertFalse(home.exists())
        self.ask("nobody", "key", "new")
        self.assertIn("belongs to no partnership yet", self.problem("nobody", exit=USAGE)["what"])
        row = self.problem("ada", "--context", "lakesite", exit=USAGE)
        self.assertEqual(row["what"], "There is no context `lakesite`. There are: lakeside.")
        home, key = self.world.home("dev"), self.world.home("dev") / "keys" / "signing.key"
        home.chmod(0o755)
        row = next(row for row in self.examine("dev") if row["check"] == "home")
        self.assertEqual((row["finding"], row["next"]), ("warning", f"chmod 700 {home}"))
        home.chmod(0o700)
        key.chmod(0o644)
        row = next(row for row in self.examine("dev", exit=USAGE) if row["check"] == "signing-key")
        self.assertEqual((row["finding"], row["next"]), ("problem", f"chmod 600 {key}"))
        key.chmod(0o600)
        (home / "config.ini").write_text("[settings]\ncolor = red\n")
        row = next(row for row in self.examine("dev", exit=USAGE) if row["check"] == "settings")
        self.assertEqual(row["finding"], "problem")
        (home / "config.ini").unlink()
        self.examine("dev")

    def test_the_way_to_the_worker(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            row = self.problem("ben", "--context", self.place("closed", endpoint=f"tcp://127.0.0.1:{free.getsockname()[1]}"),
                               exit=UNREACHABLE)
        self.assertIn("Nothing accepts a connection at tcp://127.0.0.1", row["what"])
        row = self.problem("ben", "--context", self.place("nowhere", endpoint="tcp://broker.invalid:7411"), exit=UNREACHABLE)
        self.assertIn("The name broker.invalid has no address", row["what"])
        checks = self.examine("ben", "--context", self.place("impostor", key="11" * 32), exit=UNREACHABLE)
        self.assertIn("accepts connections", checks[-2]["what"])
        self.assertIn("has not the broker's key", checks[-1]["what"])
        self.assertIn("in person", checks[-1]["next"])

    def test_one_broker_of_two(self):
        """The first that answers says nothing of the other, which is waited for; and one that does not answer keeps nobody from
        working."""
        file = self.world.home("dev") / "contexts" / "lakeside.ini"
        text, broker = file.read_text(), self.ask("dev", "context", "show")["context"]["place"]["brokers"][0]
        host, port = broker["endpoint"].removeprefix("tcp://").rsplit(":", 1)
        line = LateLine((host, int(port)))
        self.addCleanup(line.close)
        self.addCleanup(file.write_text, text)
        file.write_text(f"{text}\n[broker late]\nendpoint = {line.endpoint}\nkey = {broker['key']}\n")
        findings = [row["finding"] for row in self.examine("dev") if row["check"] == "broker"]
        self.assertEqual(findings, ["ok"] * 4)
        self.assertEqual([row["state"] for row in self.ask("dev", "status")["brokers"]], ["OK", "OK"])
        line.is_mute = True
        rows = [row for row in self.examine("dev", "--timeout", 5) if row["check"] == "broker"]
        self.assertEqual([row["finding"] for row in rows], ["ok", "ok", "ok", "warning"])
        self.assertIn(f"The broker at {line.endpoint}: No answer came", rows[-1]["what"])
        self.assertEqual([row["state"] for row in self.ask("dev", "status", "--timeout", 5)["brokers"]], ["OK", "TIMEOUT"])
        line.end(line.listener)
        rows = [row for row in self.examine("dev") if row["check"] == "broker"]
        self.assertEqual([row["finding"] for row in rows], ["ok", "warning", "ok"])
        self.assertIn("Nothing accepts a connection", rows[1]["what"])

    def test_a_key_that_was_revoked(self):
        self.ask("carla", "invite", "Gone Soon", "--out", "gone.inv")
        self.ask("gone", "join", "gone.inv")
        self.examine("gone")
        self.ask("carla", "key", "revoke", "Gone Soon")
        row = self.problem("gone", exit=REFUSED)
        self.assertEqual(row["check"], "member")


if __name__ == "__main__":
    unittest.main()
