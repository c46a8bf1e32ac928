"""Every sentence that a person reads comes from the catalogues: no text of client/cli goes past comity.pot, comity.pot
is what the sources say, and every language has all of it, with the same directives. CONTRIBUTING.md, "Sentences"."""
import os
import re
import subprocess
import sys
import tempfile

import tree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../client/cli/po"))
import update

LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')
GROUP = re.compile(r'(?:"(?:[^"\\\n]|\\.)*"|PR[IX]\w+)(?:\s+(?:"(?:[^"\\\n]|\\.)*"|PR[IX]\w+))*')
# Two words with a blank between; or a word that ends a sentence.
PROSE = re.compile(r"[A-Za-z]{2,}[,:;.]? +[a-z]{2,}|[a-z]{2,}\.$")
# What a sentence of `comity history` takes from an event.
FIELD = re.compile(r"\{[a-z_.]+\}")
# What a program or a file gets, in the same words in every language: what follows one of these.
MACHINE = re.compile(r"(?:^#\s*include|_object_(?:object_add|new_string|get_ex)\(|cli_put\w*\(|config_\w+\("
                     r"|value_of\(|log_event\(|getenv\(|setlocale\(|text_domain|arena_string\().*$")
# What is made when comity is built, in English: man pages, scripts of shells.
BUILT = ("client/cli/man.c", "client/cli/completion.c")
# Files that comity writes: their comments stand in them as the daemons' own samples do.
FILES = ("<!DOCTYPE html>", "comity receipt 1", "# Written by comity.", "# Made by `comity up`;")


# Comments, but none inside a literal; columns of tables that are no sentences: names of commands, what --json prints.
COMMENT = re.compile(r"""("(?:[^"\\\n]|\\.)*")|/\*.*?\*/|//[^\n]*""", re.S)
MACHINE_TABLE = re.compile(r"()(?:\.(?:json|name) =|#define JSON_\w+)\s*(?:(?:JSON_\w+|" + GROUP.pattern + r")\s*)*")


def blank(match):
    """What is left out, line for line; a literal stays."""
    return match.group(1) or re.sub(r"[^\n]", " ", match.group(0))


def plain(group):
    """The text of literals that stand one behind the other, as xgettext has it."""
    text = ""
    for part in re.finditer(r'"((?:[^"\\\n]|\\.)*)"|(PR[IX]\w+)', group):
        text += f"<{part.group(2)}>" if part.group(2) else part.group(1)
    return text.replace('\\"', '"').replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")


def known_texts(root):
    with open(f"{root}/client/cli/po/comity.pot", encoding="utf-8") as file:
        entries = list(update.entries(file.read()))
    texts = {msgid for _, _, msgid, _, _ in entries}
    for entry, _, _, _, _ in entries:
        match = re.search(r'^msgid_plural ((?:".*"\n?)+)', entry, re.M)
        if match:
            texts.add(plain(match.group(1)))
    return texts


def is_prose(text):
    return bool(PROSE.search(update.LAYOUT.sub("", text))) and update.is_sentence(text)


def check(root):
    """Texts of client/cli that a person would read in English whatever the language is."""
    findings, texts = [], known_texts(root)
    for path in tree.files(root, ".c", ".h"):
        if not path.startswith("client/cli/") or path in BUILT:
            continue
        with open(f"{root}/{path}", encoding="utf-8") as file:
            source = MACHINE_TABLE.sub(blank, COMMENT.sub(blank, file.read().replace("\\\n", " \n")))
        for match in GROUP.finditer(source):
            text = plain(match.group(0))
            before = source[source.rfind("\n", 0, match.start()) + 1:match.start()]
            if text in texts or not is_prose(text) or MACHINE.search(before.strip()) or text.startswith(FILES):
                continue
            line = source.count("\n", 0, match.start()) + 1
            findings.append(f"{path}:{line}: {text[:80]!r} is not in client/cli/po/comity.pot")
    return findings


def check_template(root):
    with open(f"{root}/client/cli/po/comity.pot", encoding="utf-8") as file:
        same = file.read() == update.template(root)
    return [] if same else ["client/cli/po/comity.pot is not what the sources say: client/cli/po/update.py"]


def check_language(root, language):
    """What the tools of gettext find; and what is not translated."""
    path, findings = f"{root}/client/cli/po/{language}.po", []
    for command in (["msgfmt", "--check", "-o", os.devnull, path],
                    ["msgcmp", path, f"{root}/client/cli/po/comity.pot"]):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            findings += [f"{command[0]}: {line}" for line in done.stderr.splitlines()]
    with open(path, encoding="utf-8") as file:
        for _, _, msgid, values, _ in update.entries(file.read()):
            if any(value and sorted(FIELD.findall(value)) != sorted(FIELD.findall(msgid)) for value in values):
                findings.append(f"fields: {language}.po: {msgid!r} has not the same ones")
    return findings


def check_all(root):
    findings = check(root) + check_template(root)
    for language in update.languages(root):
        findings += check_language(root, language)
    return findings


if __name__ == "__main__":
    tree.main(check_all, __doc__)
