"""tocsin backtest says when a rule would have fired: from the file of a running and of a stopped tocsin, from tocsin's API
and from a real Prometheus, and each time what a person works out by hand."""

import json
import time
import unittest
import urllib.parse

from differential.remote_write import write_history
from differential.servers import find_prometheus
from support import PROGRAM, Stage, free_port, get_json, wait_for, wait_written

MINUTES = 3 * 24 * 60
# PAR_90 in percent, from that minute on; None: nothing is measured.
HISTORY = ((0, 2), (600, 4), (900, 6), (1200, 8), (1260, 6), (1262, 8), (1400, None), (1500, 4), (2000, 6), (2003, 2),
           (4200, 4))
# With `for: 5m`: (first minute, last minute, worst value, still firing). The newest sample counts for five minutes, so
# that what is not measured from minute 1400 on is missed at minute 1404.
EXPECTED = {
    "> 3": [(605, 1404, 8, False), (1505, 2003, 6, False), (4205, 4320, 4, True)],
    "> 5": [(905, 1404, 8, False)],
    "> 7": [(1205, 1260, 8, False), (1267, 1404, 8, False)],
}
CANDIDATES = [f"--candidate={limit}" for limit in EXPECTED]

THRESHOLDS = """
thresholds:
  - {name: PAR_90, value: kpi_par_90_percent, unit: percent, warning: "> 4", critical: "> 6", for: 5m,
     missing: critical, labels: {team: risk}}
"""
TEXT = """\
{start} to {end} (3d), evaluated every 1m

     fired  alerts   total  share  longest  shortest  flaps <1h  only pending
> 3      3       1  23h32m  32.7%   13h19m     8h18m          0             0
> 5      1       1   8h19m  11.6%    8h19m     8h19m          0             1
> 7      2       1   3h12m   4.4%    2h17m       55m          1             0

kpi_par_90_percent > 3, for 5m
  from                  to                    duration  worst
  {m605}  {m1404}  13h19m    8      {{segment="retail"}}
  {m1505}  {m2003}  8h18m     6      {{segment="retail"}}
  {m4205}  {m4320}  1h55m     4      {{segment="retail"}}  still firing

kpi_par_90_percent > 5, for 5m
  from                  to                    duration  worst
  {m905}  {m1404}  8h19m     8      {{segment="retail"}}

kpi_par_90_percent > 7, for 5m
  from                  to                    duration  worst
  {m1205}  {m1260}  55m       8      {{segment="retail"}}
  {m1267}  {m1404}  2h17m     8      {{segment="retail"}}
"""


def value_at(minute):
    return [value for begin, value in HISTORY if begin <= minute][-1]


