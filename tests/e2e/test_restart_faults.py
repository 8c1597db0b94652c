"""Kills and stops at any instant beside a receiver that refuses, stalls and loses its answers.

No page is lost, no end is told before its page, and the end of whatever was paged is told. TOCSIN_KILLS says how often
(default 15), TOCSIN_SEED which instants and faults."""

import http.server
import json
import os
import random
import signal
import threading
import time
import unittest

from support import PROGRAM, Stage, free_port, wait_for

CONFIG = """
global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}
scrape_configs: [{{job_name: page, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]
rule_files: ["{rules}"]
alertmanager:
  route: {{receiver: hook, group_by: [id], group_wait: 0s, group_interval: 1s, repeat_interval: 4h}}
  receivers: [{{name: hook, webhook_configs: [{{url: "http://127.0.0.1:{port}/hook", send_resolved: true}}]}}]
"""
RULES = "groups: [{name: g, rules: [{alert: Bad, expr: job_bad == 1}]}]\n"
FAULTS = ["ok"] * 5 + ["500", "429", "late", "silent", "silent"]


class Peer:
    """Serves the series that the rule reads, and takes the notifications, with a fault for some of them."""

    def __init__(self, chance):
        self.chance = chance
        self.healthy = False
        self.jobs = {}     # id: 1 while it is bad
        self.tried = []    # (id, status) of every request
        self.told = []     # (id, status, time) of those answered with 200
        self.lock = threading.Lock()
        peer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_GET(self):
                with peer.lock:
                    page = "".join(f'job_bad{{id="{job}"}} {bad}\n' for job, bad in peer.jobs.items())
                self.answer(200, page.encode(), {"Content-Type": "text/plain; version=0.0.4"})

            def do_POST(self):
                peer.take(self, json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def answer(self, status, body=b"", headers=None):
                self.send_response(status)
                for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, handler, message):
        alerts = [(alert["labels"]["id"], alert["status"]) for alert in message["alerts"]]
        with self.lock:
            self.tried += alerts
            fault = "ok" if self.healthy else self.chance.choice(FAULTS)
        if fault == "silent":
            time.sleep(self.chance.uniform(0, 3))
            handler.close_connection = True
            return
        if fault == "late":
            time.sleep(1)
        try:
            if fault in ("500", "429"):
                handler.answer(int(fault), b"no", {"Retry-After": "1"} if fault == "429" else {})
                return
            handler.answer(200, b"ok" * 32)
        except OSError:
            return  # the program was killed while it waited
        with self.lock:
            self.told += [(*alert, time.time()) for alert in alerts]

    def times(self, job, status):
        with self.lock:
            return [at for told, how, at in self.told if (told, how) == (job, status)]

    def was_tried(self, job):
        with self.lock:
            return (job, "firing") in self.tried

    def set(self, job, bad):
        with self.lock:
            self.jobs[job] = bad


class RestartFaultsTest(Stage):
    def begin(self):
        self.process = self.start("tocsin", [PROGRAM, "run", f"--config.file={self.config}",
                                             f"--web.listen-address={self.address}",
                                             f"--storage.path={self.path('data')}"],
                                  f"http://{self.address}/-/ready")

    def interrupt(self, how):
        self.interrupted.append(time.time())
        if how == signal.SIGKILL:
            self.process.kill()
        else:
            self.process.stop()

    def run_loop(self, chance, kinds):
        """The jobs that were bad, each at least until the receiver was tried with it."""
        jobs = []
        ending = set()
        for _ in range(int(os.environ.get("TOCSIN_KILLS", "15"))):
            end = time.monotonic() + chance.choice([0.2, 0.5, 1, 2])
            while time.monotonic() < end:
                if chance.random() < 0.3:
                    jobs.append(str(len(jobs)))
                    self.peer.set(jobs[-1], 1)
                for job in jobs:
                    if job not in ending and self.peer.was_tried(job) and chance.random() < 0.1:
                        ending.add(job)
                        self.peer.set(job, 0)
                time.sleep(chance.uniform(0.05, 0.2))
            self.interrupt(chance.choice(kinds))
            self.begin()
        return jobs

    def test_no_page_is_lost(self):
        seed = int(os.environ.get("TOCSIN_SEED", "1"))
        chance = random.Random(seed)
        self.peer = Peer(random.Random(seed + 1))
        self.addCleanup(self.peer.server.shutdown)
        self.address = f"127.0.0.1:{free_port()}"
        self.config = self.write("tocsin.yml", CONFIG.format(port=self.peer.port, rules=self.write("rules.yml", RULES)))
        self.interrupted = []
        self.begin()
        jobs = self.run_loop(chance, [signal.SIGKILL, signal.SIGTERM])
        self.peer.healthy = True
        for job in jobs:
            wait_for(lambda job=job: self.peer.times(job, "firing"), 60, f"the page of job {job}")
        for job in jobs:
            self.peer.set(job, 0)
        for job in jobs:
            wait_for(lambda job=job: self.peer.times(job, "resolved"), 60, f"the end of job {job}")
        for job in jobs:
            pages, ends = self.peer.times(job, "firing"), self.peer.times(job, "resolved")
            self.assertLess(pages[0], ends[0], f"job {job}: its end came before its page")
            for times in (pages, ends):
                for first, again in zip(times, times[1:]):
                    # an answer may be written to a program that was killed while it waited
                    self.assertTrue(any(first - 5 < at < again for at in self.interrupted),
                                    f"job {job} was told twice by one process: {times}, {self.interrupted}")


if __name__ == "__main__":
    unittest.main()
