"""Watches the machine on which tests run, until SIGTERM; then says how it stood still, if it did, as one line that begins with `## `.

A test that fails for a deadline says little where the whole machine had no time for it: this says whether it had.
"""
import signal
import sys
import time

NAP_S, STALL_S = 0.1, 1.0


def watch(until_ended):
    began = last = time.monotonic()
    stalls = []
    while not until_ended():
        time.sleep(NAP_S)
        now = time.monotonic()
        if now - last > NAP_S + STALL_S:
            stalls.append((now - last, last - began))
        last = now
    return stalls


def sentence(stalls):
    longest = ", ".join(f"{stall:.1f} s at {at:.0f} s" for stall, at in sorted(stalls, reverse=True)[:3])
    return f"## the machine stood still {len(stalls)} times for more than {STALL_S:.0f} s, in all {sum(stall for stall, _ in stalls):.0f} s: {longest}"


def main():
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    if stalls := watch(lambda: ended):
        print(sentence(stalls))
    return 0


if __name__ == "__main__":
    sys.exit(main())
