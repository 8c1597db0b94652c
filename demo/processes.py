"""Starting and stopping the programs of the demo, by their own process id only."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request


class Process:
    """A program with its output in a file. It gets a session of its own, so that Ctrl-C reaches only the demo."""

    def __init__(self, name, command, folder, environment=None):
        self.name = name
        self.killed = False  # by kill()
        self.log = os.path.join(folder, f"{name}.log")
        with open(self.log, "w") as log:
            self._process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=subprocess.STDOUT, start_new_session=True,
                                             env={**os.environ, **(environment or {})})

    def ended(self):
        return self._process.poll() is not None

    def tail(self, lines=15):
        with open(self.log, errors="replace") as log:
            return "".join(log.readlines()[-lines:]).rstrip()

    def wait_ready(self, url, seconds=120):
        """Fails at once when the program ends; the limit is far above what a busy machine needs."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.ended():
                raise RuntimeError(f"{self.name} ended with {self._process.returncode}:\n{self.tail()}")
            try:
                with urllib.request.urlopen(url, timeout=5):
                    return
            except (OSError, urllib.error.URLError):
                time.sleep(0.05)
        raise RuntimeError(f"{self.name} did not answer at {url} within {seconds} s:\n{self.tail()}")

    def kill(self):
        """Ends it without a word."""
        self.killed = True
        self._process.kill()
        self._process.wait()

    def stop(self, seconds=60):
        """Returns the exit status; -9 for a program that had to be killed."""
        if not self.ended():
            self._process.terminate()
            try:
                self._process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        return self._process.returncode


def get_text(url):
    """The answer, or nothing when there is none."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.read().decode()
    except OSError:
        return ""


def get_json(url):
    """The answer, or None when there is none: the watcher asks again soon."""
    try:
        return json.loads(get_text(url))
    except ValueError:
        return None
