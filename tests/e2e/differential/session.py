"""One comparison: both servers with the same samples, the questions put to both, and the account of the answers."""

import collections
import os
import shutil
import tempfile
import time

from support import free_port, wait_for

from . import dataset, generator, known, queries, remote_write, servers
from .compare import difference
from .page import Page

SEED = 20260101
MINUTE = 60
SCRAPES = """
global: {{scrape_interval: 2s, scrape_timeout: 1900ms}}
scrape_configs:
  - job_name: page
    static_configs: [{{targets: ["{page}"], labels: {{zone: a}}}}]
    metric_relabel_configs:
      - {{source_labels: [__name__], regex: page_dropped, action: drop}}
      - {{source_labels: [path], regex: "{dot}/(.).*", target_label: letter, replacement: "$1-x"}}
  - job_name: honest
    honor_labels: true
    static_configs: [{{targets: ["{page}"], labels: {{zone: b}}}}]
    relabel_configs: [{{source_labels: [__address__], regex: ".*:(.*)", target_label: instance, replacement: "port"}}]
  - job_name: picky
    sample_limit: 3
    static_configs: [{{targets: ["{page}"]}}]
  - job_name: gone
    static_configs: [{{targets: ["{nobody}"]}}]
"""


class Question:
    def __init__(self, path, parameters, text, order=None, method="GET"):
        self.path = path
        self.parameters = parameters
        self.text = text  # the expression, or what else there is to recognise it by
        self.order = order
        self.method = method

    def __str__(self):
        rest = " ".join(f"{name}={value}" for name, value in self.parameters if name != "query")
        return f"{self.path} {rest}\n    {self.text}"


class Account:
    """What became of the questions."""

    def __init__(self, version):
        self.version = version
        self.asked = 0
        self.explained = collections.Counter()
        self.different = []  # (question, what differs, our answer, theirs)

    def add(self, question, ours, theirs):
        self.asked += 1
        found = difference(ours, theirs, question.order)
        if not found:
            return
        reason = known.explanation(question, self.version, ours, theirs)
        if reason:
            self.explained[reason.why] += 1
        else:
            self.different.append((question, found, ours, theirs))

    def summary(self):
        explained = sum(self.explained.values())
        equal = self.asked - explained - len(self.different)
        return f"{self.asked} queries, {equal} equal, {explained} explained, {len(self.different)} different"

    def lines(self, most=None):
        out = [f"  explained {count} times: {why}" for why, count in self.explained.most_common()]
        for question, found, ours, theirs in self.different[:most]:
            out += [f"DIFFERENT {question}", f"    {found}", f"    tocsin     {ours.brief()}",
                    f"    prometheus {theirs.brief()}"]
        return out + [self.summary()]


