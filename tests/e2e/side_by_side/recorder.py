"""An Alertmanager that takes every alert and only writes it down."""

import http.server
import json
import threading
import time


class Recorder:
    def __init__(self):
        self._lock = threading.Lock()
        self._received = []  # (seconds, alert); guarded by _lock
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                known = self.path == "/api/v2/alerts"
                if known:
                    recorder.record(json.loads(body))
                self.send_response(200 if known else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def record(self, alerts):
        now = time.time()
        with self._lock:
            self._received += [(now, alert) for alert in alerts]

    def received(self):
        with self._lock:
            return list(self._received)

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
