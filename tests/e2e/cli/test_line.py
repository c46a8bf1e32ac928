"""What happens when the line or a key is not what it should be."""

import json
import os
import shutil
import signal
import socket
import subprocess
import unittest

import lines
from cli_case import COMITY, CliCase, INTERNAL, REFUSED, UNCONFIRMED, UNREACHABLE, USAGE, until


class HalfDeafLine(lines.Line):
    """Lets nothing more come back once the client has sent this many bytes."""

    def __init__(self, target, sent_limit):
        self.sent_limit, self.sent = sent_limit, {}
        super().__init__(target)

    def pass_there(self, near, far, number):
        while data := near.recv(65536):
            self.sent[number] = self.sent.get(number, 0) + len(data)
            far.sendall(data)

    def pass_back(self, far, near, number):
        while data := far.recv(65536):
            if self.sent.get(number, 0) <= self.sent_limit:
                near.sendall(data)


class Line(CliCase):
    def context_file(self, who):
        return self.world.home(who) / "contexts" / "lakeside.ini"

    def endpoint(self, who="ada"):
        return self.ask(who, "context", "show")["context"]["place"]["brokers"][0]["endpoint"]

    def twin(self, who, name):
        """The same person at another machine."""
        shutil.copytree(self.world.home(who), self.world.home(name))
        shutil.rmtree(self.world.home(name) / "journal", ignore_errors=True)
        self.addCleanup(shutil.rmtree, self.world.home(name))
        return name

    def replace(self, who, old, new):
        text = self.context_file(who).read_text()
        self.assertIn(old, text)
        self.context_file(who).write_text(text.replace(old, new))

    def deaf_twin(self, name):
        """Somebody who sends a large act and does not hear what came of it."""
        endpoint = self.endpoint()
        host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
        line = HalfDeafLine((host, int(port)), 20000)
        self.addCleanup(line.close)
        who = self.twin("ada", name)
        self.replace(who, endpoint, line.endpoint)
        return who, line, endpoint

    def test_nobody_listens(self):
        who = self.twin("ada", "ada-far")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        self.replace(who, self.endpoint(), f"tcp://127.0.0.1:{port}")
        error = self.refuse(who, "whoami", name="UNREACHABLE", exit=UNREACHABLE)
        self.assertIn(str(port), error["what"])
        self.assertNotIn("comity up", error["next"])
        self.assertIn("--history " + self.ask(who, "context", "show")["context"]["history"], error["next"])
        self.refuse(who, "item", "add", 1, "x", name="UNREACHABLE", exit=UNREACHABLE)
        self.assertEqual(self.ask(who, "receipt", "list")["receipts"], [])

    def test_the_brokers_key_is_another(self):
        who = self.twin("ada", "ada-lured")
        key = self.ask("ada", "context", "show")["context"]["place"]["brokers"][0]["key"]
        self.replace(who, key, key[:-2] + ("00" if key[-2:] != "00" else "11"))
        error = self.refuse(who, "whoami", name="SERVER_KEY", exit=UNREACHABLE)
        self.assertIn("operator", error["next"])

    def test_the_groups_key_is_another(self):
        """A worker of another group is no worker of ours: nobody answers for it."""
        who = self.twin("ada", "ada-regrouped")
        key = self.ask("ada", "context", "show")["context"]["place"]["group_key"]
        self.replace(who, key, self.ask("ada", "key", "show")["key"])
        self.world.ask(who, "whoami", "--timeout", 3, exit=UNREACHABLE)

    def test_sent_and_not_confirmed(self):
        """The answer is lost: it is not called recorded, and sending again finds out, once."""
        item = self.ask("ada", "item", "add", 1, "Unconfirmed")["number"]
        before = len(self.ask("ada", "proposal", "list", item)["proposals"])
        who, line, endpoint = self.deaf_twin("ada-deaf")
        error = self.refuse(who, "proposal", "make", item, "Large", "--text", "x" * 40000, "--timeout", 4,
                            name="TIMEOUT", exit=UNCONFIRMED)
        self.assertIn("comity resubmit", error["next"])
        kept = self.ask(who, "receipt", "list")["receipts"]
        self.assertEqual([row["has_receipt"] for row in kept], [False])
        self.assertEqual(kept[0]["command_id"], error["command_id"])
        self.replace(who, line.endpoint, endpoint)
        said = self.ask(who, "resubmit")
        self.assertEqual([row["verdict"] for row in said["resubmitted"]], ["RECORDED"])
        self.assertEqual((said["recorded"], said["unconfirmed"], said["refused"]), (1, 0, 0))
        self.assertEqual(self.ask(who, "resubmit")["resubmitted"], [])
        self.assertEqual(len(self.ask("ada", "proposal", "list", item)["proposals"]), before + 1)

    def test_what_is_damaged_is_not_passed_over_in_silence(self):
        item = self.ask("ada", "item", "add", 1, "Torn")["number"]
        who, line, endpoint = self.deaf_twin("ada-torn")
        self.refuse(who, "proposal", "make", item, "Large", "--text", "x" * 40000, "--timeout", 4, name="TIMEOUT",
                    exit=UNCONFIRMED)
        self.replace(who, line.endpoint, endpoint)
        kept, = (self.world.home(who) / "journal").glob("*/*.command")
        os.truncate(kept, 1000)
        error = self.refuse(who, "resubmit", name="CORRUPT", exit=INTERNAL)
        self.assertIn("could not be sent again: 1.", error["what"])

    def test_a_founding_that_is_not_confirmed(self):
        """No context belongs to it yet: the draft is what can be sent again."""
        self.ask("zoe", "key", "new")
        key = self.ask("zoe", "key", "show")["key"]
        recovery = self.ask("zoe", "key", "new", "--out", "zoe/recovery.key")["key"]
        sites = "".join(f"[site s{n}]\ntitle = {'S' * 300}\ntime_zone = UTC\n" for n in range(120))
        self.world.file("zoe.ini", "[partnership]\nname = zoo\ntitle = Zoo\n[constituency one]\nkind = worker\n"
                        f"standing = party\ntitle = One\nrecovery = {recovery}\n{sites}"
                        f"[founder zoe]\nconstituency = one\nname = Zoe\nkey = {key}\noffices = co-chair\n")
        place = json.loads((self.world.data / "place.json").read_text())
        host, port = place["brokers"][0]["endpoint"].removeprefix("tcp://").rsplit(":", 1)
        line = HalfDeafLine((host, int(port)), 20000)
        self.addCleanup(line.close)
        place["brokers"][0]["endpoint"] = line.endpoint
        self.world.file("deaf.json", json.dumps(place))
        self.ask("zoe", "context", "add", "deaf", "--place", "deaf.json")
        self.ask("zoe", "context", "add", "well", "--place", self.world.data / "place.json")
        self.ask("zoe", "found", "prepare", "zoe.ini", "--place", self.world.data / "place.json", "--out", "zoe.draft")
        token = ["--token-file", self.world.data / "founding.token"]
        error = self.refuse("zoe", "draft", "submit", "zoe.draft", "--context", "deaf", "--timeout", 4, *token,
                            name="TIMEOUT", exit=UNCONFIRMED)
        self.assertIn("comity draft submit zoe.draft once more", error["next"])
        self.ask("zoe", "draft", "submit", "zoe.draft", "--context", "well", *token)

    def test_an_interrupt_says_that_it_may_have_been_done(self):
        item = self.ask("ada", "item", "add", 1, "Interrupted")["number"]
        who, line, endpoint = self.deaf_twin("ada-hasty")
        journal = self.world.home(who) / "journal"
        for count, name in enumerate(("SIGINT", "SIGTERM"), start=1):
            process = subprocess.Popen([COMITY, "proposal", "make", str(item), "Large", "--text", "x" * 40000, "--home",
                                        self.world.home(who)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            try:
                until(lambda: len(list(journal.glob("*/*.command"))) == count, "the act is in the journal")
                process.send_signal(getattr(signal, name))
                output, errors = process.communicate(timeout=60)
            finally:
                process.kill()
                process.wait()
            self.assertEqual(process.returncode, UNCONFIRMED, errors)
            self.assertEqual(output, "")
            self.assertIn("Not confirmed: It was interrupted before an answer came. (TIMEOUT)\nNext: comity resubmit", errors)
        self.replace(who, line.endpoint, endpoint)
        _, _, errors = self.world.comity(who, "item", "add", 1, "Later")
        self.assertEqual(errors, "2 of your acts are not confirmed: comity resubmit\n")
        self.assertEqual(self.ask(who, "resubmit")["recorded"], 2)
        self.assertEqual(self.world.comity(who, "item", "add", 1, "Last")[2], "")

    def test_what_was_refused_is_never_sent_again(self):
        who = self.twin("ada", "ada-refused")
        self.refuse(who, "vote", 999, "agree", name="NOT_FOUND")
        self.ask(who, "item", "add", 999, "x", exit=REFUSED)
        rows = self.ask(who, "receipt", "list")["receipts"]
        self.assertTrue(rows)
        self.assertEqual({(row["has_receipt"], row["refused"]) for row in rows}, {(False, "NOT_FOUND")})
        again = self.ask(who, "resubmit")
        self.assertEqual(again["resubmitted"], [])
        self.assertEqual((again["recorded"], again["unconfirmed"], again["refused"]), (0, 0, 0))

    def test_files_that_are_not_what_they_should_be(self):
        who = self.twin("ada", "ada-odd")
        os.chmod(self.world.home(who) / "keys" / "signing.key", 0o644)
        error = self.refuse(who, "whoami", name="FILE_MODE", exit=USAGE)
        self.assertIn("chmod 600", error["next"])
        os.remove(self.world.home(who) / "keys" / "signing.key")
        self.refuse(who, "whoami", name="FILE", exit=USAGE)
        self.context_file(who).write_text(self.context_file(who).read_text() + "colour = red\n")
        error = self.refuse(who, "whoami", name="CONFIG", exit=USAGE)
        self.assertIn("colour", error["what"])
        self.refuse("nobody", "whoami", name="CONFIG", exit=USAGE)
        self.refuse("operator", "whoami", name="CONFIG", exit=USAGE)
        self.refuse("ada", "whoami", "--context", "other", name="CONFIG", exit=USAGE)
        self.refuse("ada", "whoami", "--timeout", "soon", name="USAGE", exit=USAGE)

    def test_what_cannot_be_kept_is_refused_where_it_is_written(self):
        """A path or an endpoint that a configuration would cut, or take for lines of its own."""
        place = json.loads((self.world.data / "place.json").read_text())
        words = ["context", "add", "odd", "--place", self.world.data / "place.json", "--history", "ab" * 32]
        for key in ("my ;key", "k\n[log]\nkey = " + "0" * 64):
            self.ask("ada", "key", "new", "--out", key)
            error = self.refuse("ada", *words, "--key", key, name="CONFIG", exit=USAGE)
            self.assertIn("cannot be kept", error["what"])
        place["brokers"][0]["endpoint"] += "\n[log]\nkey = " + "0" * 64
        self.world.file("evil.json", json.dumps(place))
        self.refuse("ada", "context", "add", "odd", "--place", "evil.json", name="ADDRESS", exit=USAGE)
        self.assertNotIn("odd", [row["name"] for row in self.ask("ada", "context", "list")["contexts"]])

    def test_a_stranger_reads_nothing(self):
        """The place and the history's id are no secrets: without a member's key they give nothing."""
        shown = self.ask("ada", "context", "show")["context"]
        self.ask("spy", "key", "new")
        self.ask("spy", "context", "add", "x", "--place", self.world.data / "place.json", "--history", shown["history"])
        for words in (["whoami"], ["events"], ["member", "list"], ["export", "spied"]):
            self.world.ask("spy", *words, exit=REFUSED)
        self.assertFalse(self.world.file("spied").exists())


if __name__ == "__main__":
    unittest.main()