class Session:
    """Both servers with two hours of history; use as a context.

    Beside a Prometheus 2 (`classic`) no sample lies on the edge of a window, which it would have counted in, names are
    plain and there are no native histograms."""

    def __init__(self):
        self.program, self.version = servers.find_prometheus()
        self.classic = self.version < (3,)
        self.experimental = not self.classic and servers.tocsin_has_features()
        self.folder = tempfile.mkdtemp(prefix="tocsin-differential-")
        self.end = int(time.time()) // MINUTE * MINUTE - MINUTE  # of the samples, in seconds
        self.account = Account(self.version)
        self._running = []
        self._page = None

    def __enter__(self):
        try:
            self.tocsin = servers.start_tocsin(self.folder, self.experimental)
            self._running.append(self.tocsin)
            self.prometheus = servers.start_prometheus(self.program, self.folder, self.experimental)
            self._running.append(self.prometheus)
            history = dataset.build(self.end * 1000 + (100 if self.classic else 0), native=not self.classic)
            for server in self._running:
                server.wait_ready()
                remote_write.write_history(server.url, history)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self._running:
            server.stop()
        if self._page:
            self._page.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def title(self):
        title = f"{servers.PROGRAM} beside Prometheus {'.'.join(map(str, self.version))} ({self.program})"
        if self.classic:
            return title + "; without what Prometheus 2 lacks, without samples on the edges of windows"
        return title if self.experimental else f"{title}; without experimental functions, which tocsin has no flag for"

    def begin_account(self):
        self.account = Account(self.version)
        return self.account

    def put(self, question):
        answers = [server.ask(question.path, question.parameters, question.method)
                   for server in (self.tocsin, self.prometheus)]
        self.account.add(question, *answers)
        return answers

    def fill(self, expression):
        """`expression` with the moments of this session's data."""
        part = ".777" if self.classic else ""
        moments = {"%mid%": f"{self.end - 3000}{part}", "%late%": f"{self.end - 600}.25",
                   "%early%": f"{self.end - 7000}{part}"}
        for name, moment in moments.items():
            expression = expression.replace(name, str(moment))
        return expression

    def instants(self):
        """On a sample's very time, between samples, near the beginning, and where the last samples grow old."""
        begin = self.end - dataset.LENGTH // 1000
        if self.classic:
            return [f"{moment}.777" for moment in (self.end - 600, self.end - 1023, begin + 130, self.end + 270)]
        return [self.end - 600, f"{self.end - 1023}.217", begin + 130, f"{self.end + 270}.5"]

    def ranges(self):
        begin = self.end - dataset.LENGTH // 1000
        if self.classic:
            return [(f"{start}.777", f"{end}.777", step) for start, end, step in (
                (self.end - 1800, self.end, "60"), (begin - 60, self.end + 420, "97"), (self.end - 900, self.end, "7"))]
        return [(self.end - 1800, self.end, "60"), (begin - 60, f"{self.end + 420}.125", "97"),
                (f"{self.end - 900}.123", self.end, "7.5")]

    def instant(self, expression, moment, method="GET", order=None):
        return self.put(Question("/api/v1/query", [("query", expression), ("time", moment)], expression, order, method))

    def range(self, expression, span, method="GET"):
        start, end, step = span
        return self.put(Question("/api/v1/query_range", [("query", expression), ("start", start), ("end", end),
                                                         ("step", step)], expression, None, method))

    def hand_picked(self, every=1):
        """Each expression at one instant and over one span, in turn; with `every` at each of them."""
        instants, ranges = self.instants(), self.ranges()
        chosen = queries.evaluated(not self.classic) + (queries.experimental() if self.experimental else [])
        for number, template in enumerate(chosen):
            text, order = self.fill(template), queries.ORDERED.get(template)
            for turn in range(every):
                self.instant(text, instants[(number + turn) % len(instants)], ("GET", "POST")[turn % 2], order)
            for turn in range(min(every, len(ranges))):
                self.range(text, ranges[(number + turn) % len(ranges)], ("POST", "GET")[turn % 2])

    def refused(self):
        for template in queries.refused():
            self.instant(self.fill(template), self.end - 600)

    def damaged(self, count, seed):
        """Whether and how expressions are refused that have lost or gained something."""
        source = generator.Damage(seed)
        for _ in range(count):
            text = source.expression()
            self.put(Question("/api/v1/format_query", [("query", text)], text))

    def generated(self, count, seed):
        instants, ranges = self.instants(), self.ranges()
        source = generator.Generator(seed, [f"{self.end - 3000}.777", f"{self.end - 601}.5"] if self.classic
                                     else [self.end - 3000, f"{self.end - 601}.5"])
        for number in range(count):
            expression = source.expression()
            if number % 2:
                self.range(expression, ranges[number // 2 % len(ranges)])
            else:
                self.instant(expression, instants[number // 2 % len(instants)])

    def layout(self):
        """format_query and parse_query of everything that is evaluated or refused."""
        paths = ("/api/v1/format_query",) if self.classic else ("/api/v1/format_query", "/api/v1/parse_query")
        for template in queries.layout() + queries.evaluated(not self.classic) + queries.refused():
            text = self.fill(template)
            for path in paths:
                self.put(Question(path, [("query", text)], text))

    def parameters(self):
        """Good and bad parameters of every question about samples."""
        now, query = self.end - 600 + (0.777 if self.classic else 0), ("query", "memory_bytes")
        span = [("start", now - 600), ("end", now), ("step", "60")]
        rows = [("/api/v1/query", [query, ("time", value)]) for value in
                ("2026-13-01T00:00:00Z", "x", "1e400", "-1", "1e15", "NaN", "Inf", f"{now}.9999", f" {now}", "+5", "1_0", "0x10")]
        rows += [("/api/v1/query", [query, ("time", time.strftime(form, time.gmtime(now)))]) for form in
                 ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.5Z", "%Y-%m-%dT%H:%M:%S+02:00", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S")]
        rows += [("/api/v1/query", [query, ("time", now), (name, value)]) for name, value in
                 (("timeout", "x"), ("timeout", "1s"), ("timeout", "-1s"), ("timeout", "5"), ("limit", "x"), ("limit", "-1"),
                  ("limit", "0"), ("limit", "2"), ("limit", "100"), ("lookback_delta", "x"), ("lookback_delta", "1s"),
                  ("lookback_delta", "20m"), ("lookback_delta", "90"), ("lookback_delta", "-5m"), ("lookback_delta", "0"))]
        rows += [("/api/v1/query", [("time", now)]), ("/api/v1/query", []), ("/api/v1/query", [("query", "")])]
        rows += [("/api/v1/query_range", [query, *span, (name, value)]) for name, value in
                 (("limit", "1"), ("limit", "-1"), ("timeout", "x"), ("lookback_delta", "30s"))]
        for name, value in (("start", "x"), ("end", "x"), ("step", "x"), ("step", "0"), ("step", "-1"), ("step", "1m"),
                            ("step", "0.0001"), ("step", "1e-10"), ("step", "1e20"), ("end", now - 6000), ("end", now - 600),
                            ("start", now - 660001), ("start", now - 660000), ("step", "0.05"), ("step", ""), ("start", ""),
                            ("end", "NaN"), ("step", "NaN"), ("step", "Inf"), ("step", "1h30"), ("start", "1e300")):
            rows.append(("/api/v1/query_range", [query, *(one for one in span if one[0] != name), (name, value)]))
        rows += [("/api/v1/query_range", [("query", text), *span]) for text in
                 ("memory_bytes[5m]", '"x"', "memory_bytes[5m:1m]", "", "1 +", "3", "time()", "sort(memory_bytes)",
                  "sort_desc(memory_bytes)", "nothing")]
        rows += [("/api/v1/query", [("query", text), ("time", now)]) for text in
                 ("memory_bytes[1m]", "queue_depth[10m]", "edge[30s]", "memory_bytes[2m:30s]", "latency_seconds[30s]",
                  "turncoat_total[1m]", "nothing[5m]", "(memory_bytes > 5e8)[2m:]", "memory_bytes[1m] offset 1m",
                  "memory_bytes[1m] @ end()", "time()[1m:10s]", "odd_values[15s]", "1e21", "-1e-7", "1.5e300", "-1/0",
                  "vector(1e21)", "vector(1e-7)")]
        if not self.classic:
            rows += [("/api/v1/rules", [(name, value)]) for name, value in
                     (("match[]", "{}"), ("match[]", '{a=~".*"}'), ("match[]", ""), ("match[]", "sum(a)"), ("match[]", "{a="),
                      ("match[]", '{a="b"}'), ("group_limit", "0"), ("group_limit", "x"),
                      ("group_limit", "-1"), ("group_next_token", "abc"), ("exclude_alerts", "x"), ("type", "ALERT"))]
            rows += [("/api/v1/rules", [("group_limit", "1"), ("group_next_token", "abc")])]
        self._ask_all(rows)

    def listings(self):
        """series, labels and label values."""
        begin, late = self.end - dataset.LENGTH // 1000, self.end - 600
        api = ("match[]", 'http_requests_total{job="api"}')
        rows = [("/api/v1/series", parameters) for parameters in (
            [api], [api, ("match[]", "memory_bytes")], [api, ("match[]", '{instance=~".*:81"}')], [], [("match[]", "")],
            [("match[]", "{}")], [("match[]", '{a=""}')], [("match[]", "nothing")], [("match[]", "sum(x)")],
            [("match[]", "x{")], [api, ("start", "x")], [api, ("end", "x")], [api, ("limit", "x")], [api, ("limit", "3")],
            [api, ("limit", "-3")], [("match[]", '{"disk.used.bytes"}')], [("match[]", "odd_values")],
            [api, ("start", late), ("end", begin)], [("match[]", 'x{y=~"("}')])]
        rows += [("/api/v1/labels", parameters) for parameters in (
            [], [api], [api, ("match[]", "queue_depth")], [("match[]", "{}")], [("limit", "3")], [("limit", "x")],
            [("match[]", "nothing")], [("start", "x")], [("match[]", '{"disk.used.bytes"}')], [("match[]", "x[5m]")])]
        for name in ("job", "__name__", "instance", "nothing", "room", "le", "volume.name", "U__volume_2e_name", "größe",
                     "U__gr_f6__df_e", "U__bad_zz_", "a%20b"):
            path = f"/api/v1/label/{servers.urllib.parse.quote(name, safe='%')}/values"
            rows += [(path, parameters) for parameters in (
                [], [("match[]", "memory_bytes")], [("limit", "2")], [("match[]", "{}")])]
        self._ask_all(rows, "any")

    def federation(self):
        """Soon after the start, while the samples are fresh."""
        self._ask_all([("/federate", [("match[]", one) for one in selectors]) for selectors in (
            ("memory_bytes",), ("http_requests_total", "queue_depth"), ("edge",), ('{__name__=~"request_duration.*"}',),
            ("odd_values",), ("nothing",), ("x{",), ("{}",), ('{"disk.used.bytes"}',), ("sum(x)",))])

    def scraped(self):
        """Has both scrape the same page, and asks about what comes of it."""
        self._page = Page(dotted=not self.classic)
        config = SCRAPES.format(page=self._page.address, dot="(?s)" if self.classic else "",
                                nobody=f"127.0.0.1:{free_port()}")
        for server in self._running:
            server.configure(config)
            server.reload()
        jobs = 'job=~"page|honest|picky|gone"'  # tocsin also scrapes itself
        self._await(f"count(up{{{jobs}}}) == 4 and count(page_vanishing) == 4")
        self._page.complete = False
        self._await("absent(page_vanishing)")
        self._await('count(count_values("n", scrape_samples_scraped{job=~"page|honest|picky"})) == 1')
        now = wait_for(lambda: self._settled(jobs), what="an instant at which all scrapes were good")
        for expression in (f"up{{{jobs}}}", f"scrape_samples_scraped{{{jobs}}}", "page_vanishing",
                           f"scrape_samples_post_metric_relabeling{{{jobs}}}", '{__name__=~"page.*"}', 'page_bare', "page_heat",
                           "sum by (le) (page_seconds_bucket)", "histogram_quantile(0.5, page_seconds_bucket)",
                           f"count by (job) ({{__name__!~\"scrape_duration_seconds\", {jobs}}})",
                           "count_values(\"x\", page_heat)", "{exported_job!=\"\"}", *([] if self.classic else ["{\"page.dotted\"}"])):
            self.instant(expression, f"{now:.3f}")
        rows = [(path, parameters) for path in ("/api/v1/metadata", "/api/v1/targets/metadata") for parameters in (
            [("metric", "page_size")], [("metric", "page_requests_total")], [("metric", "nothing")], [("limit", "x")])]
        rows += [("/api/v1/metadata", [("metric", "page_heat"), ("limit_per_metric", "1")]),
                 ("/api/v1/targets/metadata", [("match_target", '{job="honest"}')]),
                 ("/api/v1/targets/metadata", [("match_target", '{job="honest"}'), ("metric", "page_heat")]),
                 ("/api/v1/targets/metadata", [("match_target", "{")]), ("/api/v1/metadata", [("limit_per_metric", "x")]),
                 ("/api/v1/series", [("match[]", '{__name__=~"page.*", job!="picky"}')]), ("/api/v1/labels", [("match[]", "page_heat")]),
                 ("/api/v1/label/job/values", [("match[]", 'up{job!="tocsin"}')]), ("/api/v1/label/letter/values", [])]
        self._ask_all(rows, "any")
        self._targets()

    def _await(self, expression):
        for server in self._running:
            wait_for(lambda: server.ask("/api/v1/query", [("query", expression)]).body["data"]["result"],
                     what=f"{expression} at {server.name}")

    def _settled(self, jobs):
        """An instant up to which both have stored everything, if nothing failed shortly before: on a busy machine a scrape
        may take too long."""
        now = time.time()
        self._await(f"min(timestamp(up{{{jobs}}})) > {now:.3f}")
        good = 'min(up{job=~"page|honest"}) == 1 and min(scrape_samples_scraped{job=~"page|honest|picky"}) > 0'
        answers = [server.ask("/api/v1/query", [("query", good), ("time", f"{now:.3f}")]) for server in self._running]
        return now if all(answer.body["data"]["result"] for answer in answers) else None

    def _healthy_targets(self):
        """The answers of both, once the last scrapes of the targets that can be scraped were good."""
        answers = [server.ask("/api/v1/targets") for server in self._running]
        health = {(place, one["scrapePool"]): one["health"] for place, answer in enumerate(answers)
                  for one in answer.body["data"]["activeTargets"]}
        return answers if all(health[place, job] == "up" for place in (0, 1) for job in ("page", "honest")) else None

    def _targets(self):
        """Without what depends on the moment, the machine's name and the words of the network library."""
        question = Question("/api/v1/targets", [], "targets", "any")
        answers = wait_for(self._healthy_targets, what="healthy targets")
        for answer in answers:
            data = answer.body["data"]
            data["activeTargets"] = [one for one in data["activeTargets"] if one["scrapePool"] != "tocsin"]
            data.get("droppedTargetCounts", {}).pop("tocsin", None)
            data["activeTargets"].sort(key=lambda one: one["scrapePool"])
            for target in data["activeTargets"]:
                target["lastError"] = bool(target["lastError"])
                for key in ("lastScrape", "lastScrapeDuration", "globalUrl"):
                    target[key] = key in target
        self.account.add(question, *answers)

    def _ask_all(self, rows, order=None):
        for path, parameters in rows:
            text = " ".join([path.removeprefix("/api/v1/"), *(f"{name}={value}" for name, value in parameters)])
            self.put(Question(path, parameters, text, order))


def seed():
    return int(os.environ.get("TOCSIN_DIFFERENTIAL_SEED", SEED))
