"""No room: who is refused, and what a real client (comity) makes of it."""
import json
import socket
import unittest

from harness import *

CLI = os.environ["COMITY_CLI"]


class RealClient(TestCase):
    def ask(self, endpoint, key):
        """`comity status` against a broker. The error's name, by which a person decides what to do."""
        home = tempfile.mkdtemp(prefix="comity-home-")
        self.addCleanup(shutil.rmtree, home, ignore_errors=True)
        place = os.path.join(home, "place.json")
        with open(place, "w") as file:
            json.dump({"group_key": Key().hex, "brokers": [{"endpoint": endpoint, "key": key.hex()}]}, file)

        def run(*arguments):
            return subprocess.run([CLI, *arguments, "--home", os.path.join(home, "h"), "--json"], capture_output=True,
                                  text=True, timeout=3 * DEADLINE)

        made = run("context", "add", "box", "--place", place)
        self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
        asked = run("status", "--context", "box", "--timeout", "3")
        self.assertNotEqual(asked.returncode, 0)
        return json.loads(asked.stdout)["error"]["name"]

    def ask_a_full_broker(self, **arguments):
        broker = self.broker(settings=dict(connections=1), **arguments)
        broker.client().connected()
        return self.ask(broker.front, broker.key)

    def test_full_broker_is_busy(self):
        self.assertEqual(self.ask_a_full_broker(), "BUSY")

    def test_without_a_word_it_is_taken_for_another_server(self):
        # Or, where the time is over between two attempts, for one that says nothing.
        self.assertIn(self.ask_a_full_broker(without=("say_full",)), ("SERVER_KEY", "TIMEOUT"))

    def test_another_server_is_still_known(self):
        self.assertEqual(self.ask(self.broker().front, Key().public), "SERVER_KEY")

    def test_reset_is_busy(self):
        # As a flooded broker does it, every time.
        listener = socket.create_server(("127.0.0.1", 0))

        def reset_all():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connection.recv(64)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()

        thread = threading.Thread(target=reset_all)
        thread.start()
        try:
            self.assertEqual(self.ask("tcp://127.0.0.1:%d" % listener.getsockname()[1], Key().public), "BUSY")
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join()


if __name__ == "__main__":
    unittest.main()
