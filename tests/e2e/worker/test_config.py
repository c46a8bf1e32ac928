"""Configuration, key files and the command line: what is wrong is said in one sentence, with an exit code of its own."""

import os
import re
import secrets
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from worker_case import BUILD, ROOT, main  # sets the path
from comity_installation import write_connection_key, write_secret, write_signing_seed

WORKER = BUILD / "comity-worker"
ORDERLY, OTHER, CONFIGURATION = 0, 1, 2


def run(*arguments, timeout_s=60):
    return subprocess.run([WORKER, *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout_s)


class Config(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="comity-test-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        for name in ("worker", "group"):
            write_connection_key(self.directory / f"{name}.key")
        write_signing_seed(self.directory / "log.key")
        write_secret(self.directory / "token", secrets.token_hex(16) + "\n")
        self.values = {"data": self.directory / "data", "connection_key": self.directory / "worker.key",
                       "group_key": self.directory / "group.key", "log_key": self.directory / "log.key",
                       "founding": "token", "founding_token_file": self.directory / "token"}
        self.broker = {"endpoint": "tcp://127.0.0.1:1", "key": "ab" * 32}
        self.extra = ""

    def write(self):
        path = self.directory / "worker.ini"
        section = lambda name, values: f"[{name}]\n" + "".join(f"{k} = {v}\n" for k, v in values.items())  # noqa: E731
        path.write_text(section("worker", self.values) + section("broker near", self.broker) + self.extra)
        return path

    def check(self, *words, exit_code=CONFIGURATION):
        """--check says no with these words, in one line of standard error, and so does a start."""
        path = self.write()
        for arguments in ((["--config", path, "--check"]), (["--config", path])):
            result = run(*arguments)
            self.assertEqual(result.returncode, exit_code, result.stderr)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            for word in words:
                self.assertIn(word, result.stderr)
        self.assertFalse((self.directory / "data").exists())

    def test_a_good_one(self):
        result = run("--config", self.write(), "--check")
        self.assertEqual((result.returncode, result.stderr), (ORDERLY, ""))
        self.assertFalse((self.directory / "data").exists())

    def test_unknown_keys_and_sections(self):
        self.values["colour"] = "blue"
        self.check("worker.ini, line 8", "colour")
        del self.values["colour"]
        self.extra = "[weather]\nwind = 3\n"
        self.check("worker.ini, line 11", "weather")
        self.extra = "[limits]\nwind = 3\n"
        self.check("worker.ini, line 12", "wind")

    def test_values(self):
        for key, value, *words in (("window", "0", "line 8"), ("window", "many", "line 8"), ("threads", "1000", "line 8"),
                                   ("founding", "everybody", "founding"), ("log_level", "loud", "log_level"),
                                   ("silence_ms", "300", "silence_ms"), ("map_limit_mib", "1", "line 8")):
            with self.subTest(key, value=value):
                before = dict(self.values)
                self.values[key] = value
                self.check(key if len(words) == 1 else words[0], *words)
                self.values = before

    def test_something_is_missing(self):
        for key in ("data", "connection_key", "group_key", "log_key"):
            with self.subTest(key):
                before = dict(self.values)
                del self.values[key]
                self.check(key)
                self.values = before
        del self.values["founding_token_file"]
        self.check("founding_token_file")

    def test_operators(self):
        key = "ab" * 32
        self.extra = "[worker]\noperator =\n"
        self.check("operator: no key stands there", "or take the line out")
        self.extra = "[worker]\n" + f"operator = {key}\n" * 65
        self.check("operator: 65 keys are given, and at most 64 are allowed: take some out")

    def test_more_members_of_etcd_than_are_allowed(self):
        self.extra = "[log]\nkind = etcd\nname = north\n" + "".join(f"endpoint = https://127.0.0.1:{i}\n" for i in range(1, 10))
        self.check("[log] endpoint: 9 are given, and at most 8 are allowed", "take the others out")

    def test_given_twice(self):
        self.extra = "[worker]\ndata = elsewhere\n"
        self.check("line 12", "data")

    def test_brokers(self):
        self.broker["key"] = "ab" * 31
        self.check("line 10", "key")
        del self.broker["key"]
        self.check("key")
        path = self.directory / "none.ini"
        path.write_text("[worker]\n" + "".join(f"{k} = {v}\n" for k, v in self.values.items()))
        result = run("--config", path, "--check")
        self.assertEqual(result.returncode, CONFIGURATION)
        self.assertIn("[broker NAME]", result.stderr)

    def test_the_brokers_key_is_still_the_samples(self):
        self.broker["key"] = "0" * 64
        self.check("[broker near] key", "all zeros", "ready_file")

    def public(self, key):
        return re.search(r"^public ([0-9a-f]{64})$", Path(self.values[key]).read_text(), re.M)[1]

    def test_keys_are_made(self):
        """Those that are missing, and no others; whatever else is still to be filled in."""
        names = ("connection_key", "group_key", "log_key")
        kept = self.values["group_key"].read_bytes()
        for name in ("connection_key", "log_key"):
            self.values[name].unlink()
        (self.directory / "token").unlink()
        self.broker["key"] = "0" * 64
        first = run("keys", "--config", self.write())
        self.assertEqual((first.returncode, first.stderr), (ORDERLY, ""))
        lines = first.stdout.splitlines()
        for line, name in zip(lines, names):
            new = "" if name == "group_key" else " (new)"
            self.assertEqual(line, f"{name} {self.values[name]} public {self.public(name)}{new}")
            self.assertEqual(os.stat(self.values[name]).st_mode & 0o777, 0o600)
        self.assertEqual(lines[lines.index("[worker NAME]") + 1], f"key = {self.public('connection_key')}")
        self.assertIn(f'"group_key": "{self.public("group_key")}"', lines)
        self.assertEqual(self.values["group_key"].read_bytes(), kept)
        again = run("keys", "--config", self.write())
        self.assertEqual(again.stdout, first.stdout.replace(" (new)", ""))
        self.assertFalse((self.directory / "data").exists())
        write_secret(self.directory / "token", "token\n")
        self.broker["key"] = "ab" * 32
        self.assertEqual(run("--config", self.write(), "--check").returncode, ORDERLY)

    def test_keys_that_cannot_be_made(self):
        self.values["log_key"] = self.directory / "nowhere" / "log.key"
        result = run("keys", "--config", self.write())
        self.assertEqual(result.returncode, CONFIGURATION)
        self.assertIn("log_key", result.stderr)
        self.assertEqual(len(result.stderr.splitlines()), 1)
        os.chmod(self.values["group_key"], 0o644)
        self.assertIn("0600", run("keys", "--config", self.write()).stderr)
        self.assertEqual(run("keys").returncode, CONFIGURATION)

    def test_the_logs_name_keys_in_full(self):
        """What the broker has to know of the worker, and the worker of the broker, can be compared and copied."""
        process = subprocess.Popen([WORKER, "--config", self.write()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, text=True)
        try:
            log = ""
            while "event=broker " not in log:
                line = process.stderr.readline()
                self.assertTrue(line, "it ended: " + log)
                log += line
        finally:
            process.terminate()
            process.communicate(timeout=60)
        for name in ("connection_key", "group_key", "log_key"):
            self.assertIn(f" {name}={self.public(name)}", log)
        self.assertIn(f" key={'ab' * 32}", log)

    def test_the_shipped_samples_fit_each_other(self):
        deploy = ROOT / "deploy"
        back = re.search(r"^back = (\S+)$", (deploy / "broker.ini").read_text(), re.M)[1]
        endpoint = re.search(r"^endpoint = (\S+)$", (deploy / "worker.ini").read_text(), re.M)[1]
        self.assertEqual(back, endpoint)

    def test_an_endpoint_that_is_none(self):
        for endpoint in ("carrier-pigeon", "tcp://127.0.0.1:99999", "tcp://*:7412", "tcp://127.0.0.1:1;10.0.0.1:2"):
            with self.subTest(endpoint):
                self.broker["endpoint"] = endpoint
                self.check("[broker near] endpoint is to be tcp://HOST:PORT")

    def test_a_ready_file_in_no_folder(self):
        self.values["ready_file"] = self.directory / "nowhere" / "ready"
        result = run("--config", self.write(), "--check")
        self.assertEqual(result.returncode, CONFIGURATION)
        self.assertIn("ready_file", result.stderr)
        self.assertIn("no such folder", result.stderr)

    def test_secrets_that_others_can_read(self):
        for key in ("connection_key", "group_key", "log_key", "founding_token_file"):
            for mode in (0o640, 0o604, 0o660):
                with self.subTest(key, mode=oct(mode)):
                    os.chmod(self.values[key], mode)
                    self.check(key, "0600")
                    os.chmod(self.values[key], 0o600)

    def test_secrets_that_are_not_there(self):
        for key in ("connection_key", "group_key", "log_key", "founding_token_file"):
            with self.subTest(key):
                before = self.values[key]
                self.values[key] = self.directory / "nowhere"
                self.check(key, "nowhere", "No such file")
                self.values[key] = before

    def test_secrets_of_another_kind(self):
        good = dict(self.values)
        self.values["log_key"] = good["group_key"]
        self.check("log_key")
        self.values = dict(good, group_key=good["log_key"])
        self.check("group_key")
        (self.directory / "folder").mkdir(mode=0o700)
        self.values = dict(good, connection_key=self.directory / "folder")
        self.check("connection_key")
        self.values = good
        for content in ("", "\n", "two\nlines\n", "x" * 129 + "\n", "caf\u00e9\n"):
            with self.subTest(content):
                (self.directory / "token").write_text(content)
                self.check("founding_token_file")
        (self.directory / "token").write_text("x" * 128)
        self.assertEqual(run("--config", self.write(), "--check").returncode, ORDERLY)

    def test_an_unreadable_configuration(self):
        result = run("--config", self.directory / "nowhere.ini", "--check")
        self.assertEqual(result.returncode, CONFIGURATION)
        self.assertIn("nowhere.ini", result.stderr)

    def test_the_command_line(self):
        for arguments, words in (([], "--config"), (["--colour"], "usage"), (["sing", "--config", "x"], "verb"),
                                 (["export", "--config", self.write()], "--to"),
                                 (["restore", "--config", self.write()], "--from"),
                                 (["export", "restore", "--config", "x"], "verb"),
                                 (["export", "--config", self.write(), "--to", "x", "--history", "12"], "64")):
            with self.subTest(str(arguments)):
                result = run(*arguments)
                self.assertEqual(result.returncode, CONFIGURATION, result.stderr)
                self.assertIn(words, result.stderr)
        for arguments, words in ((["--help"], "usage: comity-worker"), (["--help"], "comity-worker keys --config FILE"),
                                 (["--version"], "comity-worker "),
                                 (["--help-config"], "[worker]")):
            result = run(*arguments)
            self.assertEqual((result.returncode, result.stderr), (ORDERLY, ""))
            self.assertIn(words, result.stdout)

    def test_the_shipped_sample_names_every_key(self):
        """deploy/worker.ini and --help-config agree on sections, keys and defaults."""
        def keys(text):
            found, section = {}, ""
            for line in text.splitlines():
                head = re.match(r"#? ?\[(\w+)", line)
                pair = re.match(r"(?:# )?([a-z_]+) =(?: (\S+))?$", line)
                section = head[1] if head else section
                if pair:
                    found[section, pair[1]] = pair[2]
            return found
        printed = keys(run("--help-config").stdout)
        shipped = keys((ROOT / "deploy" / "worker.ini").read_text())
        self.assertGreater(len(printed), 15)
        self.assertEqual(set(printed), set(shipped))
        for key, value in printed.items():
            if value is not None:
                self.assertEqual(shipped[key], value, key)


if __name__ == "__main__":
    main()
