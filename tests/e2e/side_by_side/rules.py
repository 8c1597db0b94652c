"""The rules: families of expressions, each in variations, in groups of several intervals.

Alerts begin only with the feed, because no two servers begin at the same instant. What one group reads of another, and
what a template queries, is at least a second old, because groups are evaluated at any instant of a second."""

import copy
import itertools
import json

HOLDS = ["0s", "2s", "6s", "10s"]
KEEPS = [None, "3s", None, "8s", None]
INTERVALS = [2, 3, 5]
OFFSETS = ["2s", "3s", "2200ms"]

ANNOTATIONS = [
    {"summary": "{{ $labels.host }}{{ $labels.queue }} in {{ .Labels.zone }} is at {{ $value }}",
     "numbers": '{{ $value | humanize }} {{ printf "%.3f" $value }} {{ humanize1024 $value }} '
                "{{ humanizeDuration $value }} {{ humanizePercentage $value }}"},
    {"capacities": '{{ range query "capacity offset 1s" | sortByLabel "zone" }}'
                   "{{ .Labels.zone }}={{ .Value | humanize }};{{ end }}"},
    {"zone": '{{ with printf "sum(node_load{zone=%q} offset 3s)" $labels.zone | query }}'
             '{{ . | first | value | printf "%.2f" }}{{ else }}none{{ end }}',
     "plain": "no template"},
    {"how": "{{ if gt $value 80.0 }}very {{ else if gt $value 60.0 }}rather {{ else }}a bit {{ end }}high",
     "text": '{{ $labels.host | toUpper | reReplaceAll "H(\\\\d+)" "host-$1" }} {{ title "some words" }} '
             "{{ $externalLabels.site }} {{ .ExternalLabels.replica }} {{ externalURL }} {{ pathPrefix }}"},
    {"wrong": '{{ query "nothing_at_all" | first | value }}', "right": "{{ len $labels }} {{ $labels }}"},
    {"time": "{{ humanizeTimestamp $value }}", "matches": '{{ match "a.*" "abc" }} {{ $labels.alertname }}',
     "links": '{{ graphLink "up" }} {{ tableLink "node_load > 1" }} {{ stripPort "a:80" }} {{ parseDuration "1h5m" }}'},
    {},
]
LABELS = [
    {"severity": "critical"},
    {"severity": "warning", "tier": '{{ if eq $labels.zone "a" }}gold{{ else }}silver{{ end }}'},
    {"severity": "info", "site": "own"},
    {"severity": "warning", "rounded": '{{ printf "%.0f" $value }}'},
    {"severity": "critical", "maybe": "{{ if gt $value 70.0 }}yes{{ end }}"},
    {"severity": "page", "zone": ""},
]
# name -> expressions; a group is made of each.
FAMILIES = {
    "load": ["node_load > 80", "node_load < 10", "avg by (zone) (avg_over_time(node_load[10s])) > 55",
             "topk(2, node_load) > 60", "max by (zone) (node_load) - min by (zone) (node_load) > 70",
             "node_load > on (zone) group_left quantile by (zone) (0.6, node_load)",
             "stddev_over_time(node_load[12s]) > 20", "deriv(node_load[6s]) > 4", "sum(node_load) > 450",
             "(node_load > 60) and on (host) (node_noise > 40)"],
    "noise": ["node_noise > 50", "node_noise > 90", "node_noise < 30 or node_noise > 70", "changes(node_step[10s]) > 1",
              "node_step > 40", "node_step >= bool 50 == 1", "max_over_time(node_noise[3s]) > 95",
              "last_over_time(node_step[1s]) > 65", "delta(node_step[8s]) < 0",
              "clamp(node_step, 20, 60) == 60", "count_over_time(node_noise[4s]) != 4"],
    "requests": ['sum by (host) (rate(http_requests_total{code="500"}[10s])) '
                 "/ sum by (host) (rate(http_requests_total[10s])) > 0.15",
                 "resets(http_requests_total[20s]) > 0", 'increase(http_requests_total{code="200"}[10s]) > 400',
                 'irate(http_requests_total{code=~"4.."}[5s]) > 12',
                 "sum by (code) (rate(http_requests_total[6s])) > 90",
                 "histogram_quantile(0.9, sum by (le) (rate(request_seconds_bucket[15s]))) > 0.5",
                 "sum(rate(http_requests_total[10s])) > sum(rate(http_requests_total[10s] offset 10s)) * 1.1",
                 "max_over_time(rate(http_requests_total[5s])[10s:2s]) > 55",
                 'label_replace(rate(http_requests_total{code="500"}[8s]), "kind", "$1xx", "code", "(.).*") > 6'],
    "queue": ["queue_length > 10", "queue_length > 10 unless on (queue) queue_muted == 1",
              "min_over_time(queue_length[5s]) > 10", "queue_length * on (queue) queue_muted > 0",
              "count(queue_length > 10) >= 3", 'queue_length{queue=~"mail|slow"} > 10',
              "time() - backup_last_success_seconds > 6", "(time() - backup_last_success_seconds) / 60 > 0.2",
              "timestamp(queue_length) - timestamp(queue_length offset 3s) != 3"],
    "session": ["session_active > 3", "session_active", "count(session_active) < 5",
                'absent(session_active{user="u2"}) and on () feeding',
                'absent_over_time(session_active{user=~"u1|u4"}[3s]) and on () feeding',
                "session_active offset 4s unless session_active", "present_over_time(session_active[6s])",
                "version_info offset 5s unless version_info", 'version_info{version="1.1"}',
                "count by (version) (version_info) > 3", "sum(session_active) > 30"],
    "odd": ["odd_value", "odd_value > 1", "odd_value != odd_value", "-odd_value < 0", "odd_value == +Inf",
            "disk_free_bytes / disk_size_bytes < 0.2", "predict_linear(disk_free_bytes[10s], 30) > 1e10",
            "sgn(odd_value) == 1", "round(odd_value, 0.5) >= 0.5"],
}


