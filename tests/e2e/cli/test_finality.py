"""RECORDED and FINAL: what members are told, with witnesses of both parties, of one, and of none; and receipts that prove
it without a server."""

import hashlib
import shutil
import subprocess
import unittest

from cli_case import BUILD, UNCOUNTED, UNREACHABLE, USAGE, CliCase
from test_watch import Pipe
from witnesses import Witness


class Finality(CliCase):
    def setUp(self):
        CliCase.setUpClass.__func__(type(self))
        self.addCleanup(type(self).doClassCleanups)

    @classmethod
    def setUpClass(cls):
        pass

    def witness(self, name, chair):
        witness = Witness(self.world, name, chair)
        self.addCleanup(witness.close)
        return witness

    def overview(self, who="dev"):
        return self.ask(who, "whoami")["finality"]

    def line(self, *words, who="dev"):
        output = self.world.comity(who, *words)[1]
        return next(line for line in reversed(output.splitlines()) if "FINAL" in line)

    def decide(self):
        number = self.world.open_round(self.world.propose())
        for who in ("ada", "ben", "carla", "dev"):
            self.ask(who, "vote", number, "agree")
        self.ask("eli", "round", "close", number)
        return number

    def test_without_a_witness_nothing_nags(self):
        number = self.decide()
        for words in (["outcome", number], ["decision", "show", 1], ["round", "show", number], ["whoami"], ["history"],
                      ["rule", "show", "consensus"]):
            output = self.world.comity("dev", *words)[1]
            self.assertEqual(output.count("FINAL"), 1, words)
            self.assertIn("Nothing becomes FINAL here: no party has a witness.", output)
        for words in (["watch", 1, "--once"], ["decisions"], ["register"], ["pack", "after", 1]):
            self.assertNotIn("FINAL", self.world.comity("dev", *words)[1], words)
        self.assertIs(self.ask("dev", "decisions")["decisions"][0]["is_final"], False)
        finality = self.ask("dev", "outcome", number)["finality"]
        self.assertEqual((finality["final"], finality["is_final"]), (0, False))
        self.assertEqual([(row["has_witness"], row["covered"]) for row in finality["parties"]], [(False, 0)] * 2)

    def test_both_sign(self):
        union, management = self.witness("union-box", "ada"), self.witness("office-box", "carla")
        before = self.overview()
        self.assertEqual([row["has_witness"] for row in before["parties"]], [True, True])
        self.assertIn("no witness of union has signed yet", self.line("whoami"))
        number = self.decide()
        shown = (["outcome", number], ["decisions"], ["register"], ["pack", "after", 1], ["rule", "show", "consensus"])
        for words in shown:
            self.assertIn("not FINAL yet", self.line(*words), words)
        self.assertIs(self.ask("dev", "register")["register"][0]["is_final"], False)
        size = union.sign()
        self.assertEqual(self.overview()["final"], 0)                 # one is not all
        self.assertIn("Record: Nothing is FINAL yet; missing: no witness of management has signed yet.", self.world.comity("dev", "watch", 1, "--once")[1])
        self.assertIn("no witness of management has signed yet", self.line("decision", "show", 1))
        self.assertNotIn("union", self.line("decision", "show", 1))
        management.sign(size - 1)
        self.assertEqual(self.overview()["final"], size - 1)
        self.assertIn(f"no witness of management has signed since number {size - 1}", self.line("whoami"))
        management.sign()
        self.assertEqual(self.overview()["final"], size)
        self.assertEqual(self.line("outcome", number), "FINAL: a witness of every party has signed it.")
        self.assertTrue(self.ask("dev", "outcome", number)["finality"]["is_final"])
        for words in shown:
            self.assertNotIn("not FINAL yet", self.line(*words), words)
        self.assertIs(self.ask("dev", "register")["register"][0]["is_final"], True)
        self.assertIs(self.ask("dev", "decisions")["decisions"][0]["is_final"], True)
        # What comes afterwards is not, and what was is.
        self.ask("ben", "item", "add", 1, "Lunch")
        rows = {row["sequence"]: row["is_final"] for row in self.ask("dev", "history")["history"]}
        self.assertEqual([rows[size], rows[size + 1]], [True, False])
        self.assertEqual(self.line("outcome", number), "FINAL: a witness of every party has signed it.")
        marks = [line[6] for line in self.world.comity("dev", "history")[1].splitlines() if line[:6].strip().isdigit()]
        self.assertEqual(marks, ["="] * size + [" "])
        self.assertEqual(self.overview()["final"], size)
        # A witness that is dismissed has no word any more.
        management.dismiss()
        self.assertEqual(self.overview()["final"], 0)
        self.assertIn("management has no witness", self.line("whoami"))
        other = self.witness("other-box", "dev")
        other.sign()
        self.assertEqual(self.overview()["final"], size)              # as far as the union's has signed

    def worker(self, *words):
        subprocess.run([BUILD / "comity-worker", *map(str, words), "--config", self.world.data / "worker.ini"], check=True,
                       capture_output=True, text=True, timeout=120)

    def audited(self, name):
        """What an auditor says of an export: how much is FINAL, and whether each cosignature fits."""
        self.worker("export", "--to", self.world.directory / name)
        document = self.world.ask("auditor", "audit", self.world.directory / name, exit=None)
        self.assertFalse(document["wrong"], document["findings"][:3])
        [history] = document["histories"]
        return history["final"], [row["is_good"] for row in history["cosignatures"]]

    def test_after_a_restore_nothing_is_before_the_new_epoch_was_signed(self):
        union, management = self.witness("union-box", "ada"), self.witness("office-box", "carla")
        management.sign()
        size = union.sign()
        self.assertEqual((self.overview()["final"], self.audited("before")), (size, (size, [True, True])))
        self.world.down()
        shutil.rmtree(self.world.data / "store")
        self.worker("restore", "--from", self.world.directory / "before")
        self.world.up()
        # To members and auditors alike: what was signed in the epoch before fits, and is no word on this one.
        self.assertEqual((self.overview()["final"], self.audited("after")), (0, (0, [True, True])))
        # And they are told why, and who is to do what.
        parties = self.world.ask("auditor", "audit", self.world.directory / "after")["histories"][0]["parties"]
        for shown in (self.overview()["parties"], parties):
            self.assertEqual([row["awaits_accept"] for row in shown], [True, True])
        self.assertIn("no witness of union has accepted the restored record yet", self.line("whoami"))
        self.assertIn("comity-witness accept", self.line("whoami"))
        self.assertIn("No witness of management has accepted the restored record in this file yet.",
                      self.world.comity("auditor", "audit", self.world.directory / "after")[1])
        # One that is appointed now has nothing to accept.
        management.dismiss()
        self.witness("new-box", "dev")
        union.wire.hello([union.wire.grant(union.history, union.key)])
        union.sign()
        self.assertEqual(self.line("whoami"), "Nothing is FINAL yet; missing: no witness of management has signed yet.")

    def test_who_watches_is_told(self):
        """Also where nothing happens any more: that a witness signs is no news, and an old line says too much."""
        union, management = self.witness("union-box", "ada"), self.witness("office-box", "carla")
        union.sign()
        size = management.sign()
        watcher = Pipe(self, "dev")
        watcher.until(lambda line: line.startswith(f"Record: FINAL up to number {size}: a witness of every party"))
        self.ask("ben", "item", "add", 1, "Lunch")
        watcher.until(lambda line: line.startswith(f"Record: FINAL up to number {size} of {size + 1}; missing: "))
        union.sign()
        management.sign()
        watcher.until(lambda line: line.startswith(f"Record: FINAL up to number {size + 1}: a witness of every party"))

    def test_a_copy_has_what_witnesses_signed(self):
        """Else somebody who audits a member's copy is told that no witness has signed."""
        union, management = self.witness("union-box", "ada"), self.witness("office-box", "carla")
        union.sign()
        size = management.sign()
        self.ask("ben", "item", "add", 1, "Lunch")
        union.sign()
        self.ask("dev", "export", "witnessed.record")
        audited = self.ask("stranger", "audit", self.world.directory / "witnessed.record")["histories"][0]
        self.assertEqual((audited["head"], audited["final"]), (size + 1, size))
        self.assertEqual([(row["witness"], row["size"], row["is_good"]) for row in sorted(audited["cosignatures"], key=lambda row: row["size"])],
                         [("office-box", size, True), ("union-box", size + 1, True)])

    def test_an_audit_by_witnesses_that_are_named(self):
        """As of a receipt: who names a witness asks for its word, and is not told that all is well without it."""
        union, management = self.witness("union-box", "ada"), self.witness("office-box", "carla")
        union.sign()
        self.ask("dev", "export", "half.record")
        self.ask("stranger", "audit", "half.record")
        self.ask("stranger", "audit", "half.record", "--witness", union.hex)
        both = ["--witness", union.hex, "--witness", management.hex]
        self.refuse("stranger", "audit", "half.record", *both, name="UNCOUNTED", exit=UNCOUNTED)
        code, output, error = self.world.comity("stranger", "audit", "half.record", *both)
        self.assertEqual(code, UNCOUNTED)
        self.assertIn(f"Missing: witness {management.hex} has not signed it in this file.", output)
        self.assertNotIn("everything fits", output)
        self.assertIn("The file proves what was recorded, but not that it is FINAL.", error)
        management.sign()
        self.ask("dev", "export", "whole.record")
        self.ask("stranger", "audit", "whole.record", *both)

    def save(self, command, name, who="dev"):
        document = self.ask(who, "receipt", "save", command, name)
        return document, self.world.directory / name

    def test_a_receipt_proves_it_alone(self):
        union, management = self.witness("union-box", "ada"), self.witness("office-box", "carla")
        act = self.ask("ben", "item", "add", 1, "Lunch")["receipt"]
        union.sign()
        self.ask("ben", "item", "add", 1, "Supper")
        management.sign()
        saved, file = self.save(act["command_id"], "lunch.receipt", who="ben")
        self.assertEqual(len(saved["cosigners"]), 2)
        self.refuse("ben", "receipt", "save", act["command_id"], "lunch.receipt", name="EXISTS", exit=USAGE)
        self.world.down()
        asked = ["receipt", "verify", file, "--log-key", saved["log_key"]]
        both = ["--witness", union.hex, "--witness", management.hex]
        document = self.ask("stranger", *asked, *both)
        self.assertEqual((document["sequence"], document["command_id"], document["is_witnessed"]),
                         (act["sequence"], act["command_id"], True))
        self.assertEqual(document["command"]["add_item"]["title"]["text"], "Lunch")
        fingerprint = hashlib.sha256(bytes.fromhex(saved["log_key"])).hexdigest()[:16]
        fingerprint = " ".join(fingerprint[at:at + 4] for at in range(0, 16, 4))
        self.assertEqual(document["log_key_fingerprint"], fingerprint)
        self.assertIn(f"{saved['log_key']} (fingerprint {fingerprint}) has signed", self.world.comity("stranger", *asked)[1])
        self.assertIsNone(self.ask("stranger", *asked)["is_witnessed"])
        missing = self.ask("stranger", *asked, *both, "--witness", "00" * 32, exit=UNCOUNTED)   # it proves the rest
        self.assertEqual((missing["is_witnessed"], missing["sequence"]), (False, act["sequence"]))
        code, output, error = self.world.comity("stranger", *asked, "--witness", union.hex, "--witness", "00" * 32)
        self.assertEqual(code, UNCOUNTED)
        self.assertIn(f"Missing: witness {'00' * 32} has not signed it", output)
        self.assertIn("Not proved: The file proves what was recorded, but not that it is FINAL.", error)
        keyless = self.refuse("stranger", "receipt", "verify", file, name="CONFIG", exit=USAGE)
        self.assertIn("--log-key KEY", keyless["next"])
        self.assertIn("Every witness that you named", self.world.comity("stranger", *asked, *both)[1])
        self.assertEqual(self.ask("dev", "receipt", "verify", file)["sequence"], act["sequence"])   # by the context's keys
        self.refuse("stranger", "receipt", "verify", file, "--log-key", "11" * 32, name="SIGNATURE", exit=USAGE)
        self.assertEqual(self.world.comity("stranger", *asked, "--witness", "zz")[:2], (USAGE, ""))   # before anything is said of it
        data = file.read_bytes()
        altered = self.world.directory / "altered.receipt"
        for at in range(0, len(data), 97):   # tests/unit/cli/test_receipt_file.c alters every byte
            altered.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
            code, output, _ = self.world.comity("stranger", *asked[:2], altered, *asked[3:], *both)
            self.assertEqual((code, output), (USAGE, ""), at)

    def test_a_receipt_is_saved_without_the_server(self):
        """The journal has it whole. The controls have none there, or a damaged one: they have to ask."""
        act = self.ask("ben", "item", "add", 1, "Brunch")["receipt"]
        with_server, _ = self.save(act["command_id"], "online.receipt", who="ben")
        self.world.down()
        self.addCleanup(self.world.up)
        saved, file = self.save(act["command_id"], "offline.receipt", who="ben")
        for member in ("sequence", "time_ms", "command", "event", "log_key"):
            self.assertEqual(saved[member], with_server[member], member)
        self.assertEqual((saved["command"]["add_item"]["title"]["text"], saved["cosigners"]), ("Brunch", []))
        verify = lambda path: self.ask("stranger", "receipt", "verify", path, "--log-key", saved["log_key"])
        document = verify(file)
        self.assertEqual(document["command"], saved["command"])
        self.refuse("dev", "receipt", "save", act["command_id"], "dev.receipt", name="UNREACHABLE", exit=UNREACHABLE)
        # What an audit takes, this takes: the journal's own file.
        kept, = (self.world.home("ben") / "journal").glob(f"*/{act['command_id']}.receipt-*")
        document = verify(kept)
        self.assertEqual((document["sequence"], document["command"]), (act["sequence"], None))
        data = kept.read_bytes()
        for at in range(0, len(data), 37):
            altered = self.world.directory / "altered.kept"
            altered.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
            code, output, _ = self.world.comity("stranger", "receipt", "verify", altered, "--log-key", saved["log_key"])
            self.assertEqual((code, output), (USAGE, ""), at)
        kept.write_bytes(data[:-40] + bytes([data[-40] ^ 1]) + data[-39:])
        self.addCleanup(kept.write_bytes, data)
        self.refuse("ben", "receipt", "save", act["command_id"], "damaged.receipt", name="UNREACHABLE", exit=UNREACHABLE)
        self.assertFalse((self.world.directory / "damaged.receipt").exists())


if __name__ == "__main__":
    unittest.main()
