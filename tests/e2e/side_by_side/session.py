"""One run: both servers with the same rules and the same feed, watched while it lasts and compared at its end."""

import collections
import concurrent.futures
import json
import os
import time

from differential.compare import difference
from differential.servers import Server, find_prometheus
from support import PROGRAM, wait_for

from . import rules
from .compare import NEVER, instant, plain_group, told_differences, tree_difference
from .feed import Feed
from .recorder import Recorder

LINKS = "http://rules.example:9090"
QUIET = 250  # milliseconds around an evaluation in which no rule file is changed
SETTLED = 300  # milliseconds after its instant an evaluation is taken as done
TAIL = 7  # seconds: more than the longest interval
LATE = 1.8  # seconds: less than the smallest query_offset
APART = 0.5  # seconds: half of how far back rules look for what other groups wrote
LEFT_OUT = [
    ("evaluationTime and lastEvaluation of groups and rules",
     "how long it took, and (Prometheus) when it really began"),
    ("activeAt, keepFiringSince, startsAt, endsAt below the millisecond",
     "Prometheus counts nanoseconds in memory; both store milliseconds"),
    ("the column in an annotation's error that stands in its first line",
     "Prometheus counts the 112 characters of declarations it puts before the text, tocsin the text as written"),
    ("annotations whose text came out empty",
     "Prometheus sends them, tocsin does not; Alertmanager reads \"annotations\" left out as empty"),
    ("state \"unknown\" of a rule that is not evaluated yet", "Prometheus up to 3.5 calls it \"inactive\""),
    ("the order of the two series in an error about a clash", "which is found first is not defined"),
    ("which alerts share a POST", "tocsin and Prometheus batch what waits at that moment"),
]