def _alert(name, expression, turn):
    rule = {"alert": name, "expr": expression}
    hold, keep = HOLDS[turn % len(HOLDS)], KEEPS[turn % len(KEEPS)]
    if hold != "0s":
        rule["for"] = hold
    if keep:
        rule["keep_firing_for"] = keep
    if LABELS[turn % len(LABELS)]:
        rule["labels"] = LABELS[turn % len(LABELS)]
    if ANNOTATIONS[turn % len(ANNOTATIONS)]:
        rule["annotations"] = ANNOTATIONS[turn % len(ANNOTATIONS)]
    return rule


def _family_groups():
    turns = itertools.count()
    for (family, expressions), interval in itertools.product(FAMILIES.items(), INTERVALS):
        rules = [_alert(f"{family.title()}{place}", expression, next(turns))
                 for place, expression in enumerate(expressions)]
        group = {"name": f"{family} every {interval}", "interval": f"{interval}s", "rules": rules,
                 "query_offset": OFFSETS[next(turns) % len(OFFSETS)]}
        if interval != 5:
            group["labels"] = {"family": family, "every": str(interval)}
        yield group


def _timing(interval, tag):
    return {"interval": f"{interval}s", "query_offset": "2s", "labels": {"tag": tag}}


def _chained(interval):
    """Rules that read what the rules before them have just stored, alerts included."""
    tag = f"chained{interval}"
    changes = f'{{{{ range query "{tag}:load:change" }}}}{{{{ .Labels.zone }}}}{{{{ end }}}}'
    return {"name": f"chained {interval}", **_timing(interval, tag), "rules": [
        {"record": f"{tag}:load:avg", "expr": "avg by (zone) (node_load)"},
        {"record": f"{tag}:load:change", "expr": f"{tag}:load:avg - {tag}:load:avg offset 6s",
         "labels": {"window": "6s"}},
        {"alert": "ZoneBusy", "expr": f"{tag}:load:avg > 55", "for": "2s", "labels": {"severity": "warning"},
         "annotations": {"changes": changes}},
        {"alert": "ZoneRising", "expr": f"{tag}:load:change > 5", "keep_firing_for": "4s"},
        {"alert": "HostNoisy", "expr": "node_noise > 60", "labels": {"severity": "info"}},
        {"record": f"{tag}:alerts:firing",
         "expr": f'count by (alertname) (ALERTS{{alertstate="firing", tag="{tag}"}})'},
        {"alert": "ManyFire", "expr": f"{tag}:alerts:firing > 2", "for": "2s"},
        {"alert": "LastingTrouble", "expr": f'time() - ALERTS_FOR_STATE{{tag="{tag}"}} > 7',
         "annotations": {"age": "{{ $value | humanizeDuration }}"}},
        {"record": f"{tag}:one", "expr": "1 + 1", "labels": {"kind": "scalar", "tag": ""}},
        {"record": f"{tag}:time", "expr": "time()"},
        {"record": f"{tag}:odd", "expr": "odd_value"},
        {"record": f"{tag}:sessions", "expr": "session_active", "labels": {"user": "", "who": "any"}},
        {"record": f"{tag}:users", "expr": "sum by (user) (session_active)"},
        {"record": f"{tag}:others", "expr": 'count by (alertname, alertstate) (ALERTS{family="queue"} offset 1s)'},
    ]}


