"""What is to be seen of a test that passes, too: tests/quality/report.py repeats each line that begins with `## ` or `!!! `.

    remark("seed 7")                                 # a figure, or what somebody needs who wants to see the same again
    shout("NO NETWORK OF ITS OWN: no nft.", "...")   # less was tried than the name of the test says; why, and what to do
"""


def remark(text):
    print(f"## {text}", flush=True)


def shout(text, more=""):
    """@text: one line, the same from every test that has the same to say. @more is where the test's output is read whole."""
    line = "!" * 100
    print("\n".join(filter(None, [line, f"!!! {text}", more, line])), flush=True)