class SideBySide:
    """`folder` is for what the servers write. Use as a context, and run() once."""

    def __init__(self, folder, seconds):
        self.folder = folder
        self.seconds = seconds
        self.groups = rules.groups()
        self.differences = []
        self.numbers = collections.Counter()
        self.remarks = []
        self._states = {}  # (group, its instant) -> difference or None, as seen last
        self._slowest = (0.0, "")  # the most seconds by which an evaluation ended after its instant, and which
        self._stop = []

    def __enter__(self):
        try:
            program, self.version = find_prometheus()
            self.recorders = [Recorder(), Recorder()]
            self._stop += [one.stop for one in self.recorders]
            self.servers = []
            for name, command in (("tocsin", [PROGRAM, "rules", f"--storage.path={self.folder}/tocsin-data"]),
                                  ("prometheus", [program, f"--storage.tsdb.path={self.folder}/prometheus-data",
                                                  "--web.enable-lifecycle", "--log.level=error"])):
                self.servers.append(Server(name, [*command, f"--web.external-url={LINKS}"], self.folder))
                self._stop.append(self.servers[-1].stop)
            for server in self.servers:
                server.wait_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        while self._stop:
            self._stop.pop()()

    def run(self):
        self._configure()
        wait_for(lambda: all(self._evaluated(server) for server in self.servers), what="the first evaluations")
        feed = Feed([server.url for server in self.servers])
        feed.start()
        self.begin = feed.begin
        self.end = feed.begin + self.seconds
        try:
            self._watch(self.end + TAIL)
        finally:
            feed.stop()
        self.numbers["samples fed"] = feed.sent
        self.remarks.append(f"samples came at most {feed.latest:.2f} s late")
        if feed.latest > LATE:
            self.differences.insert(0, f"the machine is too busy: samples came up to {feed.latest:.1f} s late")
        self._compare_states()
        self._compare_samples()
        self._compare_messages()
        self._compare_missed()

    def _write_rules(self, groups):
        file = os.path.join(self.folder, "rules.yml")
        with open(file, "w") as out:
            out.write(rules.text(groups))
        return file

    def _reload(self):
        """Of both at once."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda server: server.reload(), self.servers))

    def _configure(self):
        file = self._write_rules(self.groups)
        for server, recorder in zip(self.servers, self.recorders):
            server.configure(json.dumps({
                "global": {"evaluation_interval": "10s", "external_labels": {"site": "here", "replica": "r1"}},
                "rule_files": [file],
                "alerting": {"alertmanagers": [{"static_configs": [{"targets": [recorder.address]}]}]}}))
        self._reload()

    def _change(self):
        """Other rules, at an instant away from those at which the changed groups are evaluated, and from whole seconds:
        the two servers do not read the file at the same moment."""
        ours = self._groups(self.servers[0])
        slots = [instant(ours[name]["lastEvaluation"]) for name in rules.CHANGED]
        self._write_rules(rules.changed(self.groups, int(time.time())))

        # at the beginning of the longest time between two of them: a slow program takes seconds to read the rules
        offsets = sorted(slot % 5000 for slot in slots)
        gap, offset = max(((after - before) % 5000 or 5000, before)
                          for before, after in zip(offsets, offsets[1:] + offsets[:1]))

        def quiet():
            now = int(time.time() * 1000)
            return 350 < now % 1000 < 500 and QUIET < (now - offset) % 5000 < min(gap, 1500) - QUIET

        wait_for(quiet, what="a quiet instant")
        begin = time.time()
        self._reload()
        took = time.time() - begin
        self.remarks.append(f"other rules after {begin - self.begin:.1f} s, read within {took:.2f} s")
        if (begin * 1000 - offset) % 5000 + took * 1000 > gap or int(begin) != int(begin + took):
            self.differences.append("the machine is too busy: rules were read while others were due")

    @staticmethod
    def _groups(server):
        return {group["name"]: group for group in json.loads(server.ask("/api/v1/rules").text)["data"]["groups"]}

    def _evaluated(self, server):
        groups = self._groups(server).values()
        return len(groups) == len(self.groups) and all(group["lastEvaluation"] != NEVER for group in groups)

    def _watch(self, until):
        changing = self.begin + 0.55 * self.seconds
        while time.time() < until:
            if time.time() > changing:
                changing = until
                self._change()
            begin = time.time() * 1000
            ours, theirs = map(self._groups, self.servers)
            end = time.time() * 1000
            if begin > self.begin * 1000:
                for name, group in ours.items() if ours.keys() == theirs.keys() else ():
                    if name not in rules.CHANGED and NEVER not in (group["lastEvaluation"], theirs[name]["lastEvaluation"]):
                        self._watch_time(name, group, theirs[name], begin)
                    self._watch_group(name, group, theirs[name], begin, end)
            time.sleep(max(0.05, 0.4 - (end - begin) / 1000))

    def _watch_time(self, name, ours, theirs, begin):
        """How long after its instant an evaluation ended. tocsin says at which instant it was, Prometheus when it really
        began; one that is due and not seen as yet has lasted until now."""
        interval = int(ours["interval"]) * 1000
        slot = instant(ours["lastEvaluation"])
        began = instant(theirs["lastEvaluation"])
        late = [("tocsin", begin - slot - interval), ("tocsin", ours["evaluationTime"] * 1000),
                ("prometheus", begin - (began - (began - slot) % interval) - interval),
                ("prometheus", (began - slot) % interval + theirs["evaluationTime"] * 1000)]
        for server, milliseconds in late:
            self._slowest = max(self._slowest, (milliseconds / 1000, f"{name} of {server}"))

    def _watch_group(self, name, ours, theirs, begin, end):
        """Compared where both were idle between the same two instants of the group while they were asked."""
        slot = instant(ours["lastEvaluation"])
        following = slot + int(ours["interval"]) * 1000
        if begin < slot + SETTLED or end >= following or not slot <= instant(theirs["lastEvaluation"]) < following:
            return
        if self._states.get((name, slot), "") is None:
            return
        ours, theirs = plain_group(ours), plain_group(theirs)
        found = self._states[name, slot] = tree_difference(ours, theirs)
        if not found:
            self._count(theirs)

    def _count(self, group):
        for rule in group["rules"]:
            self.numbers["failed rule evaluations seen"] += rule["health"] == "err"
            for alert in rule.get("alerts", []):
                self.numbers[f"alerts seen {alert['state']}"] += 1
                self.numbers["alerts seen kept firing"] += "keepFiringSince" in alert

    def _compare_states(self):
        expected = sum((self.seconds + TAIL) / int(group["interval"].rstrip("s")) for group in self.groups)
        late, which = self._slowest
        self.remarks.append(f"an evaluation ended at most {late:.2f} s after its instant ({which})")
        if late > APART:
            self.differences.insert(0, f"the machine is too busy: {self.remarks[-1]}")
        self.numbers["group evaluations compared"] = len(self._states)
        self.remarks.append(f"{len(self._states)} of about {expected:.0f} group evaluations seen on both sides")
        if len(self._states) < expected / 2:
            self.differences.append(f"the machine is too busy: {self.remarks[-1]}")
        self.differences += [f"at {slot / 1000}: {found}" for (_, slot), found in sorted(
            self._states.items(), key=lambda item: item[0][1]) if found]

    def _ask(self, path, **parameters):
        return [server.ask(path, parameters.items(), "POST") for server in self.servers]

    def _compare_samples(self):
        """Every stored sample of the rules, and where series end: a marker shows only in that a query finds nothing."""
        names = [json.loads(server.ask("/api/v1/label/__name__/values").text)["data"] for server in self.servers]
        if names[0] != names[1]:
            self.differences.append(f"names of series {sorted(set(names[0]) ^ set(names[1]))} are only on one side")
        for name in sorted(set(names[0]) & set(names[1])):
            selector = f"{{__name__={json.dumps(name)}}}"
            stored = self._ask("/api/v1/query", query=f"{selector}[{self.seconds}s]", time=self.end)
            shown = self._ask("/api/v1/query_range", query=selector, start=self.begin, end=self.end,
                              step=max(1, self.seconds // 10000))
            for kind, (ours, theirs) in (("samples", stored), ("presence", shown)):
                found = difference(ours, theirs)
                if found:
                    self.differences.append(f"{kind} of {name}: {found}")
            series = stored[1].body["data"]["result"]
            kind = name if name.startswith("ALERTS") else "recorded" if ":" in name else "fed"
            self.numbers[f"{kind} series compared"] += len(series)
            self.numbers[f"{kind} samples compared"] += sum(len(one["values"]) for one in series)

    def _compare_messages(self):
        ours, theirs = (recorder.received() for recorder in self.recorders)
        differences, pairs = told_differences(ours, theirs, self.end)
        self.differences += differences
        self.numbers["messages compared"] = len(pairs)
        self.numbers["messages of an end"] = sum(one["endsAt"] <= at * 1000 + 1000 for (at, one), _ in pairs)
        self.numbers["alerts told of"] = len({json.dumps(one["labels"], sort_keys=True) for (_, one), _ in pairs})
        apart = sorted(abs(one[0] - two[0]) for one, two in pairs)
        if apart:
            self.remarks.append(f"the same message came {apart[len(apart) // 2] * 1000:.0f} ms apart in the median, "
                                f"{apart[-1] * 1000:.0f} ms at most")
            if apart[-1] > APART:
                self.differences.insert(0, f"the machine is too busy: {self.remarks[-1]}")

    def _compare_missed(self):
        for server in self.servers:
            page = server.ask("/metrics").text
            missed = sum(float(line.rpartition(" ")[2]) for line in page.splitlines()
                         if line.startswith("prometheus_rule_group_iterations_missed_total{"))
            if missed:
                self.differences.insert(0, f"the machine is too busy: {server.name} missed {missed:.0f} evaluations")

    def too_busy(self):
        """Why the machine was; empty if it was not. What came or was evaluated late differs whatever the programs are."""
        return [one for one in self.differences if one.startswith("the machine is too busy")]

    def report(self, most=None):
        version = ".".join(map(str, self.version))
        out = [f"tocsin beside Prometheus {version}: {rules.count(self.groups)} rules in {len(self.groups)} groups, "
               f"{self.seconds} s of samples"]
        out += [f"  {number:>9} {what}" for what, number in sorted(self.numbers.items())]
        out += [f"  {remark}" for remark in self.remarks]
        out += ["  not compared:"] + [f"    {what}: {why}" for what, why in LEFT_OUT]
        out += [f"DIFFERENT {one}" for one in self.differences[:most]]
        return "\n".join(out + [f"{len(self.differences)} differences"])