def _limited(limit):
    return {"name": f"limited to {limit}", "interval": "3s", "query_offset": "2s", "limit": limit, "rules": [
        {"record": f"limited{limit}:busy", "expr": "node_step > 50"},
        {"alert": "LimitedStep", "expr": "node_step > 55", "labels": {"limit": str(limit)}},
        {"alert": "LimitedQueue", "expr": "queue_length > 10", "for": "3s", "labels": {"limit": str(limit)}},
        {"alert": "LimitedSession", "expr": "session_active > 4", "labels": {"limit": str(limit)},
         "keep_firing_for": "5s"},
        {"alert": "LimitedLoad", "expr": "node_load > 85", "labels": {"limit": str(limit)}},
    ]}


def _failing(interval):
    """Rules that fail at some evaluations and not at others."""
    tag = f"failing{interval}"
    return {"name": f"failing {interval}", **_timing(interval, tag), "rules": [
        {"alert": "SameLabels", "expr": "node_noise > 85", "labels": {"host": "any", "zone": "any"}},
        {"alert": "SameLabelsHeld", "expr": "queue_length > 10 and queue_length < 22", "for": "2s",
         "labels": {"queue": "any"}},
        {"record": f"{tag}:same", "expr": "node_noise > 85", "labels": {"host": "any", "zone": "any"}},
        {"alert": "ManyToMany",
         "expr": 'node_noise{host="h1"} * on (zone) (node_step{host=~"h[14]"} > 60) > 0'},
        {"record": f"{tag}:replaced", "expr": 'label_replace(session_active < 4, "user", "x", "user", ".*")'},
        {"alert": "Replaced", "expr": f"{tag}:replaced > 0", "for": "2s"},
        {"alert": "AfterFailures", "expr": "node_noise > 85"},
    ]}


def groups():
    return [*_family_groups(), *map(_chained, INTERVALS), *map(_limited, (1, 3, 5)), *map(_failing, (2, 5))]


CHANGED = ("load every 5", "queue every 5", "chained 5")


def changed(some, at):
    """The groups after a reload at the Unix time `at`: three changed or gone, and a new one that begins a little later."""
    groups = [copy.deepcopy(group) for group in some if group["name"] != CHANGED[1]]
    load = next(group for group in groups if group["name"] == CHANGED[0])
    rules = load["rules"]
    for rule, hold in zip(rules[:3], ("10s", "4s", "1s")):
        rule["for"] = hold
    rules[3]["annotations"] = {"changed": "{{ $value }}"}
    rules[4]["expr"] = "max by (zone) (node_load) > 70"  # keeps its alerts, being of the same name and labels
    rules[5]["labels"] = {"severity": "changed"}
    rules[6:8] = [{"record": "loadevery5:late", "expr": "node_load"}]
    rules.reverse()
    chained = next(group for group in groups if group["name"] == CHANGED[2])
    chained["rules"] = [rule for rule in chained["rules"] if rule.get("record") != "chained5:odd"]
    late = f"and on () vector(time()) > {at + 8}"
    added = [_alert("Added", f"node_load > 30 {late}", 1), {"record": "added:noise", "expr": f"node_noise {late}"}]
    return [*groups, {"name": "added", "interval": "3s", "query_offset": "2s", "rules": added}]


def text(some):
    """A rule file; JSON is YAML."""
    return json.dumps({"groups": some}, indent=1, ensure_ascii=False) + "\n"


def count(some):
    return sum(len(group["rules"]) for group in some)
