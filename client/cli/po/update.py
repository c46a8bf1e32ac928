#!/usr/bin/env python3
"""Brings the catalogues up to date with the sources: writes comity.pot anew, merges it into every language of LINGUAS,
and lists what is not translated yet. Needs GNU gettext (deploy/install-packages).

usage: client/cli/po/update.py
"""
import ast
import glob
import os
import re
import subprocess
import sys
import tempfile

# What takes a sentence, and which of its arguments that is. docs: CONTRIBUTING.md, "Sentences".
SENTENCES = ["_", "N_", "P_:1c,2", "say:2", "say_aside:1", "phrase:2", "counted:3,4", "sheet_print:2", "cli_fail:4", "TELL:3",
             "usage_error:2", "wrong:4", "not_a_draft:4", "failed:3", "context_failed:3", "installation_fail:4",
             "file_error:2", "not_found:2",
             "X:3,3t", "doctor_tell:5",
             "page_heading:3", "page_paragraph:2", "page_point:2", "row_fails:3", "file_fails:3", "cli_fault:2"]
# The advice that goes with a failure; a second pass, for a function has one sentence a pass.
ADVICE = ["cli_fail:3", "TELL:2", "cli_fail_key:3", "cli_fail_write:3", "not_found:4", "doctor_tell:4"]
PASSES = [("client/cli/*.[ch]", SENTENCES), ("client/cli/*.[ch]", ADVICE), ("core/*.[ch]", ["N_", "X:4,4t"]),
          ("core/*/*.[ch]", ["N_"]), ("client/rules/*.[ch]", ["N_"]), ("client/audit/*.[ch]", ["N_"]), ("core/daemon/config.c", ["fail:3"])]

LAYOUT = re.compile(r"%(?:\d+\$)?[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:<\w+>|[hlz]*[a-zA-Z%])")
COMMAND = re.compile(r'(?:comity(?: help)?(?: [a-z-]+){1,2}|chmod \d+|--[a-z-]+)(?: --[a-z-]+| "?[A-Z][A-Z-]*"?| "?%\S+)*')
HEADER = """# What `comity` says. Made by client/cli/po/update.py: not to be edited.
msgid ""
msgstr ""
"Project-Id-Version: comity\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def is_sentence(text):
    """Has it words, or a colon, which languages set differently? Layout and bare commands are the same in all of them."""
    rest = LAYOUT.sub("", text)
    return bool(re.search(r"[A-Za-z:]", rest)) and not COMMAND.fullmatch(text)


def entries(text):
    """(the whole entry, context or None, msgid, msgstrs, flags) of the text of a .po file, without its heading."""
    for entry in re.split(r"\n\n+", text.strip()):
        if not re.search(r"^msgid ", entry, re.M):
            continue
        fields = {}
        for match in re.finditer(r'^(msg\w+(?:\[\d\])?) ((?:".*"\n?)+)', entry, re.M):
            fields[match.group(1)] = "".join(ast.literal_eval(line) for line in match.group(2).strip().split("\n"))
        flags = re.findall(r"^#, (.*)$", entry, re.M)
        values = [value for name, value in fields.items() if name.startswith("msgstr")]
        if fields["msgid"]:
            yield entry, fields.get("msgctxt"), fields["msgid"], values, ", ".join(flags)


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout


def template(root):
    """The text of comity.pot."""
    with tempfile.TemporaryDirectory() as folder:
        parts = []
        for number, (pattern, keywords) in enumerate(PASSES):
            files = sorted(os.path.relpath(path, root) for path in glob.glob(f"{root}/{pattern}"))
            if not files:
                continue
            part = f"{folder}/{number}.pot"
            flags = [f"--flag={word.split(':')[0]}:{word.split(':')[1][0]}:c-format" for word in keywords
                     if word.split(":")[0] in ("say", "say_aside", "phrase", "page_heading", "page_paragraph", "page_point")]
            run("xgettext", "--language=C", "--from-code=UTF-8", "--no-location", "--force-po", "-o", part, "--keyword",
                *[f"--keyword={word}" for word in keywords], *flags, *files, cwd=root)
            parts.append(part)
        merged = run("msgcat", "--no-location", "--no-wrap", "--sort-output", *parts)
    kept = [entry for entry, _, msgid, _, _ in entries(merged) if is_sentence(msgid)]
    return HEADER + "\n\n".join(kept) + "\n"


def languages(root):
    with open(f"{root}/client/cli/po/LINGUAS", encoding="utf-8") as file:
        return file.read().split()


def main():
    root = os.path.abspath(f"{os.path.dirname(os.path.abspath(__file__))}/../../..")
    po = f"{root}/client/cli/po"
    with open(f"{po}/comity.pot", "w", encoding="utf-8") as file:
        file.write(template(root))
    left = 0
    for language in languages(root):
        path = f"{po}/{language}.po"
        run("msgmerge", "--quiet", "--update", "--backup=none", "--no-wrap", "--previous", "--no-fuzzy-matching", path,
            f"{po}/comity.pot")
        merged = run("msgattrib", "--no-obsolete", "--no-wrap", path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(merged)
        for _, _, msgid, values, flags in entries(merged):
            if "fuzzy" in flags or "" in values:
                left += 1
                print(f"{language}: not translated: {msgid!r}")
    print(f"{left} to translate")
    sys.exit(1 if left else 0)


if __name__ == "__main__":
    main()
