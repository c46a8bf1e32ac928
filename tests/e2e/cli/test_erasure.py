"""After a purge no file of the whole installation has a way to what was purged: not the worker's, free pages included, not the
broker's, not the homes of those who wrote it. The control, whose worker keeps the old master, is found out by the same search."""

import shutil
import subprocess
import unittest
from pathlib import Path

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as aead_open
from nacl.exceptions import CryptoError

from cli_case import BUILD, CliCase, World

NUMBER = (1).to_bytes(4, "big")  # of the history: there is one
SALT, TAG, CHECKSUM, NONCE = 16, 16, 8, 24
WRAPPED = NONCE + 32 + TAG


def opened(sealed, associated, nonce, key):
    try:
        return aead_open(sealed, associated, nonce, key)
    except CryptoError:
        return None


class Search:
    """A reading of docs/storage.md, "Erasure", of its own: every place of data.mdb, and every 32 bytes of `keys` as a master."""

    def __init__(self, store):
        self.data = (store / "data.mdb").read_bytes()
        keys = (store / "keys").read_bytes()
        self.masters = {keys[at:at + 32] for at in range(len(keys) - 31)} - {bytes(32)}

    def places(self, needle):
        at = self.data.find(needle)
        while at >= 0:
            yield at
            at = self.data.find(needle, at + 1)

    def secrets(self, row):
        """The keys of this text that a master opens: (wrapped in how many places, those that open)."""
        found, wrapped = set(), 0
        for at in self.places(row):
            at += len(row) + CHECKSUM
            sealed = self.data[at:at + WRAPPED]
            wrapped += 1
            for master in self.masters:
                secret = opened(sealed[NONCE:], row, sealed[:NONCE], master)
                if secret is not None:
                    found.add(secret)
        return wrapped, found

    def texts(self, text_hash, words):
        """Decryptions of a text whose words are known, and in how many places its wrapped key seems to lie."""
        row = NUMBER + bytes.fromhex(text_hash)
        wrapped, secrets = self.secrets(row)
        size, found = SALT + len(words) + TAG, 0
        for secret in secrets:
            for at in self.places(row):  # small texts lie with their row
                plain = opened(self.data[at + len(row) + CHECKSUM:][:size], row, bytes(NONCE), secret)
                found += plain is not None and plain[SALT:] == words
        return found, wrapped


def files_with(directory, words):
    """Every file below, of whatever kind, that has these bytes."""
    return sorted(str(path.relative_to(directory)) for path in Path(directory).rglob("*")
                  if path.is_file() and not path.is_symlink() and words in path.read_bytes())


class Talk:
    """What a session says that is to be purged, and what is not."""

    WORDS = {"reason": b"CANARY the reason of a ballot, which was candid", "text": b"CANARY a text that was not adopted",
             "concern": b"CANARY a concern that somebody had"}
    STANDS = b"Swaps within a day stand."

    def __init__(self, world):
        self.world, ask = world, world.ask
        number = world.open_round(world.propose(self.STANDS.decode()))
        for who in ("ada", "ben", "carla", "dev"):
            ask(who, "vote", number, "agree")
        ask("eli", "round", "close", number)
        proposal = world.propose(self.WORDS["text"].decode())
        ask("ben", "concern", "raise", proposal, self.WORDS["concern"].decode())
        number = world.open_round(proposal)
        for who in ("ada", "ben", "dev"):
            ask(who, "vote", number, "agree")
        ask("carla", "vote", number, "block", "--reason", self.WORDS["reason"].decode())
        ask("eli", "round", "close", number)
        ask("eli", "session", "close", 1)
        self.before = self.proofs()
        self.hashes = {"reason": next(row["reason"]["hash"] for row in ask("dev", "ballots", number)["ballots"]
                                      if row["reason"]),
                       "text": self.proposal(2)["hash"], "stands": self.proposal(1)["hash"],
                       "concern": ask("dev", "concern", "list")["concerns"][0]["text"]["hash"]}

    def proposal(self, number):
        rows = {row["number"]: row for row in self.world.ask("dev", "proposal", "list")["proposals"]}
        return rows[number]["versions"][0]["text"]

    def proofs(self):
        """What has to be the same afterwards."""
        ask = self.world.ask
        return [ask("dev", "outcome", number)["working"] for number in (1, 2)]

    def purge(self):
        self.world.ask("ada", "purge", 1, "--yes", *self.world.with_key("carla"))

    def found(self):
        """Words that a search decrypts, the purged first."""
        search = Search(self.world.data / "store")
        words = {**self.WORDS, "stands": self.STANDS}
        return {name: search.texts(self.hashes[name], words[name]) for name in words}


