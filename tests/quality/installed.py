"""The installed tree: under any prefix it is whole, its programs run, and a program of somebody else's is built
against libcomity with what pkg-config says."""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

PROGRAMS = ["comity", "comity-broker", "comity-worker", "comity-witness", "comity-audit"]
DAEMONS = ["comity-broker", "comity-worker", "comity-witness"]
FILES = [
    "include/comity.h",
    "include/comity/error.h",
    "include/comity/v1/command.pb-c.h",
    "share/comity/examples/broker.ini",
    "share/comity/examples/worker.ini",
    "share/comity/examples/witness.ini",
    "share/comity/examples/etcd",
    "share/comity/proto/comity/v1/link.proto",
    "share/doc/comity/protocol.md",
    "share/doc/comity/LICENSE",
    "share/man/man1/comity.1",
    "share/man/man1/comity-round.1",
    "share/man/man1/comity-audit.1",
    "share/man/man8/comity-broker.8",
    "share/man/man8/comity-worker.8",
    "share/man/man8/comity-witness.8",
    "share/bash-completion/completions/comity",
    "share/zsh/vendor-completions/_comity",
    "share/fish/vendor_completions.d/comity.fish",
    "lib/systemd/system/comity-broker.service",
    "lib/systemd/system/comity-worker.service",
    "lib/systemd/system/comity-witness.service",
]

# The number of a wrong error is not printed: the sentence is the library's own.
SAMPLE = r"""
#include <comity.h>
#include <comity/error.h>
#include <stdio.h>

int main(void)
{
    struct comity_texts *texts = comity_texts_new();
    Comity__V1__Command command = COMITY__V1__COMMAND__INIT;
    int code = comity_draft_new(&command, NULL, texts, (const uint8_t[COMITY_KEY_SIZE]){1}, 0, NULL, NULL);
    printf("%s %s %d\n", comity_error_name(COMITY_ERR_STALE), comity_error_name(code), code < 0);
    comity_texts_destroy(&texts);
    return 0;
}
"""
SAMPLE_SAYS = re.compile(r"^STALE [A-Z_]+ 1\n$")


class Findings(list):
    def need(self, condition, what):
        if not condition:
            self.append(what)


