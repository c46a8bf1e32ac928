"""Who may include what: docs/architecture.md, "Layers".

proto <- core <- broker | worker | client. The last three never include each other. Within them: the library of the
client knows nothing of the command line; core knows nothing of core/daemon; only some files touch the outside.
"""
import re

import tree

# What a folder's files may include of ours, besides the contract. The longest folder that fits decides.
MAY_INCLUDE = {
    "core/": ["core/"],
    "core/daemon/": ["core/"],
    "core/unicode/": ["core/"],
    "broker/": ["core/", "broker/"],
    "worker/": ["core/", "worker/"],
    "client/lib/": ["core/", "client/lib/"],
    "client/rules/": ["core/", "client/rules/"],
    "client/audit/": ["core/", "client/rules/", "client/audit/"],
    "client/audit/main": ["client/cli/"],
    "client/cli/": ["core/", "client/lib/", "client/rules/", "client/audit/", "client/cli/"],
    "client/witness/": ["core/", "client/lib/", "client/witness/"],
    "client/": ["core/", "client/lib/", "client/rules/"],
}
MUST_NOT_INCLUDE = {"core/": ["core/daemon/", "core/unicode/"], "client/": ["core/daemon/"],
                    "client/lib/": ["core/daemon/"]}

# Headers of the outside, and the only places that may include them.
OUTSIDE = [
    (r"lmdb\.h", ["worker/store/"]),
    (r"(zmq|czmq)\.h", ["broker/loop", "broker/sockets.", "broker/zap.", "broker/watch.", "worker/link.",
                        "worker/loop.", "worker/asker.", "client/lib/client.", "client/lib/link.", "client/lib/watch."]),
    (r"curl/.*", ["worker/log/grpc."]),
    (r"etcd/.*", ["worker/log/"]),
    (r"ini\.h", ["core/daemon/"]),
    (r"unicode/.*", ["core/unicode/"]),
    (r"json-c/.*", ["client/cli/", "client/witness/status."]),
    (r"libsmartcols/.*", ["client/cli/sheet."]),
    (r"libfyaml\.h", ["client/rules/yaml."]),
]

# core is pure: no sockets, files, threads or clock, but in these places (docs/adr/0003). arpa/inet.h reads how an address
# is written, and opens nothing.
CORE_RIM = ("core/daemon/", "core/keyfile.c", "core/directory.c")
IMPURE_HEADERS = re.compile(r"(sys/(socket|stat|types|file|mman|time|wait|un)|netinet/.*|arpa/(?!inet\.h).*|netdb|poll|fcntl|unistd|"
                            r"dirent|pthread|threads|time|signal|errno)\.h")
IMPURE_CALLS = re.compile(r"\b(time|clock_gettime|gettimeofday|clock|getenv|fopen|open|socket|rand|random|printf|"
                          r"fprintf|puts)\s*\(")

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')
OURS = ("core/", "broker/", "worker/", "client/", "tests/")


def folder_of(path, table):
    fitting = [folder for folder in table if path.startswith(folder)]
    return max(fitting, key=len) if fitting else None


def check_include(path, number, name):
    folder = folder_of(path, MAY_INCLUDE)
    if name.startswith(OURS):
        forbidden = any(name.startswith(other) for other in MUST_NOT_INCLUDE.get(folder, []))
        if forbidden or not any(name.startswith(other) for other in MAY_INCLUDE[folder]):
            yield f"{path}:{number}: {folder} must not include {name}"
    for header, places in OUTSIDE:
        if re.fullmatch(header, name) and not path.startswith(tuple(places)):
            yield f"{path}:{number}: {name} is for {' '.join(places)}"
    if path.startswith("core/") and not path.startswith(CORE_RIM) and IMPURE_HEADERS.fullmatch(name):
        yield f"{path}:{number}: core is pure and must not include {name}"


def check_file(root, path):
    with open(f"{root}/{path}", encoding="utf-8") as file:
        text = tree.without_comments(file.read())
    is_pure = path.startswith("core/") and not path.startswith(CORE_RIM)
    for number, line in enumerate(text.splitlines(), 1):
        include = INCLUDE.match(line)
        if include:
            yield from check_include(path, number, include.group(2))
        elif is_pure:
            call = IMPURE_CALLS.search(re.sub(r'"(\\.|[^"\\])*"', '""', line))
            if call:
                yield f"{path}:{number}: core is pure and must not call {call.group(1)}"


def check(root):
    paths = [path for path in tree.files(root, ".c", ".h") if folder_of(path, MAY_INCLUDE)]
    return [finding for path in paths for finding in check_file(root, path)]


if __name__ == "__main__":
    tree.main(check, __doc__)
