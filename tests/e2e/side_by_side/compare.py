"""What counts as the same: groups with their alerts, and what a recorder was told."""

import datetime
import json
import re

PRELUDE = len("{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}"
              "{{$externalURL := .ExternalURL}}{{$value := .Value}}")  # what Prometheus puts before a template
NEVER = "0001-01-01T00:00:00Z"


def instant(text):
    """Milliseconds of an RFC 3339 time, what is below them cut off as in a stored sample."""
    whole, _, rest = text.partition(".")
    whole, digits = whole.rstrip("Z"), rest.rstrip("Z")
    at = datetime.datetime.fromisoformat(whole + "+00:00")
    return int(at.timestamp()) * 1000 + int(digits.ljust(3, "0")[:3])


def _written(annotations):
    """Without empty ones; columns in errors counted from where the text begins, not from what Prometheus puts before."""
    return {name: re.sub(r"(?<=: template: )(__alert_\w+:1:)(\d+)(?=: )", _column, text)
            for name, text in annotations.items() if text}


def _column(found):
    column = int(found.group(2))
    return found.group(1) + str(column - PRELUDE if column > PRELUDE else column)


def _identity(labels):
    return json.dumps(labels, sort_keys=True)


def _alert(alert):
    shown = {**alert, "activeAt": instant(alert["activeAt"]), "annotations": _written(alert.get("annotations", {}))}
    if "keepFiringSince" in shown:
        shown["keepFiringSince"] = instant(shown["keepFiringSince"])
    return shown


def _error(text):
    """The two series that clash in one order: which is found first is not defined."""
    return re.sub(r"\[(\{.*?\}), (\{.*?\})\]", lambda found: str(sorted(found.groups())), text)


def plain_group(group):
    """The group of /api/v1/rules without how long it took and when that was; times in milliseconds."""
    rules = []
    for rule in group["rules"]:
        rule = {key: value for key, value in rule.items() if key not in ("evaluationTime", "lastEvaluation")}
        if rule.get("state") == "unknown":
            rule["state"] = "inactive"
        if "lastError" in rule:
            rule["lastError"] = _error(rule["lastError"])
        if "alerts" in rule:
            rule["alerts"] = sorted(map(_alert, rule["alerts"]), key=lambda one: _identity(one["labels"]))
        rules.append(rule)
    rest = {key: value for key, value in group.items() if key not in ("evaluationTime", "lastEvaluation", "rules")}
    return {**rest, "rules": rules}


def tree_difference(ours, theirs, where=""):
    """Where two trees part, or None."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if ours.keys() != theirs.keys():
            return f"{where}: {sorted(ours)}, not {sorted(theirs)}"
        name = theirs.get("name", "")
        pairs = [(f"{where}{' ' + name if name else ''} {key}", ours[key], theirs[key]) for key in theirs]
    elif isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            extra = [one for one in ours if one not in theirs]
            missing = [one for one in theirs if one not in ours]
            return f"{where}: {len(ours)}, not {len(theirs)}; missing {missing[:2]}, not expected {extra[:2]}"
        pairs = [(where, mine, other) for mine, other in zip(ours, theirs)]
    else:
        return None if ours == theirs else f"{where}: {ours!r}, not {theirs!r}"
    return next(filter(None, (tree_difference(mine, other, path) for path, mine, other in pairs)), None)


def _told(at, alert):
    """What a message says, and when it came."""
    says = {**alert, "annotations": _written(alert.get("annotations", {}))}
    for key in ("startsAt", "endsAt"):
        says[key] = instant(alert[key])
    return at, says


def by_alert(received):
    """{labels: [(seconds, what was said)]} in the order in which it came."""
    told = {}
    for at, alert in received:
        told.setdefault(_identity(alert["labels"]), []).append(_told(at, alert))
    return told


def told_differences(ours, theirs, until):
    """Messages that came after `until` need no counterpart: it may be on its way. Returns ([difference], pairs)."""
    mine, other = by_alert(ours), by_alert(theirs)
    differences, pairs = [], []
    for labels in sorted(mine.keys() | other.keys()):
        a, b = mine.get(labels, []), other.get(labels, [])
        for place, (one, two) in enumerate(zip(a, b)):
            found = tree_difference(one[1], two[1])
            if found:
                differences.append(f"message {place} of {labels}:{found}")
                break
            pairs.append((one, two))
        else:
            rest = [(at, says) for at, says in a[len(b):] + b[len(a):] if at <= until]
            if rest:
                whose = "only tocsin" if len(a) > len(b) else "only Prometheus"
                differences.append(f"{whose} told {len(rest)} more of {labels} after {min(len(a), len(b))}: {rest[0]}")
    return differences, pairs