def run(*command, **options):
    """The output; what went wrong is an exception with the output in it."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def exported(library):
    """Names that a library shows the world."""
    lines = run("nm", "-D", "--defined-only", library).splitlines()
    return [line.split()[-1].split("@")[0] for line in lines]


def foreign_names(library):
    return [name for name in exported(library) if not name.startswith("comity_")]


def sanitizers(arguments):
    return [f"-fsanitize={arguments.sanitize}"] if arguments.sanitize else []


def check_programs(findings, prefix, arguments):
    for program in PROGRAMS:
        said = run(f"{prefix}/bin/{program}", "--version")
        findings.need(said.startswith(f"{program} {arguments.version}"), f"{program} --version says {said!r}")
        dynamic = run("readelf", "-d", f"{prefix}/bin/{program}")
        findings.need("RUNPATH" not in dynamic and "RPATH" not in dynamic, f"{program} has a path of the build in it")


def check_units(findings, prefix):
    folder = f"{prefix}/lib/systemd/system"
    for name in sorted(os.listdir(folder)):
        with open(f"{folder}/{name}", encoding="utf-8") as file:
            started = re.findall(r"^ExecStart(?:Pre)?=(\S+)", file.read(), re.M)
        findings.need(started, f"{name} starts nothing")
        for program in started:
            findings.need(program.startswith(f"{prefix}/bin/") and os.access(program, os.X_OK),
                          f"{name} starts {program}, which is not there")


def check_pages(findings, prefix):
    """Every command with all its options is in the page of its first word, and in comity(1)."""
    def page(name):
        with open(f"{prefix}/share/man/man{name[-1]}/{name}", encoding="utf-8") as file:
            return re.sub(r"\\&|\\f[BIR]", "", file.read()).replace("\\-", "-").replace("\\(aq", "'")
    whole = page("comity.1")
    for verb in json.loads(run(f"{prefix}/bin/comity", "help", "--json"))["verbs"]:
        own = page(f"comity-{verb['name'].split()[0]}.1")
        findings.need(f"comity {verb['name']}" in own, f"no page has {verb['name']}")
        findings.need(re.search(rf"^{verb['name']}$", whole, re.M), f"comity(1) lacks {verb['name']}")
        for option in verb["options"]:
            findings.need(re.search(rf"^--{option['name']}( |$)", own, re.M),
                          f"the page of {verb['name']} lacks --{option['name']}")
        for argument in verb["arguments"]:
            findings.need(re.search(rf"^{argument['name']}$", own, re.M),
                          f"the page of {verb['name']} lacks {argument['name']}")
    for code in json.loads(run(f"{prefix}/bin/comity", "help", "exit-codes", "--json"))["exit_codes"]:
        findings.need(re.search(rf"^{code['exit']}$", whole, re.M), f"comity(1) lacks exit {code['exit']}")
    for program in DAEMONS:
        settings = re.findall(r"^(?:# )?(\w+) =", run(f"{prefix}/bin/{program}", "--help-config"), re.M)
        own = page(f"{program}.8")
        findings.need(settings and all(f"{name} =" in own for name in settings), f"{program}(8) lacks settings")


def check_library(findings, prefix, arguments):
    pc = [path for path, _, names in os.walk(prefix) if "comity.pc" in names]
    findings.need(len(pc) == 1, f"comity.pc is in {pc}")
    environment = {**os.environ, "PKG_CONFIG_PATH": pc[0]}
    flags = run("pkg-config", "--cflags", "--libs", "comity", env=environment).split()
    findings.need(run("pkg-config", "--modversion", "comity", env=environment).strip() == arguments.version,
                  "comity.pc has another version")
    folder = run("pkg-config", "--variable=libdir", "comity", env=environment).strip()
    foreign = foreign_names(f"{folder}/libcomity.so")
    findings.need(not foreign, f"libcomity shows {foreign}")
    with tempfile.TemporaryDirectory() as work:
        with open(f"{work}/sample.c", "w", encoding="utf-8") as file:
            file.write(SAMPLE)
        run(arguments.compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", *sanitizers(arguments), f"{work}/sample.c",
            "-o", f"{work}/sample", *flags)
        said = run(f"{work}/sample", env={**os.environ, "LD_LIBRARY_PATH": folder})
        findings.need(SAMPLE_SAYS.match(said), f"the program against libcomity says {said!r}")


def check_control(findings, arguments):
    """A library with a name too many is found out."""
    with tempfile.TemporaryDirectory() as work:
        with open(f"{work}/x.c", "w", encoding="utf-8") as file:
            file.write("int comity_x(void); int comity_x(void) { return 1; }\nint stray(void); int stray(void) { return 1; }\n")
        run(arguments.compiler, "-shared", "-fPIC", f"{work}/x.c", "-o", f"{work}/libx.so")
        found = foreign_names(f"{work}/libx.so")
        findings.need(found == ["stray"], f"the control found {found}")


def check(arguments, prefix):
    findings = Findings()
    run("cmake", "--install", arguments.build, "--prefix", prefix)
    for name in FILES:
        findings.need(os.path.isfile(f"{prefix}/{name}"), f"there is no {name}")
    check_programs(findings, prefix, arguments)
    check_units(findings, prefix)
    check_pages(findings, prefix)
    check_library(findings, prefix, arguments)
    return findings


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("build", "compiler", "version"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--sanitize", default="")
    arguments = parser.parse_args()
    findings = Findings()
    check_control(findings, arguments)
    with tempfile.TemporaryDirectory(prefix="comity-installed-") as place:
        for prefix in ("usr", "opt/comity-0"):
            findings += [f"{prefix}: {what}" for what in check(arguments, f"{place}/{prefix}")]
    print("\n".join([*findings, f"{len(findings)} findings"]))
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