class BacktestTest(Stage):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.begin = (int(time.time()) // 60 - MINUTES - 2) * 60
        labels = {"__name__": "kpi_par_90_percent", "segment": "retail"}
        # ten seconds before each evaluation
        points = [((self.begin + minute * 60 - 10) * 1000, float(value_at(minute))) for minute in range(MINUTES + 1)
                  if value_at(minute) is not None]
        self.series = [(labels, points)]
        self.span = [f"--start={self.at(0)}", f"--end={self.at(MINUTES)}"]
        self.rule = ["--expr=kpi_par_90_percent > 6", "--for=5m", *CANDIDATES]

    def at(self, minute):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.begin + minute * 60))

    def fill(self, url):
        write_history(url, self.series, slice_milliseconds=3_600_000)

    def expected(self):
        return {limit: [(self.at(first), self.at(last), worst, ongoing) for first, last, worst, ongoing in firings]
                for limit, firings in EXPECTED.items()}

    def backtest(self, *arguments):
        result = self.run_program("backtest", *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""), result.stdout)
        return result.stdout

    def firings(self, *arguments):
        report = json.loads(self.backtest("--format=json", *arguments))
        return {one["title"]: [(firing["start"], firing["end"], firing["worst"], firing["ongoing"])
                               for firing in one["firings"]] for one in report["candidates"]}

    def test_files_and_servers_tell_what_is_worked_out_by_hand(self):
        config = self.write("tocsin.yml", "global: {evaluation_interval: 1h}\nbuiltin_alerts: false\n")
        data = f"--storage.path={self.path('data')}"
        url = f"http://127.0.0.1:{free_port()}"
        process = self.start("tocsin", [PROGRAM, "rules", f"--config.file={config}", data,
                                        f"--web.listen-address={url.removeprefix('http://')}",
                                        "--web.enable-remote-write-receiver"], f"{url}/-/ready")
        self.fill(url)
        self.assertEqual(self.firings(*self.rule, *self.span, f"--url={url}"), self.expected())
        # samples are in the file within a second or so
        wait_for(lambda: f'"end":"{self.at(MINUTES - 1)}"' in self.run_program(
            "backtest", "--format=json", "--expr=up", data).stdout, what="the newest sample in the file")
        self.assertEqual(self.firings(*self.rule, *self.span, data), self.expected())
        process.stop()
        self.assertEqual(self.firings(*self.rule, *self.span, data), self.expected())

        places = {f"m{minute}": self.at(minute) for firings in EXPECTED.values() for one in firings for minute in one[:2]}
        self.assertEqual(self.backtest(*self.rule, *self.span, data, "--flap=1h"),
                         TEXT.format(start=self.at(0), end=self.at(MINUTES), **places))
        # without --start and --end: as far as samples are kept
        self.assertTrue(self.backtest(*self.rule, data).startswith(f"{self.at(-1)} to {self.at(MINUTES - 1)} ("))
        # a threshold's critical limit, its own `for`, in the unit of its value
        rules = self.write("rules.yml", THRESHOLDS)
        named = self.firings("--rule=PAR_90", "--candidate=3%", "--candidate=5%", "--candidate=> 7", rules, *self.span, data)
        self.assertEqual(named, {limit + "%": firings for limit, firings in self.expected().items()})
        self.assertEqual(list(self.firings(rules, *self.span, data))[:2], ["PAR_90 critical", "PAR_90 warning"])

    def test_a_real_prometheus_tells_the_same(self):
        program, version = find_prometheus()
        if not program:
            self.skipTest("no Prometheus: install Debian's package, or name one in PROMETHEUS_PROGRAM")
        config = self.write("prometheus.yml", "{}\n")
        url = f"http://127.0.0.1:{free_port()}"
        self.start("prometheus", [program, f"--config.file={config}", f"--storage.tsdb.path={self.path('prometheus')}",
                                  f"--web.listen-address={url.removeprefix('http://')}",
                                  "--web.enable-remote-write-receiver"], f"{url}/-/ready")
        self.fill(url)
        self.assertEqual(self.firings(*self.rule, *self.span, f"--url={url}/"), self.expected())
        # 51,841 instants are more than one request may ask for
        often = self.firings(*self.rule, *self.span, f"--url={url}", "--step=5s")
        self.assertEqual({limit: len(firings) for limit, firings in often.items()},
                         {limit: len(firings) for limit, firings in EXPECTED.items()})

    def test_one_rule_that_fails_leaves_the_others(self):
        _, url = self.start_tocsin("global: {scrape_interval: 1s}\n")
        stored = f"--storage.path={self.path('tocsin-data')}"
        # samples of more than a second: there is an instant to evaluate
        query = urllib.parse.quote("count_over_time(up[1m]) >= 3")
        wait_for(lambda: get_json(f"{url}/api/v1/query?query={query}")["data"]["result"], what="samples")
        rules = self.write("two.yml", "groups: [{name: g, rules: [{alert: Bad, expr: 'label_replace(up, \"a\", \"1\", \"\", \"\") or up', "
                                      "labels: {a: ''}}, {alert: Good, expr: up == 1}]}]\n")
        wait_written(url)
        result = self.run_program("backtest", rules, stored, "--step=1s")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, "tocsin backtest: Bad: vector contains metrics with the same labelset after applying "
                                        "alert labels\n")
        late = self.run_program("backtest", "--expr=up", stored, "--start=2100-01-01T00:00:00Z")
        self.assertEqual((late.returncode, late.stdout), (2, ""))
        self.assertIn("--start is after ", late.stderr)

    def test_mistakes_are_told(self):
        rules = self.write("rules.yml", THRESHOLDS)
        nothing = f"--storage.path={self.path('nothing')}"
        cases = [
            ([], 2, "needs --expr, or rule files"),
            (["--expr=up", rules], 2, "needs --expr, or rule files"),
            (["--expr=up >"], 2, "parse error: "),
            (["--expr=up", "--candidate=> 1"], 2, "up does not end in one comparison"),
            (["--expr=up > 1", "--candidate=> many"], 2, "many"),
            (["--rule=PAR_9", rules], 2, "no alerting rule is PAR_9; there are PAR_90 critical, PAR_90 warning, "),
            (["--rule=PAR_90", "--candidate=> 3h", rules], 2, "cannot be compared with a value whose unit is percent"),
            (["--expr=up", "--since=1h", "--start=0"], 2, "--start or --since, not both"),
            (["--expr=up", "--step=0s"], 2, "--step must be more than 0"),
            (["--expr=up", "--format=xml"], 2, '--format is text or json, not "xml"'),
            (["--expr=up", "--start=x"], 2, "--start: "),
            (["--expr=up", nothing], 1, "unable to open database file"),
            (["--expr=up", f"--url=http://127.0.0.1:{free_port()}"], 1, "/api/v1/query_range"),
        ]
        for arguments, code, message in cases:
            with self.subTest(arguments=arguments):
                result = self.run_program("backtest", *arguments)
                self.assertEqual((result.returncode, result.stdout), (code, ""))
                self.assertIn(message, result.stderr)
                self.assertTrue(result.stderr.startswith("tocsin backtest: ") or rules in result.stderr)


if __name__ == "__main__":
    unittest.main()
