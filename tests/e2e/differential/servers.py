"""The two servers under comparison, each with its folder, its port and no configuration to begin with."""

import glob
import http.client
import os
import re
import shutil
import subprocess
import urllib.parse

from support import PROGRAM, Process, free_port, post

from .compare import Answer

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def find_prometheus():
    """(program, version) of the newest real Prometheus here; (None, ()) if there is none.

    PROMETHEUS_PROGRAM names one; else Debian's, or a newer one that was unpacked beside the other peers."""
    named = os.environ.get("PROMETHEUS_PROGRAM")
    peers = os.environ.get("PEERS_DIR", os.path.expanduser("~/.cache/tocsin-peers"))
    programs = [named] if named else glob.glob(f"{peers}/usr/bin/prometheus") + [shutil.which("prometheus")]
    found = [(_version(program), program) for program in programs if program]
    version, program = max((one for one in found if one[0]), default=((), None))
    return program, version


def _version(program):
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=120)
    except OSError:
        return ()
    match = re.search(r"prometheus, version (\d+)\.(\d+)\.(\d+)", told.stdout + told.stderr)
    return tuple(map(int, match.groups())) if match else ()


class Server:
    """A running server with one kept connection. `flags`: what its command line has beside the common ones."""

    def __init__(self, name, command, folder):
        self.name = name
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = os.path.join(folder, name)
        os.makedirs(self.folder)
        self.config = os.path.join(self.folder, "config.yml")
        self._connection = None
        self.configure()
        self.process = Process(name, [*command, f"--config.file={self.config}",
                                      f"--web.listen-address=127.0.0.1:{self.port}",
                                      "--web.enable-remote-write-receiver"], self.folder)

    def wait_ready(self):
        self.process.wait_ready(f"{self.url}/-/ready")

    def stop(self):
        if self._connection:
            self._connection.close()
        self.process.stop()

    def configure(self, text="global: {}\n"):
        """Our server goes without the rules of its own, which the other one has not."""
        if self.name == "tocsin":
            text = text.replace("{", "{builtin_alerts: false, ", 1) if text.startswith("{") else f"builtin_alerts: false\n{text}"
        with open(self.config, "w") as file:
            file.write(text)

    def reload(self):
        status, body = post(f"{self.url}/-/reload")
        if status != 200:
            raise AssertionError(f"{self.name} did not reload: {status} {body}")

    def ask(self, path, parameters=(), method="GET"):
        """`parameters`: [(name, value)]. A POST sends them as a form."""
        form = urllib.parse.urlencode(list(parameters))
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
            try:
                if method == "POST":
                    self._connection.request("POST", path, form.encode(), FORM)
                else:
                    self._connection.request("GET", f"{path}?{form}" if form else path)
                answer = self._connection.getresponse()
                return Answer(answer.status, answer.read().decode())
            except (http.client.HTTPException, ConnectionError):
                self._connection.close()
                self._connection = None
                if attempt == 2 or self.process.ended():
                    raise AssertionError(f"{self.name} gave no answer to {path} {form}:\n{self.process.tail()}")
        raise AssertionError("not reached")


def tocsin_has_features():
    """Whether this tocsin can be asked for Prometheus' experimental functions."""
    told = subprocess.run([PROGRAM, "rules", "--help"], capture_output=True, text=True, timeout=120)
    return "--enable-feature" in told.stdout


def start_tocsin(folder, experimental):
    features = ["--enable-feature=promql-experimental-functions"] if experimental else []
    return Server("tocsin", [PROGRAM, "rules", f"--storage.path={folder}/tocsin-data", *features], folder)


def start_prometheus(program, folder, experimental):
    features = "native-histograms" + (",promql-experimental-functions" if experimental else "")
    return Server("prometheus", [program, f"--storage.tsdb.path={folder}/prometheus-data", "--web.enable-lifecycle",
                                 f"--enable-feature={features}", "--log.level=error"], folder)
