"""The controls of the checks: in a small tree that breaks each rule once, each check has to find just that."""
import os
import subprocess
import sys
import tempfile

import catalogue
import contract
import layers
import links
import marks
import parsers
import report
import sizes

GOOD = {
    "core/a.h": '#include "core/b.h"\n/* calls time() and open() in a comment */\n',
    "core/keyfile.c": "#include <fcntl.h>\nint f(void) { return open(\"x\", 0); }\n",
    "core/daemon/log.c": '#include <time.h>\n#include "core/a.h"\nlong f(void) { return time(0); }\n',
    "worker/rows.c": "/* not message_unpack(x) */\nint f(void) { return message_unpack_trusted(&d, b, a, &m); }\n",
    "core/text.c": 'int runtime (int);\nconst char *f(void) { return "time(0)"; }\n',
    "broker/loop.c": '#include <zmq.h>\n#include "broker/loop.h"\n#include "core/a.h"\n',
    "worker/store/store.c": '#include <lmdb.h>\n#include "worker/store/store.h"\n',
    "client/cli/main.c": '#include "client/lib/comity.h"\n#include "core/daemon/config.h"\n#include <json-c/json.h>\n',
    "README.md": "See [docs](docs/one.md#the-second-part), `core/a.h`, [far](https://example.org/x) and `docs/`.\n",
    "docs/one.md": "# One\n\n## The second part\n\n[up](../README.md) `LICENSE.md`\n",
    "proto/a.proto": 'syntax = "proto3";\n\nenum Kind {\n  KIND_NONE = 0;\n}\n\nmessage Empty {}\n'
                     "message One { int32 a = 1; }  // a: one\n\nmessage Some {\n  reserved 5;\n"
                     "  int32 a = 1;  // goes\n                // on\n  // said before\n  int32 b = 2 [packed = true];"
                     "\n  oneof kind {\n    Empty c = 3;  // 1\n  }\n  enum Inner { INNER_NONE = 0; }\n}\n",
    "client/cli/say.c": '#include <json-c/json.h>\nstatic const char *const WORDS[] = {N_("in effect now")};\n'
                        'void f(void)\n{\n    say(cli, "It is "\n        "done.");\n    say(cli, "  %s  %s", a, b);\n'
                        '    cli_put_text(cli, "said", "it is done");\n    cli_fail(cli, 1, "comity key list", "%s", why);\n'
                        '    /* "It is a comment." */ open("tcp://x//y", "It is done.");\n}\n',
    "client/cli/po/LINGUAS": "xx\n",
    "CONTRIBUTING.md": "## Parsers\n\n| a thing | `core/a.h` | `thing` |\n",
    "tests/fuzz/fuzz_thing.c": "int thing;\n",
    "tests/fuzz/CMakeLists.txt": "comity_fuzz_target(thing comity-core)\n",
    "tests/fuzz/corpus/thing/one": "1",
    "LICENSE.md": "As it is. mkdtemp takes XXXXXX. Built in /home/you/comity.\n",
}

