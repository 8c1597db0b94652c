"""What must have arrived when the story is over, and whether it did."""

from dataclasses import dataclass

# Who hears of an alert: (channel, receiver). The routes of tocsin.yml.in say the same in Alertmanager's words.
EXECUTIVES = (("slack", "#executive-briefing"), ("e-mail", "cfo@example.com"))
RISK = (("slack", "#risk-monitoring"),)
PLATFORM = (("slack", "#devops-alerts"), ("webhook", "on-call"))
DATA = (("slack", "#adinsights-alerts"), ("e-mail", "data-eng@example.com"))

ALERTS = (
    # alert, severity, told, whether its end is told too
    ("PAR_90", "warning", RISK, False),  # critical takes over before it ends
    ("PAR_90", "critical", EXECUTIVES, True),
    ("DatabaseConnectionsHigh", "critical", PLATFORM, True),
    ("IngestionJobStuck", "warning", PLATFORM, True),
    ("AirbyteSyncStale", "warning", DATA, True),
)


@dataclass
class Expected:
    alert: str
    severity: str
    state: str  # "firing" or "resolved"
    channel: str
    receiver: str
    since: float = 0  # when it broke, or got well
    at: float = None  # when it was told; None while it was not

    def row(self, start):
        came = f"+{self.at - start:5.1f} s" if self.at else "missing"
        late = f"{self.at - self.since:5.1f} s" if self.at else ""
        return [self.alert, self.severity, self.state, self.channel, self.receiver, came, late]


def expectations(with_alertmanager):
    expected = []
    for alert, severity, told, ends in ALERTS:
        receivers = told + ((("Alertmanager", "API v2"),) if with_alertmanager and ends else ())
        for state in ("firing", "resolved") if ends else ("firing",):
            expected += [Expected(alert, severity, state, channel, receiver) for channel, receiver in receivers]
    return expected


def begin(expected, step, now):
    """Notes that `step` of the story was taken: from now on its notifications are awaited."""
    state = "firing" if step.kind == "broke" else "resolved"
    for item in expected:
        if (item.alert, item.severity, item.state) == (step.alert, step.severity, state):
            item.since = now


def note_message(expected, message):
    """Ticks off what a delivery answers. Returns how long after the break it came, or None for one nobody awaited."""
    after = None
    for item in expected:
        if (item.channel, item.receiver) == (message.channel, message.receiver) and item.since \
                and message.at >= item.since and (item.alert, item.state) in message.alerts:
            item.at = item.at or message.at
            after = message.at - item.since
    return after


def note_alertmanager(expected, alert, severity, state, now):
    for item in expected:
        if (item.channel, item.alert, item.severity, item.state) == ("Alertmanager", alert, severity, state) \
                and item.since and not item.at:
            item.at = now
            return now - item.since
    return None


def table(rows, header):
    widths = [max(len(str(cell)) for cell in column) for column in zip(header, *rows)]
    lines = ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip() for row in (header, *rows)]
    return "\n".join([lines[0], "-" * (sum(widths) + 2 * len(widths) - 2), *lines[1:]])


def report(expected, start):
    """The closing table, and the rows that never came."""
    missing = [item for item in expected if not item.at]
    header = ["alert", "severity", "state", "channel", "told", "at", "after"]
    return table([item.row(start) for item in expected], header), missing
