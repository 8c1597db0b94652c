"""What the end-to-end tests share: a private PostgreSQL, the program under test, and the real peers around it."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "demo"))

from cluster import Cluster, free_port  # noqa: E402
from processes import Process  # noqa: E402

PROGRAM = os.environ.get("TOCSIN_PROGRAM", os.path.join(ROOT, "build", "release", "tocsin"))
SUPPORT = os.path.join(ROOT, "tests", "support")


def wait_for(condition, seconds=120, what="the condition"):
    """The first true value of `condition`; fails the test after `seconds`, which must be far above what a busy machine
    needs."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come about within {seconds} s")


def get(url, headers=None, timeout=60):
    """(status, headers, body) of a GET; the body is unpacked."""
    request = urllib.request.Request(url, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            status, head, body = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        status, head, body = error.code, error.headers, error.read()
    if head.get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return status, head, body.decode()


def get_json(url):
    return json.loads(get(url)[2])


def post(url, body=b"", headers=None, timeout=60):
    request = urllib.request.Request(url, data=body, headers=headers or {}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def samples(page):
    """{'name{labels}': value} of a text exposition."""
    found = {}
    for line in page.splitlines():
        if line and not line.startswith("#"):
            series, _, value = line.rpartition(" ")
            found[series] = float(value)
    return found


def value_of(page, metric, **labels):
    """The value of the one series of `metric` that carries `labels`; None if there is none."""
    matches = [value for series, value in samples(page).items()
               if re.match(rf"{metric}({{|$)", series) and all(f'{k}="{v}"' in series for k, v in labels.items())]
    if len(matches) > 1:
        raise AssertionError(f"{len(matches)} series of {metric} carry {labels}")
    return matches[0] if matches else None


def wait_written(url):
    """Waits until what the tocsin at `url` has stored up to now is in its file, where it survives a kill."""
    def writes(*names):
        page = get(f"{url}/metrics")[2]
        return sum(value_of(page, f"tocsin_storage_{name}") for name in names)
    now = writes("writes_total", "writes_rejected_total", "queued_writes")
    wait_for(lambda: writes("writes_total", "writes_rejected_total") >= now, what="the file of all that is stored")


def json_lines(path):
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file if line.endswith("\n")]


class Stage(unittest.TestCase):
    """A test with a folder of its own, whose processes end with it."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="tocsin-e2e-")
        os.chmod(self.folder, 0o711)
        self.addCleanup(shutil.rmtree, self.folder, True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return path

    def start(self, name, command, ready=None, environment=None):
        process = Process(name, command, self.folder, environment)
        self.addCleanup(self.end, process, command[0] == PROGRAM)
        if ready:
            process.wait_ready(ready)
        return process

    def end(self, process, ours):
        """Whenever a program of ours is asked to end, it ends well; one that a sanitizer complained of does not."""
        status = process.stop()
        if ours:
            self.assertEqual(status, -9 if process.killed else 0, process.tail(100))

    def start_cluster(self):
        cluster = Cluster(self.folder)
        cluster.start()
        self.addCleanup(cluster.stop)
        return cluster

    def start_tocsin(self, config, name="tocsin", command="run", environment=None, flags=()):
        """(process, base URL). `config` is the text of tocsin.yml."""
        file = self.write(f"{name}.yml", config)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        process = self.start(name, [PROGRAM, command, f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}",
                                    f"--storage.path={self.path(name + '-data')}", *flags],
                             f"{url}/-/ready", environment)
        return process, url

    def start_sink(self, name, program, *arguments):
        """(port, function that reads what it recorded)."""
        out = self.path(f"{name}.jsonl")
        process = self.start(name, [sys.executable if program != "smtp_sink.py" else "/usr/bin/python3",
                                    os.path.join(SUPPORT, program), "--port", "0", "--out", out, *arguments])
        line = wait_for(lambda: re.search(r"listening on 127\.0\.0\.1:(\d+)", process.tail()), what=f"{name}'s port")
        return int(line.group(1)), lambda: json_lines(out)

    def start_prometheus(self, config):
        file = self.write("prometheus.yml", config)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        self.start("prometheus", ["prometheus", f"--config.file={file}", f"--web.listen-address=127.0.0.1:{port}",
                                  f"--storage.tsdb.path={self.path('prometheus-data')}"], f"{url}/-/ready")
        return url

    def start_alertmanager(self, config):
        file = self.write("alertmanager.yml", config)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        self.start("alertmanager", ["prometheus-alertmanager", f"--config.file={file}", "--cluster.listen-address=",
                                    f"--web.listen-address=127.0.0.1:{port}",
                                    f"--storage.path={self.path('alertmanager-data')}"], f"{url}/-/ready")
        return url

    def run_program(self, *arguments, environment=None, stdin=None):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=300, input=stdin,
                              env={**os.environ, **(environment or {})})


__all__ = ["Stage", "Process", "free_port", "get", "get_json", "json_lines", "post", "samples", "value_of", "wait_for",
           "wait_written", "PROGRAM", "ROOT"]
