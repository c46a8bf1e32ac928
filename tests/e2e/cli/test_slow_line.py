"""Lines on which a page takes longer than a silence is borne, and lines that fall silent in the midst of a page."""

import socket
import time
import unittest

from cli_case import CliCase
from lines import Line

SLOW = 20_000  # bytes a second: a page of 128 KiB takes 6.5 s, and a silence of 5 s is the end of a connection
FAST = 2_000_000
TEXT = "x" * 60_000
TEXTS = 4  # two on a page
CHUNK = 2048
BUFFER = 8192  # of the client's end: what lies there counts as passed


class SlowLine(Line):
    """So many bytes a second come back; the first connection stands still after `stalls_at` bytes."""

    def __init__(self, target, rate, stalls_at=None):
        self.rate, self.stalls_at, self.passed = rate, stalls_at, 0
        super().__init__(target)

    def opened(self, near):
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)

    def pass_back(self, far, near, number):
        passed = 0
        while data := far.recv(CHUNK):
            if self.stalls_at is not None and number == 1 and passed >= self.stalls_at:
                return True
            near.sendall(data)
            passed += len(data)
            self.passed += len(data)
            time.sleep(len(data) / self.rate)
        return False


class Slow(CliCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        item = cls.world.ask("ben", "item", "add", 1, "Long texts")["number"]
        for i in range(TEXTS):
            cls.world.ask("dev", "proposal", "make", item, f"Number {i}", "--text", f"{i} {TEXT}")

    def line(self, rate, stalls_at=None):
        return self.lines(1, rate, stalls_at)[0]

    def lines(self, count, rate, stalls_at=None):
        """Ada's lines to the broker, as if there were several, are these until the test ends."""
        file = self.world.home("ada") / "contexts" / "lakeside.ini"
        text = file.read_text()
        broker = self.ask("ada", "context", "show")["context"]["place"]["brokers"][0]
        host, port = broker["endpoint"].removeprefix("tcp://").rsplit(":", 1)
        lines = [SlowLine((host, int(port)), rate, stalls_at) for _ in range(count)]
        for line in lines:
            self.addCleanup(line.close)
        self.addCleanup(file.write_text, text)
        file.write_text(text.replace(broker["endpoint"], lines[0].endpoint) + "".join(
            f"\n[broker more{i}]\nendpoint = {line.endpoint}\nkey = {broker['key']}\n" for i, line in enumerate(lines[1:])))
        return lines

    def check_slow(self, *lines):
        """On one connection each, and nothing was fetched twice."""
        self.assertEqual([line.connections for line in lines], [1] * len(lines))
        passed = sum(line.passed for line in lines)
        self.assertGreater(passed, TEXTS * len(TEXT))
        self.assertLess(passed, 1.3 * TEXTS * len(TEXT))

    def test_events(self):
        whole = self.ask("ada", "events")
        line = self.line(SLOW)
        self.assertTrue(self.ask("ada", "events") == whole)
        self.check_slow(line)

    def test_export(self):
        line = self.line(SLOW)
        said = self.ask("ada", "export", "slow.copy", "--timeout", 60)
        self.check_slow(line)
        self.assertGreater(said["bytes"], TEXTS * len(TEXT))

    def test_two_slow_lines(self):
        lines = self.lines(2, SLOW)
        self.ask("ada", "events", "--timeout", 60)
        self.check_slow(*lines)

    def test_standing_still_in_a_page_is_silence(self):
        line = self.line(FAST, stalls_at=50_000)
        began = time.monotonic()
        self.ask("ada", "events")
        self.assertEqual(line.connections, 2)
        self.assertGreater(time.monotonic() - began, 4)
        self.assertLess(time.monotonic() - began, 12)


if __name__ == "__main__":
    unittest.main(verbosity=2)