# check, file, its content, what the finding has to say.
BAD = [
    (layers, "core/x.c", '#include "worker/batch.h"\n', "core/ must not include worker/batch.h"),
    (layers, "core/x.c", '#include "core/daemon/log.h"\n', "core/ must not include core/daemon/log.h"),
    (layers, "core/daemon/x.c", '#include "broker/loop.h"\n', "core/daemon/ must not include broker/loop.h"),
    (layers, "core/x.c", "#include <fcntl.h>\n", "core is pure and must not include fcntl.h"),
    (layers, "core/rule/x.c", "#include <time.h>\n", "core is pure and must not include time.h"),
    (layers, "core/x.h", "#include <sys/socket.h>\n", "core is pure and must not include sys/socket.h"),
    (layers, "core/machine/x.c", "long f(void) { return time(0); }\n", "core is pure and must not call time"),
    (layers, "core/x.c", "int f(void) {\n    return open(\"x\", 0); }\n", "core/x.c:2: core is pure and must not call open"),
    (layers, "broker/x.c", '#include "worker/batch.h"\n', "broker/ must not include worker/batch.h"),
    (layers, "broker/x.c", '#include "client/lib/comity.h"\n', "broker/ must not include client/lib/comity.h"),
    (layers, "worker/x.c", '#include "broker/loop.h"\n', "worker/ must not include broker/loop.h"),
    (layers, "worker/x.c", '#  include "client/lib/comity.h"\n', "worker/ must not include client/lib/comity.h"),
    (layers, "worker/x.c", '#include "tests/support/world.h"\n', "worker/ must not include tests/support/world.h"),
    (layers, "client/lib/x.c", '#include "client/cli/cli.h"\n', "client/lib/ must not include client/cli/cli.h"),
    (layers, "client/lib/x.c", '#include "worker/batch.h"\n', "client/lib/ must not include worker/batch.h"),
    (layers, "client/cli/x.c", '#include "broker/loop.h"\n', "client/cli/ must not include broker/loop.h"),
    (layers, "client/audit/x.c", '#include "client/cli/cli.h"\n', "client/audit/ must not include client/cli/cli.h"),
    (layers, "client/rules/x.c", '#include "client/cli/cli.h"\n', "client/rules/ must not include client/cli/cli.h"),
    (layers, "client/cli/x.c", "#include <libfyaml.h>\n", "libfyaml.h is for client/rules/yaml."),
    (layers, "worker/batch.c", "#include <lmdb.h>\n", "lmdb.h is for worker/store/"),
    (layers, "broker/router.c", "#include <zmq.h>\n", "zmq.h is for"),
    (layers, "worker/pool.c", "#include <czmq.h>\n", "czmq.h is for"),
    (layers, "core/x.c", "#include <zmq.h>\n", "zmq.h is for"),
    (parsers, "tests/fuzz/fuzz_other.c", "int other;\n", "fuzz_other.c: not in the table"),
    (parsers, "worker/x.c", "int f(void) {\n    return message_unpack(&d, b, 9, a, 0, &m); }\n", "worker/x.c: unpacks a message"),
    (marks, "core/x.c", "/* see /home/ann/notes */\n", "a path of somebody's machine"),
    (marks, "docs/x.md", "It is in /work/x.\n", "a path of somebody's machine"),
    (marks, "docs/x.md", "cd /root/src\n", "a path of somebody's machine"),
    (marks, "core/x.c", "    // TODO: the rest\n", "a mark of something left undone"),
    (marks, "core/x.c", "/* FIXME */\n", "a mark of something left undone"),
    (marks, "core/x.c", "/* only a stub */\n", "a stub"),
    (marks, "core/x.c", "/* not implemented */\n", "a stub"),
    (marks, "core/x.c", "<<<<<<< HEAD\n", "a conflict of a merge"),
    (links, "docs/x.md", "[gone](nowhere.md)\n", "there is no docs/nowhere.md"),
    (links, "docs/x.md", "[part](one.md#the-third-part)\n", "docs/one.md has no heading #the-third-part"),
    (links, "docs/x.md", "Look at `core/gone.c`.\n", "there is no core/gone.c"),
    (links, "docs/x.md", "Look at `GONE.md`.\n", "there is no GONE.md"),
    (contract, "proto/x.proto", "// Of it.\nmessage X {\n  int32 a = 1;\n}\n", "proto/x.proto:3: X.a has no comment"),
    (contract, "proto/v1/x.proto", "message X {\n  int32 a = 1;  //\n}\n", "proto/v1/x.proto:2: X.a has no comment"),
    (contract, "proto/x.proto", "message X {\n  int32 a = 1;  // goes\n      // on\n  int32 b = 2;\n}\n", "X.b has no"),
    (contract, "proto/x.proto", "message X {\n  // a, not b\n  int32 a = 1;\n  int32 b = 2;\n}\n", "X.b has no"),
    (contract, "proto/x.proto", "message X {\n  oneof kind {\n    Y y = 1;\n  }\n}\n", "X.y has no comment"),
    (contract, "proto/x.proto", "message X {\n  enum E { NONE = 0; }\n  E e = 1 [deprecated = true];\n}\n", "X.e has"),
    (contract, "proto/x.proto", "message X { Y y = 1; }\n", "X.y has no comment"),
    (links, "core/x.c", "/* docs/gone.md has the rules. */\n", "there is no docs/gone.md"),
    (catalogue, "client/cli/x.c", 'void f(void) { puts("It is done."); puts("Nobody said it."); }\n', "'Nobody said it.' is not in"),
    (catalogue, "client/cli/x.c", 'void f(void) {\n    printf("It was "\n           "done twice"); }\n', "x.c:2: 'It was done twice'"),
    (catalogue, "client/cli/x.c", 'static const struct row ROWS[] = {{1, "its other name"}};\n', "'its other name' is not in"),
    (catalogue, "client/cli/x.c", 'void f(void) { say(cli, a ? "It is done." : "It is not done."); }\n', "'It is not done.'"),
    (catalogue, "client/cli/x.c", 'void f(void) { fprintf(stderr, "%" PRIu32 " of them are lost\\n", n); }\n', "of them are lost"),
    (catalogue, "client/cli/x.h", '#define NOTE "Keep it in a safe place."\n', "'Keep it in a safe place.'"),
    (catalogue, "client/cli/x.c", 'void f(void) { say(cli, "--closes is in the past: %s.", t); }\n', "--closes is in the past"),
]

