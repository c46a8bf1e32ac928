"""What is to be seen of a run of CTest: of tests that passed, too, and whole."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
REPORT = ROOT / "tests" / "quality" / "report.py"
LONG = 5000   # bytes: more than CTest keeps of a test that passes unless it is told to

SHOUT = "print('!' * 100); print('!!! NO NETWORK OF ITS OWN: no nft.'); print('The same test runs.')"
TESTS = {
    "random": "print('## seed 7 (COMITY_SEED sets another)'); print('not ## this')",
    "open": "print('test_a (__main__.A.test_a) ... ## seed 8'); print('!!!'); print('!!!!!! nor this')",
    "cut": f"{SHOUT}; print('x' * {LONG}); print('## p99 2 s')",
    "lines": SHOUT,
    "wrong": "print('## seed 9'); raise SystemExit(1)",
    "vain": "print('said'); raise AssertionError('in vain for 30 s: all know it ' + 'x' * 1000)",
    "unit": "print('[  ERROR   ] --- 0x1 != 0'); print('[   LINE   ] --- test_a.c:7: error: Failure!'); raise SystemExit(1)",
    "lacks": f"{SHOUT}; raise SystemExit(77)",
}
MISSING = 'add_test(missing "/nonexistent/program")\n'


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="comity-report-")))
        lines = [f'add_test({name} "{sys.executable}" "-ISc" [==[{program}]==])\n' for name, program in TESTS.items()]
        lines.append('set_tests_properties(lacks PROPERTIES SKIP_RETURN_CODE 77)\n')
        (cls.directory / "CTestTestfile.cmake").write_text("".join(lines) + MISSING)

    def reported(self, *options):
        file = self.directory / "report.xml"
        subprocess.run(["ctest", "-j", "1", "--output-junit", file, *options], cwd=self.directory, stdin=subprocess.DEVNULL, capture_output=True,
                       timeout=60)
        done = subprocess.run([sys.executable, "-B", REPORT, file], capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    def test_said_aloud(self):
        self.assertRegex((ROOT / "tests" / "run").read_text(), r"\bctest .*(\\\n.*)*--test-output-size-passed \"\$output_max\"")
        self.assertEqual(self.reported("--test-output-size-passed", str(1 << 20)), [
            "4 4 1",
            "## random: seed 7 (COMITY_SEED sets another)",
            "## open: seed 8",
            "## cut: p99 2 s",
            "## wrong: seed 9",
            "!!! NO NETWORK OF ITS OWN: no nft. (3 tests: cut, lines, lacks)",
            "FAILED   wrong",
            f"FAILED   vain: {'AssertionError: in vain for 30 s: all know it '.ljust(800, 'x')}",
            "FAILED   unit: [  ERROR   ] --- 0x1 != 0 / [   LINE   ] --- test_a.c:7: error: Failure!",
            "SKIPPED  lacks",
            "FAILED   missing (Unable to find executable)"])

    def test_what_ctest_cuts_is_told(self):
        """As it does unless it is asked not to."""
        lines = self.reported()
        self.assertNotIn("## cut: p99 2 s", lines)
        self.assertIn("!!! CTEST HAS CUT THE OUTPUT, so that something may be missing here: --test-output-size-passed. (1 test: cut)", lines)

    def test_nothing_to_say(self):
        self.assertEqual(self.reported("-R", "^none$"), ["0 0 0"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
