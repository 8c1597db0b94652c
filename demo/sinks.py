"""What the demo's messages arrive at, all on loopback: a Slack-like endpoint, a webhook, a mail server."""

import email
import email.policy
import http.server
import json
import re
import threading
import time
from dataclasses import dataclass

from aiosmtpd.controller import Controller


@dataclass(frozen=True)
class Message:
    """One delivery. `alerts` are (alert name, "firing" or "resolved") pairs it speaks of."""
    at: float  # time.monotonic()
    channel: str  # "slack", "e-mail", "webhook"
    receiver: str  # "#risk-monitoring", an address, a path
    line: str  # the first line, for people
    alerts: tuple


class Inbox:
    """Every delivery in order. Safe from any thread."""

    def __init__(self, alert_names):
        self._names = sorted(alert_names, key=len, reverse=True)
        self._lock = threading.Lock()
        self._messages = []
        self.refusals = []  # (time, receiver) of requests answered with 429

    def add(self, channel, receiver, line, alerts):
        with self._lock:
            self._messages.append(Message(time.monotonic(), channel, receiver, line, tuple(alerts)))

    def refuse(self, receiver):
        with self._lock:
            self.refusals.append((time.monotonic(), receiver))

    def messages(self, start=0):
        with self._lock:
            return self._messages[start:]

    def named_in(self, text):
        """The alerts a text for people speaks of, and what its counts say of them: [FIRING:2, RESOLVED:1]."""
        states = [word.lower() for word in ("FIRING", "RESOLVED") if re.search(rf"\b{word}:[1-9]", text)]
        return [(name, state) for name in self._names if re.search(rf"\b{re.escape(name)}\b", text) for state in states]


def slack_text(payload):
    """All text of a Slack message in reading order: `text`, then attachments and blocks."""
    found = []

    def walk(value):
        if isinstance(value, dict):
            for key in ("text", "title", "fallback", "fields", "elements", "attachments", "blocks"):
                if key in value:
                    walk(value[key])
        elif isinstance(value, list):
            for item in value:
                walk(item)
        elif isinstance(value, str) and value.strip():
            found.append(value.strip())

    walk(payload)
    return "\n".join(found)


class HttpSink:
    """POST /slack/<channel> and POST /webhook/<name>. The first Slack message is told to come again after a second."""

    def __init__(self, inbox, slack_refusals=1):
        sink = self
        self._inbox = inbox
        self._refusals_left = slack_refusals
        self._lock = threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, headers, answer = sink.receive(self.path, body)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(answer))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def receive(self, path, body):
        kind, _, name = path.strip("/").partition("/")
        try:
            payload = json.loads(body)
        except ValueError:
            return 400, {}, b"invalid_payload"
        if kind == "slack":
            return self._receive_slack("#" + name, payload)
        if kind == "webhook":
            return self._receive_webhook(name, payload)
        return 404, {}, b"no_service"

    def _receive_slack(self, channel, payload):
        text = slack_text(payload)
        if not text:
            return 400, {}, b"no_text"
        with self._lock:
            refuse = self._refusals_left > 0
            self._refusals_left -= refuse
        if refuse:
            self._inbox.refuse(channel)
            return 429, {"Retry-After": "1"}, b"rate_limited"
        self._inbox.add("slack", channel, text.splitlines()[0], self._inbox.named_in(text))
        return 200, {}, b"ok"

    def _receive_webhook(self, name, payload):
        alerts = [(alert["labels"]["alertname"], alert["status"]) for alert in payload.get("alerts", [])]
        names = ", ".join(sorted({alert for alert, _ in alerts}))
        line = f"version {payload.get('version')}, {payload.get('status')}: {names} ({len(alerts)})"
        self._inbox.add("webhook", name, line, sorted(set(alerts)))
        return 200, {}, b""

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


class MailSink:
    """A mail server that keeps what it gets."""

    def __init__(self, inbox, port):
        self._inbox = inbox
        self.port = port
        self._controller = Controller(self, hostname="127.0.0.1", port=port)
        self._controller.start()

    async def handle_DATA(self, _server, _session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        subject = message.get("Subject", "(no subject)")
        body = message.get_body(preferencelist=("plain", "html"))
        text = subject if self._inbox.named_in(subject) else f"{subject}\n{body.get_content() if body else ''}"
        for recipient in envelope.rcpt_tos:
            self._inbox.add("e-mail", recipient, subject, self._inbox.named_in(text))
        return "250 kept"

    def stop(self):
        self._controller.stop()
