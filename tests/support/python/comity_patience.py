"""How long a test waits for something before it fails.

    patience = Patience(60)
    while not is_ready():
        assert not patience.is_over(), "not ready"
        time.sleep(0.01)

It ends a test that would wait for ever, and measures nothing. So of two looks that are far apart only TURN_S count: where the whole machine
stood still for a minute in between, nobody has had a minute's time to do what is waited for.
"""

import time

TURN_S = 1.0


class Patience:
    def __init__(self, seconds):
        self.left_s, self.looked = seconds, time.monotonic()

    def is_over(self):
        now = time.monotonic()
        self.left_s -= min(now - self.looked, TURN_S)
        self.looked = now
        return self.left_s <= 0


def until(condition, what, seconds=120):
    """The condition's first true value. AssertionError, with what was waited for."""
    patience = Patience(seconds)
    while not (value := condition()):
        assert not patience.is_over(), f"in vain for {seconds} s: {what}"
        time.sleep(0.005)
    return value
