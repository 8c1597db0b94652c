#!/usr/bin/python3
"""An HTTP server that keeps what it is sent and answers by a script: Slack, a webhook, an Alertmanager, for tests.

Each request becomes one JSON line in --out: time, method, path, headers, body, answer.
Prints "listening on 127.0.0.1:PORT" once it answers. Standard library alone.

  http_sink.py --port 0 --out requests.jsonl
  http_sink.py … --script '429:3:retry-after=2,500,200'

--script is a list of answers, taken one per request; the last one stands for all that follow. An answer is
STATUS[:TIMES][:OPTION=VALUE…], or "drop" (close without an answer) in place of a status. Options:
  retry-after=SECONDS   a Retry-After header
  delay=SECONDS         wait before answering
  body=TEXT             instead of "ok"
--path-script '/hook=500:2,200' (repeatable) gives requests whose path begins so a script of their own.
"""
import argparse
import http.server
import json
import signal
import socket
import threading
import time


class Script:
    def __init__(self, text):
        self.steps = []
        for item in text.split(","):
            status, *rest = item.split(":")
            times = int(rest.pop(0)) if rest and rest[0].isdigit() else 1
            options = dict(option.split("=", 1) for option in rest)
            self.steps += [(status, options)] * times

    def next(self):
        return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]


class Sink(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, options):
        super().__init__(("127.0.0.1", options.port), Handler)
        self.lock = threading.Lock()
        self.out = options.out
        self.scripts = []
        for entry in options.path_script:
            path, _, script = entry.partition("=")
            self.scripts.append((path, Script(script)))
        self.scripts.append(("", Script(options.script)))

    def record(self, request):
        """Writes the request down and says how to answer it."""
        with self.lock:
            script = next(script for path, script in self.scripts if request["path"].startswith(path))
            status, options = script.next()
            with open(self.out, "a", encoding="utf-8") as file:
                file.write(json.dumps(request | {"answer": status}) + "\n")
        return status, options


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def answer(self):
        request = {
            "time": time.time(),
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.read_body().decode("utf-8", "replace"),
        }
        status, options = self.server.record(request)
        time.sleep(float(options.get("delay", 0)))
        if status == "drop":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        body = options.get("body", "ok").encode()
        self.send_response(int(status))
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        if "retry-after" in options:
            self.send_header("Retry-After", options["retry-after"])
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = answer

    def log_message(self, *arguments):
        pass


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--out", required=True)
    arguments.add_argument("--script", default="200")
    arguments.add_argument("--path-script", action="append", default=[], metavar="PATH=SCRIPT")
    options = arguments.parse_args()
    open(options.out, "a", encoding="utf-8").close()
    sink = Sink(options)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=sink.shutdown).start())
    print(f"listening on 127.0.0.1:{sink.server_address[1]}", flush=True)
    sink.serve_forever(poll_interval=0.05)


main()
