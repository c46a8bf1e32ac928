"""Lines between hosts, and the rules that cut them; and that a machine without namespaces is told of aloud."""

import contextlib
import io
import os
import pathlib
import sys
import unittest
from unittest import mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support" / "python"))

import comity_net  # noqa: E402
from comity_net import ALL, changed, rules  # noqa: E402

HOSTS = ["a", "b", "c"]


class Lines(unittest.TestCase):
    def test_changed(self):
        whole = changed({}, HOSTS, "a", None, ALL)
        self.assertEqual(whole, {("a", "b"): ALL, ("b", "a"): ALL, ("a", "c"): ALL, ("c", "a"): ALL})
        self.assertEqual(changed({}, HOSTS, "a", None, ALL, one_way=True), {("a", "b"): ALL, ("a", "c"): ALL})
        self.assertEqual(changed({}, HOSTS, "a", "c", 50), {("a", "c"): 50, ("c", "a"): 50})
        self.assertEqual(changed({}, HOSTS, "a", "c", 50, one_way=True), {("a", "c"): 50})
        self.assertEqual(changed(whole, HOSTS, "b", "a", 0), {("a", "c"): ALL, ("c", "a"): ALL})
        self.assertEqual(changed(whole, HOSTS, "a", None, 0), {})
        self.assertEqual(len(whole), 4)   # not the one that was given

    def test_rules(self):
        ports = {"a": "host1", "b": "host2", "c": "host3"}
        self.assertEqual(rules({("a", "b"): ALL, ("c", "a"): 50}, ports).splitlines()[2:], [
            "table bridge comity {",
            "  chain lines {",
            "    type filter hook forward priority 0",
            '    iifname "host1" oifname "host2" drop',
            '    iifname "host3" oifname "host1" numgen random mod 1000 < 50 drop',
            "  }",
            "}"])
        self.assertNotIn("drop", rules({}, ports))


class Permitted(unittest.TestCase):
    def said(self, **environment):
        words = io.StringIO()
        with mock.patch.dict(os.environ, environment), contextlib.redirect_stdout(words):
            self.assertIs(comity_net.network_or_processes(), comity_net.Processes)
        return words.getvalue()

    def test_not_wanted(self):
        """Who has chosen that need not be told aloud."""
        self.assertEqual(self.said(COMITY_NO_NAMESPACES="1"), "no network of its own, as COMITY_NO_NAMESPACES=1 has it\n")

    def test_a_program_is_missing(self):
        with mock.patch("shutil.which", lambda name: None if name == "nft" else name):
            self.assertIn("NO NETWORK OF ITS OWN: there is no program nft (./deploy/install-packages --test).",
                          self.said(COMITY_NO_NAMESPACES="0"))

    def test_not_permitted(self):
        with mock.patch("shutil.which", lambda name: name), \
                mock.patch("comity_net.unshare_command", lambda: ["sh", "-c", "echo unshare: no >&2; exit 1"]):
            self.assertRegex(self.said(COMITY_NO_NAMESPACES="0"), r"(?m)^!+$\n!!! NO NETWORK OF ITS OWN: unshare: no\.$")


if __name__ == "__main__":
    unittest.main(verbosity=2)
