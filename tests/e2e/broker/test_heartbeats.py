"""Rule 3: heartbeats are frames of ours. ZMQ_HEARTBEAT_* on a connecting socket aborts its process (libzmq 4.3.4,
issues 3937 and 4767): its queue is full, libzmq's heartbeat gives the connection up, and the next read fails an
assertion. Shown with a child process that does just that, with and without."""
import sys
import unittest

from harness import *

CHILD = """
import sys, zmq
sys.path.insert(0, sys.argv[1])
from harness import Frame, HEARTBEAT, Key
from zmq.utils.monitor import recv_monitor_message
key, socket = Key(), zmq.Context().socket(zmq.DEALER)
socket.linger, socket.rcvhwm = 0, 1
socket.curve_serverkey = bytes.fromhex(sys.argv[3])
socket.curve_publickey, socket.curve_secretkey = key.public, key.secret
if sys.argv[4] == "libzmq":
    socket.heartbeat_ivl = socket.heartbeat_timeout = 200
monitor = socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
socket.connect(sys.argv[2])
recv_monitor_message(monitor)
for number in range(200):
    socket.send(Frame(HEARTBEAT, request=number + 1).pack())
# Not reading: the queue fills. With heartbeats the connection is given up, and a new one made.
print("reconnected" if monitor.poll(3000) else "stayed", flush=True)
count = 0
while socket.poll(1000):
    socket.recv()
    count += 1
print("read", count, flush=True)
"""


class Heartbeats(TestCase):
    def child(self, heartbeats):
        broker = self.broker()
        folder = os.path.dirname(os.path.abspath(__file__))
        child = subprocess.Popen([sys.executable, "-B", "-c", CHILD, folder, broker.front, broker.key.hex(), heartbeats],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            output, errors = child.communicate(timeout=3 * DEADLINE)
        finally:
            child.kill()
        broker.client().alive()
        return child.returncode, output, errors

    def test_frames_of_ours_outlast_a_full_queue(self):
        code, output, errors = self.child("ours")
        self.assertEqual((code, output), (0, "stayed\nread 200\n"), errors)

    def test_those_of_libzmq_abort_the_process(self):
        code, output, errors = self.child("libzmq")
        self.assertEqual(code, -signal.SIGABRT, output + errors)
        self.assertIn("_input_stopped", errors)


if __name__ == "__main__":
    unittest.main()
