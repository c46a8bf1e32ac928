"""Settings as people keep them: where each comes from, what cannot be used, and contexts that there are not."""

import json
import os
import subprocess
import unittest

from cli_case import COMITY, DONE, REFUSED, TIMEOUT_S, USAGE, World

PLACE = {"group_key": "11" * 32, "brokers": [{"endpoint": "tcp://127.0.0.1:9", "key": "22" * 32}]}


class Settings(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.file("place.json", json.dumps(PLACE))

    def origins(self, *words, environment=()):
        done = subprocess.run([COMITY, "config", "show", "--json", "--home", self.world.home("ada"), *words], text=True,
                              capture_output=True, timeout=TIMEOUT_S, env={**os.environ, **dict(environment)})
        document = json.loads(done.stdout)
        self.assertEqual(done.returncode, document["exit"])
        return {row["name"]: (row["value"], row["origin"], row["where"]) for row in document["settings"]}

    def test_where_each_comes_from(self):
        w = self.world
        home = w.home("ada")
        w.ask("ada", "context", "add", "lakeside", "--place", "place.json")
        w.ask("ada", "context", "add", "harbor", "--place", "place.json")
        self.assertEqual(self.origins()["timeout"], ("15", "default", ""))
        w.ask("ada", "config", "set", "timeout", 20)
        self.assertEqual(self.origins()["timeout"], ("20", "file", f"{home}/config.ini"))
        w.ask("ada", "config", "set", "timeout", 30, "--in-context")
        self.assertEqual(self.origins()["timeout"], ("30", "context", f"{home}/contexts/lakeside.ini"))
        self.assertEqual(self.origins("--context", "harbor")["timeout"], ("20", "file", f"{home}/config.ini"))
        environment = {"COMITY_TIMEOUT": "40", "NO_COLOR": "1", "COMITY_CONTEXT": "harbor"}
        found = self.origins(environment=environment)
        self.assertEqual(found["timeout"], ("40", "environment", "$COMITY_TIMEOUT"))
        self.assertEqual(found["color"], ("never", "environment", "$NO_COLOR"))
        self.assertEqual(found["context"], ("harbor", "environment", "$COMITY_CONTEXT"))
        found = self.origins("--timeout", "50", "--color", "always", "--context", "lakeside", environment=environment)
        self.assertEqual(found["timeout"], ("50", "flag", "--timeout"))
        self.assertEqual(found["color"], ("always", "flag", "--color"))
        self.assertEqual(found["context"], ("lakeside", "flag", "--context"))
        self.assertEqual(found["home"], (str(home), "flag", "--home"))
        w.ask("ada", "config", "set", "timeout", "--in-context")
        w.ask("ada", "config", "set", "timeout")
        self.assertEqual(self.origins()["timeout"], ("15", "default", ""))
        lines = w.comity("ada", "config", "show", "--origin")[1].splitlines()
        self.assertEqual(lines[0].split(), ["setting", "value", "from"])
        self.assertIn(["context", "lakeside", "file:", f"{home}/current"], [line.split() for line in lines])

    def test_the_language_is_one_of_them(self):
        w = self.world
        w.ask("ada", "config", "set", "language", "es")
        self.assertEqual(self.origins()["language"], ("es", "file", f"{w.home('ada')}/config.ini"))
        self.assertEqual(self.origins("--language", "fr", environment={"COMITY_LANGUAGE": "es_MX.UTF-8"})["language"][:2],
                         ("fr", "flag"))
        self.assertEqual(self.origins(environment={"COMITY_LANGUAGE": "fr_CA.UTF-8"})["language"][:2], ("fr", "environment"))
        error = w.ask("ada", "version", "--language", "xx", exit=USAGE)["error"]
        self.assertIn("language cannot be `xx`, as --language has it. It is one of system|en|es|fr.", error["what"])

    def test_what_cannot_be_used(self):
        w = self.world
        for words, what in ((["config", "set", "timeout", "soon"], "timeout cannot be `soon`. It is a number from 1 to 3600."),
                            (["config", "set", "tempo", "1"], "There are timeout, color, accessible and language."),
                            (["version", "--color", "red"], "color cannot be `red`, as --color has it."),
                            (["whoami", "--timeout", "0"], "timeout cannot be `0`, as --timeout has it.")):
            error = w.ask("ada", *words, exit=USAGE)["error"]
            self.assertEqual(error["name"], "USAGE")
            self.assertIn(what, error["what"])
        w.home("ada").mkdir(mode=0o700)
        (w.home("ada") / "config.ini").write_text("[settings]\ntimeout = soon\n")
        error = w.ask("ada", "key", "new", exit=USAGE)["error"]
        self.assertIn("timeout cannot be `soon`, as ", error["what"])
        self.assertIn("config.ini has it", error["what"])
        w.ask("ada", "version")
        w.ask("ada", "config", "show", exit=USAGE)
        w.ask("ada", "config", "set", "timeout", 20)
        w.ask("ada", "key", "new")

    def test_an_unknown_context_lists_those_that_there_are(self):
        w = self.world
        self.assertEqual(w.ask("ada", "whoami", "--context", "lakesite", exit=USAGE)["error"]["what"],
                         "There is no context `lakesite`. This machine has none yet.")
        w.ask("ada", "context", "add", "lakeside", "--place", "place.json")
        w.ask("ada", "context", "add", "harbor", "--place", "place.json")
        for words, exit in ((["whoami", "--context", "lakesite"], USAGE), (["context", "use", "lakesite"], REFUSED),
                            (["context", "show", "lakesite"], REFUSED), (["context", "remove", "lakesite"], REFUSED)):
            error = w.ask("ada", *words, exit=exit)["error"]
            self.assertEqual(error["what"], "There is no context `lakesite`. There are: harbor, lakeside.", words)
            self.assertEqual(w.comity("ada", *words)[0], exit)
        self.assertEqual(w.comity("ada", "context", "use", "harbor")[0], DONE)


if __name__ == "__main__":
    unittest.main()
