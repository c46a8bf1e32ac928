"""A decision in Spanish and in French, on a machine that has no locale of either: the words are translated, refusals as
well; what programs read is the same in every language."""

import json
import os
import re
import subprocess
import unittest

from cli_case import COMITY, CliCase, DONE, REFUSED, TIMEOUT_S, USAGE

VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG", "COMITY_LANGUAGE")
# Words that no sentence of the other languages has, and that nobody here has called a thing by.
ENGLISH = re.compile(r"\b(the|of|is|and|has|have|by|not|there|it|with|who|this|was|are|been|what)\b", re.I)
# What may stand in English: what is typed, and what people wrote.
TYPED = re.compile(r"`[^`]*`|comity [a-z-]+( [a-z-]+)?|--[a-z-]+|/\S+")

LANGUAGES = {
    "es": {"rule": "Regla consensus", "open": "está abierta", "vote": "Su respuesta es `agree`.", "roll": "Han respondido 4 de 4.",
           "outcome": "ADOPTADA. La propuesta queda adoptada", "holds": "se cumple", "present": "presentes",
           "forbidden": "Rechazado: Usted no tiene derecho a hacer esto. Quién lo tiene: quien ocupa un puesto del órgano, o la "
                        "facilitación. (FORBIDDEN, key)",
           "next": "A continuación: comity body show steering indica quién ocupa sus puestos",
           "list": "No hay ninguna representación `labor`. Hay union, management y convener.",
           "usage": "No se entiende: No hay ninguna orden `vot`. ¿Quiso decir `comity vote`? (USAGE)", "charter": "# Una carta:",
           "file": "charter.ini, línea 1: no hay ninguna sección [alliance]: hay [partnership]", "ballots": "Contado a partir de 4 papeletas"},
    "fr": {"rule": "Règle consensus", "open": "est ouvert", "vote": "Votre réponse est `agree`.", "roll": "4 sur 4 ont répondu.",
           "outcome": "ADOPTÉE. La proposition est adoptée\u00a0:", "holds": "rempli", "present": "présents",
           "forbidden": "Refusé\u00a0: Vous n'avez pas le droit de faire cela. Qui l'a\u00a0: qui occupe un siège de l'instance, ou la "
                        "facilitation. (FORBIDDEN, key)",
           "next": "Ensuite\u00a0: comity body show steering dit qui occupe ses sièges",
           "list": "Il n'y a pas de collège `labor`. Il y a union, management et convener.",
           "usage": "Pas compris\u00a0: Il n'y a pas de commande `vot`. Vouliez-vous dire `comity vote`\u00a0? (USAGE)",
           "charter": "# Une charte\u00a0:",
           "file": "charter.ini, ligne 1\u00a0: il n'y a pas de section [alliance]\u00a0: il y a [partnership]",
           "ballots": "Compté sur 4 bulletins"},
}
LISTS = (["partnership", "show"], ["whoami"], ["member", "list"], ["key", "list"], ["invitation", "list"], ["body", "list"],
         ["body", "show", "steering"], ["rule", "list"], ["rule", "show", "consensus"], ["rule", "templates"], ["session", "list"],
         ["session", "show", 1], ["item", "list"], ["proposal", "list"], ["round", "list"], ["decisions"], ["receipt", "list"],
         ["resubmit"], ["doctor"], ["history"], ["charter", "sample"], ["errors"], ["help"], ["help", "resubmit"], ["help", "exit-codes"])


