"""What the shells offer, asked through the shells themselves."""

import json
import os
import shutil
import subprocess
import unittest

from cli_case import BUILD, TIMEOUT_S, World

PLACE = {"group_key": "11" * 32, "brokers": [{"endpoint": "tcp://127.0.0.1:9", "key": "22" * 32}]}

BASH = """source <(comity completion bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_comity
printf '%s\\n' "${COMPREPLY[@]}"
"""
# Many at once: a line of words each, and a line of what is found.
BASH_LINES = """source <(comity completion bash)
while read -r -a line; do
    COMP_WORDS=(comity "${line[@]}") COMP_CWORD=${#line[@]}
    _comity
    echo "${COMPREPLY[*]}"
done
"""
AT_ONCE = 10  # of which none takes too long on a slow machine
# zsh's own functions show things on a screen: these print them.
ZSH = """compdef() { :; }
_describe() { print -l -- "${(@)${(P)2}%%:*}"; }
_files() { if [ "$1" = -/ ]; then print -l -- "${words[CURRENT]}"*(N/); else print -l -- "${words[CURRENT]}"*(N); fi; }
source <(comity completion zsh)
words=("$@") CURRENT=$#
_comity
"""
FISH = "source (comity completion fish | psub); complete -C (string join ' ' -- $argv)"


class Completion(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.file("place.json", json.dumps(PLACE))
        self.world.file("a charter.ini", "")
        (self.world.directory / "folder").mkdir()
        for name in ("lakeside", "lagoon", "harbor"):
            self.world.ask("ada", "context", "add", name, "--place", "place.json")

    def shell(self, *command, input=None):
        environment = {**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}", "COMITY_HOME": str(self.world.home("ada")),
                       "HOME": str(self.world.directory / "folder")}
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, env=environment,
                              cwd=self.world.directory, input=input)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        return done.stdout.splitlines()

    def offered(self, *command):
        return sorted(line.split("\t")[0] for line in self.shell(*command) if line)

    def bash(self, *words):
        return self.offered("bash", "--norc", "-c", BASH, "bash", "comity", *words)

    def test_bash(self):
        for words, found in (
                (["rou"], ["round"]),
                (["round", ""], ["acknowledge", "close", "list", "open", "show"]),
                (["round", "s"], ["show"]),
                (["round", "open", "1", "--r"], ["--rule"]),
                (["round", "open", "1", "--rule", "consensus", "--r"], []),
                (["body", "create", "x", "--seats", "a=1", "--se"], ["--seats"]),
                (["--context", "la"], ["lagoon", "lakeside"]),
                (["whoami", "--context", "la"], ["lagoon", "lakeside"]),
                (["whoami", "--context", "=", "lak"], ["lakeside"]),
                (["whoami", "--context", "="], ["harbor", "lagoon", "lakeside"]),
                (["context", "use", ""], ["harbor", "lagoon", "lakeside"]),
                (["context", "use", "lakeside", ""], []),
                (["context", "add", ""], []),
                (["whoami", "--color", ""], ["always", "auto", "never"]),
                (["config", "set", "a"], ["accessible"]),
                (["completion", ""], ["bash", "fish", "zsh"]),
                (["help", "round", "c"], ["close"]),
                (["invite", "X", "--office", "co"], ["co-chair"]),
                (["found", "prepare", "a"], ["a charter.ini", "ada"]),
                (["site", "add", "x", "--with", "pl"], ["place.json"]),
                (["up", "--data", "f"], ["folder"]),
                (["up", "--data", "pl"], []),
                (["vote", "1", ""], []),
                (["nosuch", ""], [])):
            with self.subTest(words=words):
                self.assertEqual(self.bash(*words), found)
        self.assertIn("checkin", self.bash(""))
        self.assertNotIn("complete-words", self.bash(""))
        self.assertIn("--json", self.bash("round", "list", "-"))

    def test_every_command_and_option(self):
        verbs = self.world.ask("ada", "help")["verbs"]
        for start in range(0, len(verbs), AT_ONCE):
            some = verbs[start:start + AT_ONCE]
            lines = [line for verb in some for line in (verb["name"][:verb["name"].rfind(" ") + 2], verb["name"] + " --")]
            found = self.shell("bash", "--norc", "-c", BASH_LINES, input="".join(f"{line}\n" for line in lines))
            self.assertEqual(len(found), len(lines))
            for verb, names, options in zip(some, found[::2], found[1::2]):
                self.assertIn(verb["name"].split()[-1], names.split())
                self.assertEqual(sorted(options.split()), sorted(f"--{option['name']}" for option in verb["options"]))

    def test_zsh_and_fish(self):
        for shell, call in (("zsh", ["zsh", "-f", "-c", ZSH, "zsh"]), ("fish", ["fish", "--no-config", "-c", FISH])):
            if shutil.which(shell) is None:
                self.skipTest(f"there is no {shell}")
            for words, found in ((["round", "o"], ["open"]), (["context", "use", "la"], ["lagoon", "lakeside"]),
                                 (["up", "--data", "f"], ["folder"]), (["draft", "show", "pl"], ["place.json"])):
                with self.subTest(shell=shell, words=words):
                    self.assertEqual([line.rstrip("/") for line in self.offered(*call, "comity", *words)], found)


if __name__ == "__main__":
    unittest.main()