# A language of one message, and what is wrong with it.
PO = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n#, c-format\nmsgid "%s is here."\nmsgstr "{}"\n'
BAD_PO = [
    (PO.format(""), "msgcmp:"),
    (PO.format("Hier ist er."), "msgfmt:"),
    (PO.format("%d ist hier."), "msgfmt:"),
    (PO.format("%s ist hier.").replace("#, c-format", "#, fuzzy, c-format"), "msgcmp:"),
    (PO.format("%s ist hier.").replace("%s is here.", "%s was here."), "msgcmp:"),
    (PO.format("%s ist {wo}."), "fields:"),
]


# A project whose tests end in every way that a test can end.
ENDS = """cmake_minimum_required(VERSION 3.25)
project(ends NONE)
include(CTest)
foreach(name good code words)
  add_test(NAME ${name} COMMAND sh -c "echo nothing to do; exit 77")
endforeach()
add_test(NAME bad COMMAND false)
add_test(NAME late COMMAND sleep 30)
add_test(NAME off COMMAND true)
add_test(NAME lost COMMAND /nowhere/at-all)
set_tests_properties(good PROPERTIES PASS_REGULAR_EXPRESSION "nothing to do")
set_tests_properties(code PROPERTIES SKIP_RETURN_CODE 77)
set_tests_properties(words PROPERTIES SKIP_REGULAR_EXPRESSION "nothing to do")
set_tests_properties(late PROPERTIES TIMEOUT 1)
set_tests_properties(off PROPERTIES DISABLED TRUE)
"""
COUNTS = (1, 3, 3)


def check_catalogues(root):
    """How many of the languages, and of the templates, are not seen as they should be."""
    failures = 0
    write(root, "client/cli/po/comity.pot", PO.format(""))
    for content, expected in [(PO.format("%s ist hier."), None)] + BAD_PO:
        write(root, "client/cli/po/xx.po", content)
        findings = catalogue.check_language(root, "xx")
        if bool(findings) != bool(expected) or (expected and not any(line.startswith(expected) for line in findings)):
            failures += 1
            print(f"catalogue of {content!r}: {findings}, not {expected!r}")
    old = bool(catalogue.check_template(root))
    write(root, "client/cli/po/comity.pot", catalogue.update.template(root))
    if not old or catalogue.check_template(root):
        failures += 1
        print("catalogue: a template that is old, or new, is not seen as such")
    return failures


def check_report(root):
    """True where the report of CTest is read as it should be."""
    write(root, "ends/CMakeLists.txt", ENDS)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["cmake", "-G", "Ninja", "-S", f"{root}/ends", "-B", f"{root}/ends/b"], check=True, **quiet)
    subprocess.run(["ctest", "--test-dir", f"{root}/ends/b", "--output-junit", f"{root}/ends/report"], **quiet)
    counts, rest = report.read(f"{root}/ends/report")
    if counts != COUNTS:
        print(f"report: {counts} and {rest}, not {COUNTS}")
    return counts == COUNTS


def write(root, path, content):
    os.makedirs(os.path.dirname(f"{root}/{path}") or root, exist_ok=True)
    with open(f"{root}/{path}", "w", encoding="utf-8") as file:
        file.write(content)


def main():
    failures = 0
    with tempfile.TemporaryDirectory() as root:
        for path, content in GOOD.items():
            write(root, path, content)
        write(root, "client/cli/po/comity.pot", catalogue.update.template(root))
        for check in (layers, marks, links, contract, catalogue, parsers):
            for finding in check.check(root):
                failures += 1
                print(f"{check.__name__} finds what is not wrong: {finding}")
        for check, path, content, expected in BAD:
            write(root, path, content)
            findings = check.check(root)
            os.remove(f"{root}/{path}")
            if len(findings) != 1 or expected not in findings[0]:
                failures += 1
                print(f"{check.__name__} of {content!r} in {path}: {findings}, not {expected!r}")
        failures += check_catalogues(root)
        failures += not check_report(root)
        body = "    x();\n" * 70
        write(root, "core/long.c", f"int f(void)\n{{\n{body}}}\n\nint g(void)\n{{\n    return 0;\n}}\n")
        lengths = list(sizes.functions(root, "core/long.c"))
        if lengths != [(1, "f", 72), (75, "g", 3)]:
            failures += 1
            print(f"sizes: {lengths}")
    print(f"{len(BAD) + len(BAD_PO)} violations, {failures} not seen as they should be")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
