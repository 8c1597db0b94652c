"""Whether two answers of the HTTP API say the same."""

import json
import math
import re

TOLERANCE = 1e-9  # relative


class Answer:
    def __init__(self, status, body):
        self.status = status
        self.text = body
        try:  # numbers stay text, so that 1.50 and 1.5 are not the same
            self.body = json.loads(body, parse_float=str, parse_int=str)
        except ValueError:
            self.body = {"status": "not JSON", "error": body.strip()}

    @property
    def error(self):
        return self.body.get("error", "") if isinstance(self.body, dict) else ""

    def rewritten(self, pattern, replacement):
        return Answer(self.status, re.sub(pattern, replacement, self.text))

    def without(self, labels):
        """The same without the elements that carry all of `labels`."""
        other = Answer(self.status, self.text)
        data = other.body.get("data")
        if isinstance(data, dict) and isinstance(data.get("result"), list):
            data["result"] = [one for one in data["result"]
                              if not (isinstance(one, dict) and labels.items() <= one["metric"].items())]
        return other

    def brief(self, most=600):
        text = f"{self.status} {self.text.strip()}"
        return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def same_number(ours, theirs):
    """Both are the texts of floats."""
    if ours == theirs:
        return True
    a, b = float(ours), float(theirs)
    if math.isnan(a) or math.isnan(b) or math.isinf(a) or math.isinf(b):
        return math.isnan(a) and math.isnan(b) and ours == theirs
    return a != b and abs(a - b) <= TOLERANCE * max(abs(a), abs(b))  # the same number written otherwise is a difference


def _number(where, ours, theirs):
    return None if same_number(ours, theirs) else f"{where}: {ours}, not {theirs}"


def _histogram(where, ours, theirs):
    for key in ("count", "sum"):
        difference = _number(f"{where} {key}", ours[key], theirs[key])
        if difference:
            return difference
    ours, theirs = ours.get("buckets", []), theirs.get("buckets", [])
    if len(ours) != len(theirs):
        return f"{where}: {len(ours)} buckets, not {len(theirs)}"
    for mine, other in zip(ours, theirs):
        if mine[0] != other[0] or not all(map(same_number, mine[1:], other[1:])):
            return f"{where}: bucket {mine}, not {other}"
    return None


def _point(where, ours, theirs, histogram):
    if ours[0] != theirs[0]:
        return f"{where}: at {ours[0]}, not {theirs[0]}"
    where = f"{where} at {ours[0]}"
    return _histogram(where, ours[1], theirs[1]) if histogram else _number(where, ours[1], theirs[1])


def _element(ours, theirs):
    """One series, or one element of a vector."""
    name = json.dumps(ours["metric"], ensure_ascii=False)
    if ours.keys() != theirs.keys():
        return f"{name}: {sorted(ours)}, not {sorted(theirs)}"
    for key, histogram in (("value", False), ("histogram", True)):
        if key in ours:
            return _point(name, ours[key], theirs[key], histogram)
    for key, histogram in (("values", False), ("histograms", True)):
        mine, other = ours.get(key, []), theirs.get(key, [])
        for one, two in zip(mine, other):
            difference = _point(name, one, two, histogram)
            if difference:
                return difference
        if len(mine) != len(other):
            return f"{name}: {len(mine)} {key}, not {len(other)}"
    return None


def _identity(element):
    return tuple(element["metric"].items())


def _elements(ours, theirs, order):
    mine, other = [_identity(one) for one in ours], [_identity(one) for one in theirs]
    if sorted(mine) != sorted(other):
        missing = [dict(one) for one in sorted(set(other) - set(mine))]
        extra = [dict(one) for one in sorted(set(mine) - set(other))]
        return f"{len(mine)} series, not {len(other)}; missing {missing[:2]}, not expected {extra[:2]}"
    if order == "all" and mine != other:
        return f"another order: {mine[:3]} …, not {other[:3]} …"
    if order == "values":
        for place, (one, two) in enumerate(zip(ours, theirs)):
            mine, other = float(one["value"][1]), float(two["value"][1])  # 0 and -0 are in no order
            if mine != other and not (math.isnan(mine) and math.isnan(other)):
                return f"another order: place {place} has {mine}, not {other}"
    by_identity = {_identity(one): one for one in theirs}
    if len(by_identity) != len(theirs):
        return "the same labels twice"
    return next(filter(None, (_element(one, by_identity[_identity(one)]) for one in ours)), None)


def _result(ours, theirs, order):
    if ours.get("resultType") != theirs.get("resultType"):
        return f"resultType {ours.get('resultType')}, not {theirs.get('resultType')}"
    kind = theirs["resultType"]
    if kind == "string":
        return None if ours == theirs else f"{ours['result']}, not {theirs['result']}"
    if kind == "scalar":
        return _point("scalar", ours["result"], theirs["result"], False)
    return _elements(ours["result"], theirs["result"], "all" if kind == "matrix" and order != "any" else order)


def _remarks(kind, ours, theirs):
    mine, other = sorted(ours.get(kind, [])), sorted(theirs.get(kind, []))
    if mine == other:
        return None
    if len(other) > 10:  # only ten are listed, and which ones is left to chance
        return None if len(mine) == len(other) else f"{len(mine)} {kind}, not {len(other)}"
    return f"{kind} {sorted(set(mine) - set(other))}, not {sorted(set(other) - set(mine))}"


def _sorted(data):
    if isinstance(data, dict):
        return {key: _sorted(value) for key, value in data.items()}
    return sorted(map(_sorted, data), key=json.dumps) if isinstance(data, list) else data


def _first_difference(ours, theirs):
    """Where two trees part, or two lists."""
    if isinstance(ours, list) and isinstance(theirs, list):
        extra, missing = [one for one in ours if one not in theirs], [one for one in theirs if one not in ours]
        return f"missing {missing[:3]}, not expected {extra[:3]}" if extra or missing else "another order"
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            if ours.get(key) != theirs.get(key):
                return f"{key}: {_first_difference(ours.get(key), theirs.get(key))}"
    return f"{ours!r:.200}, not {theirs!r:.200}"


def difference(ours, theirs, order=None):
    """What differs, or None. `order`: how the elements of an instant vector are ordered (see queries.ORDERED); "any":
    no list in the answer is in a defined order."""
    if ours.status != theirs.status:
        return f"status {ours.status}, not {theirs.status}"
    ours, theirs = ours.body, theirs.body
    for key in ("status", "errorType", "error"):
        if ours.get(key) != theirs.get(key):
            return f"{key} {ours.get(key)!r}, not {theirs.get(key)!r}"
    mine, other = ours.get("data"), theirs.get("data")
    if isinstance(mine, dict) and isinstance(other, dict) and "resultType" in other:
        found = _result(mine, other, order)
    else:
        if order == "any":
            mine, other = _sorted(mine), _sorted(other)
        found = None if mine == other else f"data {_first_difference(mine, other)}"
    return found or _remarks("warnings", ours, theirs) or _remarks("infos", ours, theirs)