class Erasure(CliCase):
    def test_erasure(self):
        world, talk = self.world, Talk(self.world)
        # Where it is before: with whoever wrote it, in the clear; with the worker, encrypted.
        for name, words in Talk.WORDS.items():
            where = files_with(world.directory, words)
            self.assertTrue(where, name)
            self.assertFalse([path for path in where if path.startswith("data/")], where)
        for name, (texts, _) in talk.found().items():
            self.assertGreater(texts, 0, name)

        talk.purge()
        # At once, with the worker running; and again when it has ended, and written whatever it writes then.
        for is_down in (False, True):
            found = talk.found()
            for name in Talk.WORDS:
                self.assertEqual(found[name][0], 0, (name, found))
            self.assertGreater(sum(found[name][1] for name in Talk.WORDS), 0, "no free page has what was: nothing was tried")
            self.assertGreater(found["stands"][0], 0)
            self.assertFalse(files_with(world.data, b"CANARY"))
            if not is_down:
                world.down()
        world.up()

        # Those who wrote it learn of it with whatever they read next that says so.
        for who in ("ada", "ben", "carla", "dev", "eli"):
            code, output, errors = world.comity(who, "events", "--json")
            self.assertEqual(code, 0, errors)
            self.assertNotIn("CANARY", output)
        self.assertFalse(files_with(world.directory, b"CANARY"))

        # What is on record is proven as before, exported, verified and counted as before.
        self.assertEqual(talk.before, talk.proofs())
        for who in ("ben", "carla", "dev"):
            for row in self.ask(who, "receipt", "list")["receipts"]:
                self.assertTrue(self.ask(who, "receipt", "show", row["command_id"])["is_verified"])
        self.ask("dev", "export", "copy.export")
        self.ask("dev", "recount", "copy.export")  # ends with DIFFERS where a count does
        done = subprocess.run([BUILD / "comity-worker", "verify", "--config", world.data / "worker.ini"], timeout=120,
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, "The store is whole.\n"), done.stderr)


class Restored(CliCase):
    """A backup of before an act whose reason was purged later: the act is not sent again without its words."""

    def worker(self, *words):
        subprocess.run([BUILD / "comity-worker", *map(str, words), "--config", self.world.data / "worker.ini"], check=True,
                       capture_output=True, timeout=120)

    def left(self, who):
        return [(row["act"], row["error"]) for row in self.ask(who, "resubmit", exit=None)["not_taken_over"]]

    def test_what_was_purged_is_not_sent_again(self):
        world, reason = self.world, "CANARY the reason of a block"
        number = world.open_round(world.propose())
        self.worker("export", "--to", world.directory / "backup")
        for who in ("ada", "ben", "dev"):
            self.ask(who, "vote", number, "agree")
        self.ask("carla", "vote", number, "block", "--reason", reason)
        self.ask("eli", "round", "close", number)
        self.ask("eli", "session", "close", 1)
        self.ask("ada", "purge", 1, "--yes", *world.with_key("carla"))
        self.ask("carla", "ballots", number)  # she learns of it
        self.assertFalse(files_with(world.directory, reason.encode()))
        world.down()
        shutil.rmtree(world.data / "store")
        self.worker("restore", "--from", world.directory / "backup")
        world.up()
        self.assertEqual(self.left("ada"), [("purge_texts", "EPOCH")])  # to be done anew: what the backup has is there again
        self.assertEqual(self.left("carla"), [("cast_ballot on round 1", "TEXT")])
        self.assertEqual(self.left("dev"), [])
        self.assertEqual(len(self.ask("dev", "ballots", number)["ballots"]), 2)  # Ada's and Dev's


class Control(unittest.TestCase):
    """A worker that deletes the wrapped keys and keeps the master: free pages have all that is needed."""

    def test_a_worker_that_keeps_the_master_is_found_out(self):
        world = World()
        self.addCleanup(world.close)
        programs = world.directory / "programs"
        programs.mkdir()
        for name, program in (("comity", "comity"), ("comity-broker", "comity-broker"),
                              ("comity-worker", "tests/comity-worker-keeps-the-master")):
            shutil.copy(BUILD / program, programs / name)
        subprocess.run([programs / "comity", "up", "--data", world.data, "--detach", "--home", world.home("operator")],
                       check=True, capture_output=True, timeout=120)
        world.found()
        world.seat_everybody()
        talk = Talk(world)
        talk.purge()
        found = talk.found()
        self.assertGreater(sum(found[name][0] for name in Talk.WORDS), 0, found)


if __name__ == "__main__":
    unittest.main()
