"""Lines on which a page takes longer than a silence is borne, and lines that fall silent in the midst of a page."""

import socket
import threading
import time
import unittest

from cli_case import CliCase

SLOW = 20_000  # bytes a second: a page of 128 KiB takes 6.5 s, and a silence of 5 s is the end of a connection
FAST = 2_000_000
TEXT = "x" * 60_000
TEXTS = 4  # two on a page
CHUNK = 2048
BUFFER = 8192  # of the client's end: what lies there counts as passed


class SlowLine:
    """Passes TCP connections on, with so many bytes a second back; the first one stands still after `stalls_at` bytes."""

    def __init__(self, target, rate, stalls_at=None):
        self.target, self.rate, self.stalls_at = target, rate, stalls_at
        self.connections, self.passed = 0, 0
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"tcp://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
            far = socket.create_connection(self.target)
            self.sockets += [near, far]
            self.connections += 1
            stalls_at = self.stalls_at if self.connections == 1 else None
            threading.Thread(target=self.pass_there, args=(near, far), daemon=True).start()
            threading.Thread(target=self.pass_back, args=(far, near, stalls_at), daemon=True).start()

    @staticmethod
    def end(*sockets):
        for each in sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def pass_there(self, near, far):
        try:
            while data := near.recv(65536):
                far.sendall(data)
        except OSError:
            pass
        self.end(near, far)

    def pass_back(self, far, near, stalls_at):
        passed = 0
        try:
            while data := far.recv(CHUNK):
                if stalls_at is not None and passed >= stalls_at:
                    return
                near.sendall(data)
                passed += len(data)
                self.passed += len(data)
                time.sleep(len(data) / self.rate)
        except OSError:
            pass
        self.end(near, far)

    def close(self):
        self.listener.close()
        self.end(*self.sockets)
        for each in self.sockets:
            each.close()


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
