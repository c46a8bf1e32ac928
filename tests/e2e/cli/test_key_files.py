"""Keys under a passphrase and as recovery words: at a terminal, in scripts, and what of them can be seen by others."""

import json
import os
import re
import subprocess
import sys
import unicodedata
import unittest
from pathlib import Path

from cli_case import COMITY, DONE, TIMEOUT_S, USAGE, CliCase, World
from terminal import run_on_terminal

GOOD, OTHER, WRONG = "correct horse battery", "a second one, longer", "not this one"
AGAIN = "The same once more: "


def key_file(world, who):
    return world.home(who) / "keys" / "signing.key"


def listed(output):
    """The words that `key words` shows."""
    return re.findall(r"\b\d+ (\w+)", unicodedata.normalize("NFC", output).split("\n\n")[1])


def secret(world, name, text):
    path = world.file(name, text + "\n")
    path.chmod(0o600)
    return path


class OnTerminal(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.ask("ada", "key", "new")
        self.path = key_file(self.world, "ada")
        self.of = f"assphrase of {self.path}: "

    def type(self, *words, typed, **options):
        code, shown = run_on_terminal(self.world, "ada", *words, typed=typed, width=400, **options)
        for _, line in typed:
            if line:
                self.assertNotIn(line, shown, "a passphrase was echoed")
        return code, shown

    def protect(self, phrase=GOOD):
        code, shown = self.type("key", "protect", typed=[("New p" + self.of, phrase), (AGAIN, phrase)])
        self.assertEqual(code, DONE, shown)

    def test_set_change_remove(self):
        before = self.path.read_text()
        seed = before.split("secret ")[1].strip()
        self.protect()
        self.assertTrue(self.path.read_text().startswith("comity signing seed 2\n"))
        self.assertNotIn(seed, self.path.read_text())
        self.assertEqual(self.path.stat().st_mode & 0o777, 0o600)
        self.assertEqual([p.name for p in self.path.parent.iterdir()], ["signing.key"], "a file is left over")
        code, shown = self.type("key", "protect", typed=[("P" + self.of, GOOD), ("New p" + self.of, OTHER), (AGAIN, OTHER)])
        self.assertEqual(code, DONE, shown)
        code, shown = self.type("key", "protect", "--remove", typed=[("P" + self.of, OTHER)])
        self.assertEqual(code, DONE, shown)
        self.assertEqual(self.path.read_text(), before)

    def test_a_wrong_one_locks_nothing(self):
        self.protect()
        closed = self.path.read_bytes()
        code, shown = self.type("key", "protect", "--remove", typed=[("P" + self.of, WRONG)] * 3)
        self.assertEqual(code, USAGE, shown)
        self.assertIn("(PASSPHRASE)", shown)
        self.assertEqual(shown.count("The passphrase does not open"), 3)
        self.assertEqual(self.path.read_bytes(), closed)
        code, shown = self.type("key", "protect", "--remove", typed=[("P" + self.of, WRONG), ("P" + self.of, GOOD)])
        self.assertEqual(code, DONE, shown)

    def test_nothing_typed_gives_up(self):
        self.protect()
        code, shown = self.type("key", "protect", "--remove", typed=[("P" + self.of, "")])
        self.assertEqual(code, USAGE, shown)
        self.assertEqual(shown.count("assphrase of"), 1)

    def test_a_new_one_is_typed_twice_and_is_long_enough(self):
        before = self.path.read_bytes()
        code, shown = self.type("key", "protect", typed=[("New p" + self.of, "short"), ("New p" + self.of, GOOD), (AGAIN, OTHER),
                                                         ("New p" + self.of, "")])
        self.assertEqual(code, USAGE, shown)
        self.assertIn("at least 8 characters", shown)
        self.assertIn("The two are not the same.", shown)
        self.assertEqual(self.path.read_bytes(), before)

    def test_the_terminal_echoes_again_after_an_interruption(self):
        self.protect()
        script = f"trap : INT; {COMITY} key words --home {self.world.home('ada')}; stty -a | grep -o -e '-\\?echo '"
        code, shown = run_on_terminal(self.world, "ada", "-c", script, program="/bin/bash", width=400,
                                      typed=[("P" + self.of, "\x03")])
        self.assertEqual(shown.split()[-1], "echo", shown)

    def test_words_to_paper_and_back(self):
        code, shown = run_on_terminal(self.world, "ada", "key", "words", width=400)
        self.assertEqual(code, DONE, shown)
        words = listed(shown)
        self.assertEqual(len(words), 24, shown)
        code, shown = run_on_terminal(self.world, "ben", "key", "from-words", width=400,
                                      typed=[("several: ", " ".join(words[:12]).upper()), (" only Enter to stop.\r\n", " ".join(words[12:]))])
        self.assertEqual(code, DONE, shown)
        self.assertEqual(key_file(self.world, "ben").read_text(), self.path.read_text())

    def test_a_word_too_few_is_said_at_once(self):
        code, shown = run_on_terminal(self.world, "ben", "key", "from-words", width=400,
                                      typed=[("several: ", "abandon " * 23), (" only Enter to stop.\r\n", "")])
        self.assertEqual(code, USAGE, shown)
        self.assertIn("23 of 24 words so far", shown)
        self.assertIn("There are not 24 words but 23: some are missing.", shown)

    def test_what_holds_a_key_leaves_no_dump(self):
        """While the passphrase is asked for; and nothing of it is in the arguments or the environment."""
        self.protect()
        seen = []

        def look(process):
            limits = Path(f"/proc/{process.pid}/limits").read_text()
            seen.append(re.search(r"Max core file size +(\S+)", limits).group(1))
            for name in ("cmdline", "environ"):
                self.assertNotIn(GOOD.encode(), Path(f"/proc/{process.pid}/{name}").read_bytes())
        code, shown = self.type("key", "words", typed=[("P" + self.of, GOOD)], look=look)
        self.assertEqual((code, seen), (DONE, ["0"]), shown)


class Scripts(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def test_files_and_descriptors(self):
        world = self.world
        good, other = secret(world, "good", GOOD), secret(world, "other", OTHER)
        document = world.ask("ada", "key", "new", "--new-passphrase-file", good)
        self.assertTrue(document["has_passphrase"])
        self.assertEqual(world.ask("ada", "key", "show")["fingerprint"], document["fingerprint"])
        self.assertTrue(world.ask("ada", "key", "show")["has_passphrase"])
        world.ask("ada", "key", "protect", "--passphrase-file", good, "--new-passphrase-file", other)
        error = world.ask("ada", "key", "protect", "--remove", "--passphrase-file", good, exit=USAGE)["error"]
        self.assertEqual(error["name"], "PASSPHRASE")
        world.ask("ada", "key", "protect", "--passphrase-file", "-", "--new-passphrase-file", "-", input=f"{OTHER}\n{GOOD}\n")
        read, write = os.pipe()
        os.write(write, (GOOD + "\n").encode())
        os.close(write)
        done = subprocess.run([COMITY, "key", "protect", "--remove", "--passphrase-file", f"/dev/fd/{read}", "--home", world.home("ada")],
                              pass_fds=[read], capture_output=True, text=True, timeout=TIMEOUT_S)
        os.close(read)
        self.assertEqual(done.returncode, DONE, done.stderr)
        self.assertEqual(world.ask("ada", "key", "protect", "--remove", exit=USAGE)["error"]["name"], "STATE")

    def test_nobody_to_ask(self):
        """No terminal: a sentence, and no waiting."""
        world = self.world
        world.ask("ada", "key", "new", "--new-passphrase-file", secret(world, "good", GOOD))
        done = subprocess.run([COMITY, "key", "protect", "--remove", "--json", "--home", world.home("ada")], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=TIMEOUT_S, start_new_session=True)
        error = json.loads(done.stdout)["error"]
        self.assertEqual(error["name"], "PASSPHRASE")
        self.assertIn("--passphrase-file", error["next"])
        done = subprocess.run([COMITY, "key", "new", "--protect", "--home", world.home("ben")], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=TIMEOUT_S, start_new_session=True)
        self.assertEqual(done.returncode, USAGE)
        self.assertFalse(key_file(world, "ben").exists())

    def test_a_file_that_others_can_read_is_refused(self):
        world = self.world
        good = secret(world, "good", GOOD)
        good.chmod(0o640)
        self.assertEqual(world.ask("ada", "key", "new", "--new-passphrase-file", good, exit=USAGE)["error"]["name"], "FILE_MODE")
        secret(world, "long", "x" * 2000)
        self.assertEqual(world.ask("ada", "key", "new", "--new-passphrase-file", "long", exit=USAGE)["error"]["name"], "TOO_LARGE")
        absent = world.ask("ada", "key", "new", "--new-passphrase-file", "absent", exit=USAGE)["error"]
        self.assertEqual((absent["name"], absent["what"]), ("FILE", "absent cannot be opened: No such file or directory."))   # it is no key

    def test_words_go_to_no_file_and_no_document(self):
        world = self.world
        world.ask("ada", "key", "new")
        code, output, _ = world.comity("ada", "key", "words")
        self.assertEqual((code, output), (USAGE, ""))
        error = world.ask("ada", "key", "words", "--even-here", exit=USAGE)["error"]
        self.assertEqual(error["name"], "USAGE")
        code, output, _ = world.comity("ada", "key", "words", "--even-here")
        self.assertEqual(code, DONE)
        self.assertEqual(len(listed(output)), 24)

    def test_an_accent_is_an_accent(self):
        """One keyboard sends it with its letter, another one behind it."""
        world = self.world
        composed = "caf\u00e9 au lait \u00e0 dix heures"
        files = {form: secret(world, form, unicodedata.normalize(form, composed)) for form in ("NFC", "NFD")}
        self.assertNotEqual(files["NFC"].read_bytes(), files["NFD"].read_bytes())
        plain = secret(world, "plain", "cafe au lait a dix heures")
        world.ask("ada", "key", "new", "--new-passphrase-file", files["NFD"])
        error = world.ask("ada", "key", "protect", "--remove", "--passphrase-file", plain, exit=USAGE)["error"]
        self.assertEqual(error["name"], "PASSPHRASE")
        world.ask("ada", "key", "protect", "--passphrase-file", files["NFC"], "--new-passphrase-file", files["NFC"])
        world.ask("ada", "key", "protect", "--remove", "--passphrase-file", files["NFD"])
        short = secret(world, "short", "\u00e9" * 7)  # more bytes than characters
        error = world.ask("ada", "key", "protect", "--new-passphrase-file", short, exit=USAGE)["error"]
        self.assertEqual((error["name"], error["what"]), ("PASSPHRASE", "A passphrase is at least 8 characters long."))
        latin = world.file("latin", "")
        latin.write_bytes("caf\u00e9 au lait\n".encode("latin-1"))  # no UTF-8: as it is
        latin.chmod(0o600)
        world.ask("ada", "key", "protect", "--new-passphrase-file", latin)
        world.ask("ada", "key", "protect", "--remove", "--passphrase-file", latin)

    def test_words_that_are_none(self):
        world = self.world
        for text, sentence in (("abandon " * 24, "do not belong together"), ("abandon " * 23, "not 24 words but 23: some are missing"),
                               ("abandn " + "abandon " * 22 + "art", "Word 1, `abandn`, is not on the list. Was it `abandon`"),
                               ("abandon привет " + "abandon " * 22, "Word 2, `привет`, is not on the list."),
                               ("abandon " * 23 + "art zoo", "more than 24"), ("", "some are missing"),
                               ("zoo " * 400, "more than 24"), ("zoo\n\nzoo\n", "some are missing")):
            error = world.ask("ada", "key", "from-words", exit=USAGE, input=text)["error"]
            self.assertEqual(error["name"], "WORDS")
            self.assertIn(sentence, error["what"])
            self.assertFalse(key_file(world, "ada").exists())
        self.assertEqual(world.ask("ada", "key", "from-words", exit=USAGE, input="x" * 3000)["error"]["name"], "TOO_LARGE")
        world.ask("ada", "key", "from-words", input="abandon " * 23 + "art")
        error = world.ask("ada", "key", "from-words", exit=USAGE, input="abandon " * 23 + "art")["error"]
        self.assertEqual(error["name"], "EXISTS")

    def test_beside_another_implementation(self):
        """Debian's python3-mnemonic says the same words of the same seed, in every list."""
        sys.path.insert(0, "/usr/lib/python3/dist-packages")
        try:
            from mnemonic import Mnemonic
        except ImportError:
            self.skipTest("python3-mnemonic is not installed")
        world = self.world
        for tag, name in (("en", "english"), ("es", "spanish"), ("fr", "french")):
            theirs = Mnemonic(name)
            for _ in range(4):
                seed = os.urandom(32)
                plain = unicodedata.normalize("NFC", theirs.to_mnemonic(seed)).replace("\ufeff", "")
                world.ask("ada", "key", "from-words", input=plain)
                self.assertIn(seed.hex(), key_file(world, "ada").read_text())
                output = world.comity("ada", "key", "words", "--even-here", "--list", tag)[1]
                self.assertEqual(listed(output), plain.split())
                key_file(world, "ada").unlink()

    def test_words_in_the_language_that_is_spoken(self):
        world = self.world
        world.ask("ada", "key", "from-words", input="abandon " * 23 + "art")
        for language, word in (("es", "ábaco"), ("fr", "abaisser"), ("en", "abandon")):
            output = world.comity("ada", "key", "words", "--even-here", "--language", language)[1]
            self.assertIn(f" 1 {word}", output)


class InUse(CliCase):
    """Everything that ada signs, with a key under a passphrase."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.good = secret(cls.world, "good", GOOD)
        cls.world.ask("ada", "key", "protect", "--new-passphrase-file", cls.good)
        cls.opened = ["--passphrase-file", cls.good]

    def test_a_vote(self):
        proposal = self.world.propose()
        number = self.world.open_round(proposal)
        error = self.refuse("ada", "vote", number, "agree", *["--passphrase-file", secret(self.world, "wrong", WRONG)], name="PASSPHRASE",
                            exit=USAGE)
        self.assertIn("Nothing is locked", error["next"])
        self.ask("ada", "vote", number, "agree", *self.opened)

    def test_asked_once_a_run(self):
        """A command that reads, signs and sends asks one time."""
        prompt = f"Passphrase of {key_file(self.world, 'ada')}: "
        code, shown = run_on_terminal(self.world, "ada", "item", "add", "1", "Night shifts", typed=[(prompt, GOOD)], width=400)
        self.assertEqual(code, DONE, shown)
        self.assertEqual(shown.count(prompt), 1)
        self.assertNotIn(GOOD, shown)

    def test_joint_acts_and_drafts(self):
        """Of --with the key is opened by its own passphrase, the same in a script."""
        site = ["site", "add", "west", "--title", "West", "--time-zone", "UTC"]
        self.ask("carla", *site, *self.world.with_key("ada"), *self.opened)
        self.ask("carla", "site", "add", "far", "--title", "Far", "--time-zone", "UTC", "--draft", "far.draft", "--cosigner", "Ada Okafor")
        self.refuse("ada", "draft", "sign", "far.draft", name="PASSPHRASE", exit=USAGE)
        self.ask("ada", "draft", "sign", "far.draft", *self.opened)
        self.ask("carla", "draft", "submit", "far.draft")

    def test_nothing_is_kept_of_it(self):
        """Neither passphrase nor seed is in any file of the home, or in what is printed."""
        output = "".join(self.world.comity("ada", *words, *self.opened)[1:][0] for words in (["whoami"], ["doctor"], ["key", "show"]))
        self.assertNotIn(GOOD, output)
        for path in self.world.home("ada").rglob("*"):
            if path.is_file():
                self.assertNotIn(GOOD.encode(), path.read_bytes(), path)


if __name__ == "__main__":
    unittest.main()
