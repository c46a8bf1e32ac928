"""Each page of docs/guide, tried from its first command to its last on an installation of its own: no command fails that
the page does not say fails, and what comes back is what the page says. guide_page.py has the convention.

COMITY_GUIDE_WRITE=1 writes what comes into the pages, to be read and taken or not."""

import os
import re
import unittest
from pathlib import Path

from cli_case import BUILD, World
from guide_page import is_as_told, read_steps, rewritten
from terminal import run_on_terminal

GUIDES = Path(__file__).resolve().parents[3] / "docs" / "guide"


class GuideWorld(World):
    """Everybody's machine is a folder in `home`; the files that go from hand to hand are in the folder that all work in."""

    def __init__(self):
        super().__init__()
        self.top, self.directory = self.directory, self.directory / "files"
        self.directory.mkdir()
        self.data = self.top / "home" / "operator" / "partnership"

    def close(self):
        try:
            if (self.data / "lock").exists():
                self.type_in("operator", "comity down --data ~/partnership")
        finally:
            self.directory = self.top
            super().close()

    def home(self, who):
        return self.top / "home" / who / ".config" / "comity"

    def begin_draft(self):
        """The founders have signed; the operator has not submitted it yet."""
        self.prepare()

    def begin_founded(self):
        self.up()
        self.found()

    def begin_seated(self):
        """A body of three seats a side, two of them taken, and the rule that both sides adopted for it."""
        self.begin_founded()
        self.ask("ada", "body", "create", "steering", "--title", "Steering Committee", "--seats", "union=3", "--seats",
                 "management=3", *self.with_key("carla"))
        self.ask("ada", "rule", "adopt", "consensus", *self.with_key("carla"))
        for who, seat, member in (("ada", 1, "Ada Okafor"), ("ada", 2, "Ben Ruiz"), ("carla", 4, "Carla Weiss"),
                                  ("carla", 5, "Dev Patel")):
            self.ask(who, "seat", "assign", "steering", seat, member)

    def write(self, name, lines):
        text = re.sub(r"KEY-OF-([A-Z]+)", lambda key: self.ask(key.group(1).lower(), "key", "show")["key"], "\n".join(lines))
        self.file(name, text + "\n")

    def type_in(self, who, command, answers=()):
        """What somebody types at a terminal of 80 columns without colour: (exit code, lines that came)."""
        home = self.top / "home" / who
        home.mkdir(parents=True, exist_ok=True)
        code, shown = run_on_terminal(self, who, "-c", command, program="/bin/bash", answer="".join(f"{a}\n" for a in answers),
                                      environment={"HOME": str(home), "PATH": f"{BUILD}:{os.environ['PATH']}",
                                                   "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC"}.items())
        shown = re.sub(r"[^\n]*\r(?:\x1b\[K)?", "", shown)  # what a line drew anew has covered
        shown = shown.replace(str(home), "~")
        return code, shown.rstrip("\n").split("\n") if shown.strip() else []


class Guides(unittest.TestCase):
    def try_page(self, name):
        page = GUIDES / name
        text = page.read_text()
        steps = read_steps(text)
        self.assertTrue([step for step in steps if step.is_told], f"{name} tells no command")
        world, came, wrong = GuideWorld(), {}, []
        self.addCleanup(world.close)
        for step in steps:
            if step.world:
                getattr(world, f"begin_{step.world}")()
                continue
            if step.file:
                world.write(step.file, step.shown)
                continue
            code, lines = world.type_in(step.who, step.command, step.answers())
            came[step.line] = lines
            what = None
            if (code != 0) != step.fails():
                what = f"ended with {code}"
            elif step.is_told and not is_as_told(step.shown, lines):
                what = "something else came"
            if what:
                wrong.append(f"{name}:{step.line}: {step.who}$ {step.command}\n{what}:\n" + "\n".join(lines))
                if code != 0 and not step.is_told:
                    break
        if os.environ.get("COMITY_GUIDE_WRITE"):
            page.write_text(rewritten(text, steps, came))
        self.assertEqual(wrong, [], "\n\n" + "\n\n".join(wrong))


def trial(name):
    return lambda self: self.try_page(name)


for found in sorted(GUIDES.glob("*.md")):
    if found.stem != "README":
        setattr(Guides, "test_" + found.stem.replace("-", "_"), trial(found.name))


class Pages(unittest.TestCase):
    """The comparison itself can fail."""

    PAGE = "```console\nyou$ comity \\\n    vote 1 agree\nRecorded as number 4.\n...\nDone.\n\nyou$ x\n```\n\n```sh\nroot$ y\n```\n"

    def test_a_page_is_read(self):
        steps = read_steps(self.PAGE)
        self.assertEqual([(step.line, step.who, step.command) for step in steps],
                         [(2, "you", "comity vote 1 agree"), (8, "you", "x")])
        self.assertEqual(steps[0].shown, ["Recorded as number 4.", "...", "Done."])

    def test_what_differs_is_seen(self):
        told = ["Recorded as number 4.", "...", "Done."]
        self.assertTrue(is_as_told(told, ["Recorded as number 4.", "a", "b", "Done."]))
        self.assertTrue(is_as_told(["At 2026-11-29 01:59 UTC."], ["At 2027-01-01 10:00 UTC."]))
        self.assertFalse(is_as_told(told, ["Recorded as number 5.", "Done."]))
        self.assertFalse(is_as_told(told, ["Recorded as number 4.", "a"]))
        self.assertFalse(is_as_told([], ["a"]))
        self.assertFalse(is_as_told(["a"], []))

    def test_what_comes_is_written_into_the_page(self):
        steps = read_steps(self.PAGE)
        page = rewritten(self.PAGE, steps, {2: ["Recorded as number 7."], 8: ["came"]})
        self.assertIn("agree\nRecorded as number 7.\n\nyou$ x\ncame\n```", page)


if __name__ == "__main__":
    unittest.main()
