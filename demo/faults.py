"""What breaks in the demo's database, when, and how it gets well again. Times are seconds since the story began."""

import subprocess
from dataclasses import dataclass
from typing import Callable


@dataclass(frozen=True)
class Step:
    at: float
    kind: str  # "broke" or "healed"
    alert: str  # the threshold it concerns
    severity: str
    text: str
    act: Callable


class PileUp:
    """Sessions of an application that never gives them back."""

    def __init__(self, cluster, sessions):
        self._cluster = cluster
        self._wanted = sessions
        self._sessions = []

    def open(self):
        environment = self._cluster.environment("shop", "analytics-api")
        for _ in range(self._wanted):
            self._sessions.append(subprocess.Popen(["psql", "-X", "-q"], env=environment, stdin=subprocess.PIPE,
                                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def close(self):
        for session in self._sessions:
            session.stdin.close()
        for session in self._sessions:
            session.wait(timeout=10)
        self._sessions.clear()


RAISE_PAR_90 = """
WITH wanted AS (SELECT sum(outstanding_balance) * {percent} / 100
                       - coalesce(sum(outstanding_balance) FILTER (WHERE days_past_due > 90), 0) AS amount FROM loan_tape),
     late AS (SELECT loan_id, sum(outstanding_balance) OVER (ORDER BY days_past_due DESC, loan_id) AS running
              FROM loan_tape WHERE days_past_due BETWEEN 0 AND 90)
UPDATE loan_tape SET days_past_due = days_past_due + 91 FROM late, wanted
WHERE late.loan_id = loan_tape.loan_id AND late.running <= wanted.amount;
SELECT demo.run_pipeline()"""

LOWER_PAR_90 = """
UPDATE loan_tape SET days_past_due = tape.days_past_due FROM demo.healthy_tape AS tape WHERE tape.loan_id = loan_tape.loan_id;
SELECT demo.run_pipeline()"""

STICK_JOB = """
UPDATE processing_jobs SET started_at = now() - interval '42 minutes', created_at = now() - interval '43 minutes'
WHERE job_id = 'ingest-live-1'"""

FREE_JOB = """
UPDATE processing_jobs SET status = 'failed', error_message = 'Manually cancelled - stuck', completed_at = now()
WHERE job_id = 'ingest-live-1'"""

STALE_SYNC = """
UPDATE tenant_airbyte_sync_status SET last_synced_at = now() - interval '71 minutes'
WHERE tenant = 'tenant-borealis' AND connection_id = 'meta'"""

FRESH_SYNC = """
UPDATE tenant_airbyte_sync_status SET last_synced_at = now()
WHERE tenant = 'tenant-borealis' AND connection_id = 'meta'"""


def story(cluster):
    """The steps in order of time, and what must be undone when the demo ends in the middle of them."""
    cluster.psql("CREATE TABLE demo.healthy_tape AS SELECT loan_id, days_past_due FROM loan_tape")
    pile_up = PileUp(cluster, sessions=34)

    def sql(statement):
        return lambda: cluster.psql(statement)

    steps = [
        Step(4, "broke", "PAR_90", "warning", "late loans pile up: PAR_90 rises over 3 %",
             sql(RAISE_PAR_90.format(percent="3.7"))),
        Step(9, "broke", "DatabaseConnectionsHigh", "critical", "analytics-api opens 34 sessions and keeps them (of 40)",
             pile_up.open),
        Step(14, "broke", "IngestionJobStuck", "warning", "job ingest-live-1 has been processing for 42 minutes",
             sql(STICK_JOB)),
        Step(19, "broke", "AirbyteSyncStale", "warning", "tenant-borealis' meta sync last succeeded 71 minutes ago",
             sql(STALE_SYNC)),
        Step(24, "broke", "PAR_90", "critical", "more loans pass 90 days: PAR_90 rises over 5 %",
             sql(RAISE_PAR_90.format(percent="5.8"))),
        Step(34, "healed", "DatabaseConnectionsHigh", "critical", "analytics-api gives its sessions back", pile_up.close),
        Step(38, "healed", "IngestionJobStuck", "warning", "job ingest-live-1 is cancelled", sql(FREE_JOB)),
        Step(42, "healed", "AirbyteSyncStale", "warning", "tenant-borealis' meta sync succeeds", sql(FRESH_SYNC)),
        Step(46, "healed", "PAR_90", "critical", "the late loans are paid: PAR_90 falls under 3 %", sql(LOWER_PAR_90)),
    ]
    return steps, pile_up.close
