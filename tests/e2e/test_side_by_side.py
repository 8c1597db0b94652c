"""tocsin and a real Prometheus evaluate the same rules over the same samples: the same alerts, states, instants, series
and messages.

Needs a Prometheus 3 (differential/servers.py says where it is looked for): 2 evaluates at other instants and knows no
query_offset. TOCSIN_SIDE_BY_SIDE_SECONDS says how long samples are fed; bench/side_by_side does it for ten minutes."""

import os
import sys
import unittest

from differential.servers import find_prometheus
from side_by_side.compare import told_differences
from side_by_side.session import SideBySide
from support import Stage


class SideBySideTest(Stage):
    def setUp(self):
        if find_prometheus()[1] < (3,):
            self.skipTest("no Prometheus 3: name one in PROMETHEUS_PROGRAM")
        super().setUp()

    def test_says_the_same(self):
        for attempt in ("first", "second"):
            folder = self.path(attempt)
            os.mkdir(folder)
            with SideBySide(folder, int(os.environ.get("TOCSIN_SIDE_BY_SIDE_SECONDS", "45"))) as run:
                run.run()
            print(f"\n{run.report(0)}", file=sys.stderr)
            if not run.too_busy():
                break
        else:  # what differs says nothing of the programs
            self.skipTest(f"twice {run.too_busy()[0]}")
        self.assertGreaterEqual(sum(len(group["rules"]) for group in run.groups), 200)
        for what in ("alerts seen pending", "alerts seen firing", "alerts seen kept firing", "messages of an end",
                     "failed rule evaluations seen", "ALERTS samples compared", "ALERTS_FOR_STATE samples compared",
                     "recorded samples compared"):
            self.assertGreater(run.numbers[what], 50, what)
        if run.differences:
            self.fail("\n" + run.report(12))


WRONG = "<error expanding template: error executing template __alert_A: template: __alert_A:1:{}: executing>"


def _message(at, end, **more):
    return at, {"labels": {"alertname": "A"}, "annotations": {}, "startsAt": "2026-01-01T00:00:00.5Z", "endsAt": end,
                "generatorURL": "http://a:1/graph?g0.expr=v", **more}


class ToldDifferencesTest(unittest.TestCase):
    EARLY = "2026-01-01T00:04:00.5004Z"
    LATE = "2026-01-01T00:05:00.5Z"

    def differences(self, ours, theirs):
        return told_differences(ours, theirs, until=10)[0]

    def test_same(self):
        ours = [_message(1, self.EARLY, annotations={"a": WRONG.format(1)}), _message(5, self.LATE)]
        theirs = [_message(2, self.EARLY.replace("4Z", "9Z"), annotations={"a": WRONG.format(113)}),
                  _message(5, self.LATE), _message(11, self.LATE)]
        self.assertEqual(self.differences(ours, theirs), [])

    def test_different(self):
        cases = [
            ([_message(1, self.EARLY)], [_message(1, self.LATE)], "endsAt: 1767225840500, not 1767225900500"),
            ([_message(1, self.EARLY, generatorURL="http://a:1/graph?g0.expr=w")], [_message(1, self.EARLY)],
             "generatorURL: 'http://a:1/graph?g0.expr=w', not 'http://a:1/graph?g0.expr=v'"),
            ([_message(1, self.EARLY, annotations={"a": "b"})], [_message(1, self.EARLY)], "annotations: ['a'], not []"),
            ([], [_message(1, self.EARLY)], "only Prometheus told 1 more"),
            ([_message(1, self.EARLY), _message(9, self.EARLY)], [_message(1, self.EARLY)], "only tocsin told 1 more"),
        ]
        for ours, theirs, want in cases:
            with self.subTest(want):
                self.assertIn(want, "".join(self.differences(ours, theirs)))


if __name__ == "__main__":
    unittest.main()
