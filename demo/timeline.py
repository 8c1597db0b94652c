"""The lines a person watches, and the watcher that finds out what fired and who was told."""

import sys
import threading
import time

import expect
from processes import get_json

COLORS = {"broke": "31", "healed": "32", "fired": "33", "over": "32", "told": "36", "note": "2"}


class Timeline:
    def __init__(self, start):
        self.start = start
        self._color = sys.stdout.isatty()
        self._lock = threading.Lock()

    def say(self, kind, text, at=None):
        stamp = f"+{(at or time.monotonic()) - self.start:5.1f} s"
        word = f"{kind:<6}"
        if self._color:
            word = f"\033[{COLORS[kind]}m{word}\033[0m"
        with self._lock:
            print(f"{stamp}  {word}  {text}", flush=True)


class Watcher:
    """Looks every quarter of a second: at tocsin's alerts, at the real Alertmanager's, at what the sinks received."""

    def __init__(self, timeline, inbox, tocsin_url, alertmanager_url=None, expected=()):
        self._timeline = timeline
        self._inbox = inbox
        self._tocsin_url = tocsin_url
        self._alertmanager_url = alertmanager_url
        self._expected = expected
        self._firing = set()
        self._kept = set()
        self._messages_seen = 0
        self._refusals_seen = 0

    def look(self):
        self._look_at_tocsin()
        if self._alertmanager_url:
            self._look_at_alertmanager()
        self._look_at_inbox()

    def _look_at_tocsin(self):
        answer = get_json(f"{self._tocsin_url}/api/v1/alerts")
        if answer is None:
            return
        firing = {}
        for alert in answer["data"]["alerts"]:
            if alert["state"] == "firing":
                labels = alert["labels"]
                key = tuple(sorted(labels.items()))
                shown = ", ".join(f"{name}={value}" for name, value in key
                                  if name not in ("alertname", "severity", "team", "priority"))
                value = f"{float(alert.get('value', 'nan')):.4g}"
                firing[key] = f"{labels['alertname']} {labels.get('severity', '')} (value {value}{'; ' if shown else ''}{shown})"
        for key in firing.keys() - self._firing:
            self._timeline.say("fired", firing[key])
        for key in self._firing - firing.keys():
            labels = dict(key)
            self._timeline.say("over", f"{labels['alertname']} {labels.get('severity', '')}")
        self._firing = set(firing)

    def _look_at_alertmanager(self):
        answer = get_json(f"{self._alertmanager_url}/api/v2/alerts")
        if answer is None:
            return
        kept = {(alert["labels"]["alertname"], alert["labels"].get("severity", "")) for alert in answer}
        for changed, state in ((kept - self._kept, "firing"), (self._kept - kept, "resolved")):
            for alert, severity in sorted(changed):
                after = expect.note_alertmanager(self._expected, alert, severity, state, time.monotonic())
                self._timeline.say("told", f"{'Alertmanager':<32} {state}: {alert} {severity}{since(after)}")
        self._kept = kept

    def _look_at_inbox(self):
        for message in self._inbox.messages(self._messages_seen):
            self._messages_seen += 1
            after = expect.note_message(self._expected, message)
            receiver = f"{message.channel} {message.receiver}"
            self._timeline.say("told", f"{receiver:<32} {shorten(message.line)}{since(after)}", message.at)
        for at, receiver in self._inbox.refusals[self._refusals_seen:]:
            self._refusals_seen += 1
            self._timeline.say("note", f"slack {receiver} answered 429 with Retry-After: 1; tocsin must come again", at)


def shorten(text, width=72):
    return text if len(text) <= width else text[:width - 1] + "…"


def since(after):
    return "" if after is None else f"  [{after:.1f} s after]"