class Language(CliCase):
    def run_in(self, who, *words, language=None, exit=DONE, **variables):
        """(standard output, standard error), in a language, or with these variables alone."""
        environment = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        given = [] if language is None else ["--language", language]
        done = subprocess.run([COMITY, *map(str, words), *given, "--home", self.world.home(who)], capture_output=True, text=True,
                              timeout=TIMEOUT_S, cwd=self.world.directory, env={**environment, **variables})
        self.assertEqual(done.returncode, exit, (words, done.stdout, done.stderr))
        return done.stdout, done.stderr

    def assert_translated(self, text, words):
        """Line by line; what is typed apart."""
        for line in text.splitlines():
            said = TYPED.sub("", line)
            self.assertLess(len(ENGLISH.findall(said)), 2, f"{words}: {line}")

    def decide(self, language, expected):
        w = self.world
        proposal = w.propose()
        say = lambda who, *words, **more: self.run_in(who, *words, language=language, **more)
        opened = say("eli", "round", "open", proposal, "--rule", "consensus")[0]
        self.assertIn(expected["open"], opened)
        number = self.ask("eli", "round", "list", proposal)["rounds"][0]["number"]
        for who in ("ada", "ben", "carla", "dev"):
            voted = say(who, "vote", number, "agree")[0]
            self.assertIn(expected["vote"], voted)
            self.assertIn("Swaps are approved within a day.", voted)
            self.assert_translated(voted.replace("Swaps are approved within a day.", ""), "vote")
        shown = say("ada", "round", "show", number)[0]
        self.assertIn(expected["roll"], shown)
        self.assertIn(expected["rule"], shown)
        self.assert_translated(shown, "round show")
        closed = say("eli", "round", "close", number)[0]
        self.assertIn(expected["outcome"], closed)
        for words in (["pack", "before", 1], ["pack", "after", 1], ["watch", 1, "--once"]):
            self.assert_translated(say("ada", *words)[0], words)
        outcome = say("ada", "outcome", number)[0]
        for word in ("outcome", "holds", "present", "ballots"):
            self.assertIn(expected[word], outcome)
        self.assert_translated(outcome, "outcome")
        return number

    def refuse_in(self, language, expected):
        w = self.world
        say = lambda who, *words, exit=REFUSED: self.run_in(who, *words, language=language, exit=exit)
        errors = say("eve", "item", "add", 1, "x")[1]
        self.assertIn(expected["forbidden"], errors)
        self.assertIn(expected["next"], errors)
        create = ["body", "create", "x", "--title", "X", "--seats", "union=1", "--seats", "labor=1", *w.with_key("carla")]
        self.assertIn(expected["list"], say("ada", *create)[1])
        self.assertIn(expected["usage"], say("ada", "vot", exit=USAGE)[1])
        w.file("charter.ini", "[alliance]\n")
        prepare = ["found", "prepare", "charter.ini", "--place", w.data / "place.json", "--out", "x.draft"]
        self.assertIn(expected["file"], say("ada", *prepare, exit=USAGE)[1])
        self.assertTrue(say("ada", "found", "charter", exit=DONE)[0].startswith(expected["charter"]))

    def test_a_decision(self):
        for language, expected in LANGUAGES.items():
            with self.subTest(language):
                self.decide(language, expected)
                self.refuse_in(language, expected)
                for words in LISTS:
                    text, errors = self.run_in("ada", *words, language=language)
                    self.assert_translated(text + errors, words)

    def test_documents_are_the_same(self):
        """To the last byte, but for how much room the disk has; and so is a refusal's."""
        room = lambda document: re.sub(r"\d+ MiB", "MiB", document)
        number = self.decide("es", LANGUAGES["es"])
        for words, exit in (*((words, DONE) for words in LISTS), (["outcome", number], DONE),
                            (["round", "show", 99], REFUSED), (["vot"], USAGE), (["vote", number, "agree"], REFUSED)):
            with self.subTest(words=words):
                english = self.run_in("ada", *words, "--json", exit=exit)[0]
                json.loads(english)
                for language in LANGUAGES:
                    translated = self.run_in("ada", *words, "--json", language=language, exit=exit)[0]
                    self.assertEqual(room(translated), room(english))

    def test_how_it_is_chosen(self):
        help_in = lambda language=None, **variables: self.run_in("ada", "help", language=language, **variables)[0]
        english, spanish, french = help_in("en"), help_in("es"), help_in("fr")
        self.assertEqual(len({english, spanish, french}), 3)
        for variables, expected in (({}, english), ({"COMITY_LANGUAGE": "es"}, spanish), ({"LANG": "es_MX.UTF-8"}, spanish),
                                    ({"LC_ALL": "fr_FR.UTF-8", "LANG": "es_ES.UTF-8"}, french), ({"LC_MESSAGES": "fr"}, french),
                                    ({"LANG": "en_US.UTF-8", "LANGUAGE": "de:fr_CA:es"}, french), ({"LANG": "de_DE.UTF-8"}, english),
                                    ({"LC_ALL": "C", "LANGUAGE": "fr"}, english), ({"LANG": "C.UTF-8", "LANGUAGE": "fr"}, french),
                                    ({"COMITY_LANGUAGE": "en", "LANG": "fr_FR.UTF-8"}, english), ({"LANGUAGE": "fr"}, english),
                                    ({"COMITY_LANGUAGE": "fr", "LC_ALL": "C"}, french), ({"COMITY_LANGUAGE": ""}, english),
                                    ({"COMITY_LANGUAGE": "system", "LANG": "es_ES"}, spanish)):
            with self.subTest(variables):
                self.assertEqual(help_in(**variables), expected)
                self.assertEqual(help_in("es", **variables), spanish)

    def test_a_language_that_there_is_not(self):
        for words in ([], ["--json"]):
            said = "".join(self.run_in("ada", "whoami", *words, language="xx", exit=USAGE))
            self.assertIn("language cannot be `xx`, as --language has it. It is one of system|en|es|fr.", said)
            said = "".join(self.run_in("ada", "whoami", *words, exit=USAGE, COMITY_LANGUAGE="esperanto"))
            self.assertIn("language cannot be `esperanto`, as $COMITY_LANGUAGE has it.", said)
        self.assertIn("timeout ne peut pas être `0`", self.run_in("ada", "whoami", "--timeout", 0, language="fr", exit=USAGE)[1])

    def test_a_language_that_is_kept(self):
        self.run_in("kim", "config", "set", "language", "fr")
        self.assertIn("Cette machine n'appartient encore à aucun partenariat", self.run_in("kim", "whoami", exit=USAGE)[1])
        self.assertIn("belongs to no partnership", self.run_in("kim", "whoami", exit=USAGE, COMITY_LANGUAGE="en")[1])
        self.assertIn("ninguna alianza", self.run_in("kim", "whoami", language="es", exit=USAGE, COMITY_LANGUAGE="en")[1])


if __name__ == "__main__":
    unittest.main()
