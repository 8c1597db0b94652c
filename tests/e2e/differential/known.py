"""The known differences: where tocsin and a Prometheus are not expected to say the same, and why. tocsin follows
Prometheus 3.14; an older one differs by what changed since."""

import re
from dataclasses import dataclass
from typing import Callable

from .compare import difference


def anything(_ours, _theirs):
    return True


def apart_from(**labels):
    """Only elements with these labels differ."""
    return lambda ours, theirs: difference(ours.without(labels), theirs.without(labels)) is None


def clash(ours, theirs):
    """Both complain of clashing series, and differ in which they name."""
    pattern = r"(found duplicate series for the match group|multiple matches for labels).*"
    return ours.status == theirs.status and bool(re.match(pattern, ours.error)) \
        and difference(ours.rewritten(pattern, r"\1\"}"), theirs.rewritten(pattern, r"\1\"}")) is None


def same_length(ours, theirs):
    """As many entries, and the same remarks."""
    mine, other = ours.body.get("data"), theirs.body.get("data")
    return isinstance(mine, list) and isinstance(other, list) and len(mine) == len(other) \
        and ours.body.get("warnings") == theirs.body.get("warnings")


def wording(ours, theirs):
    """The same error in other words."""
    return ours.status == theirs.status != 200 and ours.body.get("errorType") == theirs.body.get("errorType")


def letter_for_colon(ours, _theirs):
    """tocsin says that it expected a colon."""
    return bool(re.search(r"unexpected character: '.', expected ':'$", ours.error))


def unnamed_token(ours, theirs):
    """Both find the same token at the same place; theirs has a number beside it."""
    named = re.sub(r'"<Item \d+>" ', "", theirs.error)
    where = r" in .*"  # see 3.10
    return named != theirs.error and re.sub(where, "", named) == re.sub(where, "", ours.error)


def comma_in_duration(_ours, theirs):
    return theirs.error.endswith("unexpected character in duration expression: ','")


@dataclass
class Known:
    """A difference is explained by the first row whose `query` is found in the question's text, whose `path` is found
    in its path, whose `below` is above the version of Prometheus, and whose `check` says so of the two answers; instead
    of a check, `rewrite` is a pattern and what it becomes in both, after which they must be equal."""

    why: str
    query: str = ""
    path: str = ""
    check: Callable = None
    rewrite: tuple = None
    below: tuple = (99,)

    def explains(self, question, version, ours, theirs):
        if version >= self.below or not (re.search(self.query, question.text) and re.search(self.path, question.path)):
            return False
        if self.rewrite:
            return difference(ours.rewritten(*self.rewrite), theirs.rewritten(*self.rewrite), question.order) is None
        return self.check(ours, theirs)


KNOWN = [
    # left to chance
    Known("which of several clashing series an error names depends on the order they are found in", check=clash),
    Known("which entries are left by a limit depends on the order they are found in", r" limit=",
          path="series|labels|values", check=same_length),

    # arithmetic of Go and of amd64
    Known("the last bit of a native histogram's bucket bound: Go has a table, tocsin calculates",
          r"count_values\(.*latency", rewrite=(r"(\d\.\d{12})\d+", r"\1")),
    Known("Go's logarithm of numbers below 2.2e-308 is wrong on amd64", r"^(ln|log10)\(edge\)$",
          check=apart_from(case="tiny")),
    Known("NaN and infinities as moments: Go's conversion to a whole number is undefined", r"^hour\(edge",
          check=anything),
    Known("moments that no timestamp can hold: Go wraps around, tocsin refuses them",
          r"(time|start|end|step)=(NaN|Inf|1e15|1e300|-Inf)$", check=anything),
    Known("Go's notations of floats: 1_0 is one, 0x10 is not", r"time=(1_0|0x10)$", check=anything),
    Known("a step below a millisecond is no step here", r"step=0\.0001$", check=anything),

    # what is scraped and federated
    Known("federation of everything: Prometheus gives nothing, tocsin says what is wrong", r"match\[\]={}$",
          path="federate", check=anything),

    # the store
    Known("a native histogram read from Prometheus' store has empty buckets of its neighbours in time, so that one without "
          "negative observations is taken for one with them", r"^histogram_(fraction|quantile)\(.*\bpressure\b",
          check=apart_from(place="thin")),

    # what changed in Prometheus
    Known("3.6: a NaN parameter of topk is an error wherever it occurs", r"^topk\((NaN,|scalar)", check=anything, below=(3, 6)),
    Known("3.6: rates of native histograms are not extrapolated below zero",
          r"(rate|increase)\((sum by \(job\) \()?(latency|pressure|size)", check=anything, below=(3, 6)),
    Known("3.6: a letter where a colon is due between brackets was taken for one, so that the text was refused for something "
          "else, or not at all", r"\[[^]]*[\w)] *:?[^]:]*[a-zA-Z]", path="format_query", check=letter_for_colon, below=(3, 6)),
    Known("3.6: there are commas in durations", r"\[\D*,", path="format_query", check=comma_in_duration, below=(3, 6)),
    Known("3.7: names are quoted in on() and group_left() where they have to be", r'on \("volume|(on|ignoring|by|without|left|right) ?\([^()]*:',
          rewrite=(r'\\"|\s|\\n', ""), below=(3, 7)),
    Known("3.7: the warning about le names the metric only where names are removed late",
          rewrite=(r' for metric name \\"\w+\\"', ""), below=(3, 7)),
    Known("3.8: histogram_fraction from within the first bucket", r"^histogram_fraction\(0, 0\.5, request", check=anything,
          below=(3, 8)),
    Known("3.8: custom buckets that differ are reconciled", r"^sum\(.*size_bytes|size_bytes.*\+.*size_bytes", check=anything,
          below=(3, 8)),
    Known("3.8: @ has a name in errors", "@", check=unnamed_token, below=(3, 8)),
    Known("3.10: more is said about buckets that are not monotonic",
          rewrite=(r'("PromQL info: input to histogram_quantile needed (?:[^"\\]|\\.)*(\(\d+:\d+\))",?)+', r'"\2"'),
          below=(3, 10)),
    Known("3.10: what is expected where a duration is missing",
          rewrite=(r"(unexpected .{1,30} in )(?:subquery or range selector|subquery selector|offset), "
                   r'expected (?:[^"\\]|\\.)*', r"\1"),
          below=(3, 10)),
    Known("3.12: a warning that sort() is ineffective over a range", r"sort(_by_label)?(_desc)?\(",
          rewrite=(r',"warnings":\["PromQL warning: sort is ineffective[^]]*\]', ""), below=(3, 12)),
    Known("3.12: start() and end() are functions", r"^(start|end)\(\)$", check=anything, below=(3, 12)),

    # what Prometheus 2 (2.42) did otherwise, beyond the edges of windows
    Known("2: histogram_fraction is for native histograms only", r"^histogram_fraction\(", check=anything, below=(3,)),
    Known("2: no remarks", rewrite=(r',"(infos|warnings)":\[("(?:[^"\\]|\\.)*",?)*\]', ""), below=(3,)),
    Known("2: errors in other words", check=wording, below=(3,)),
    Known("2: -0 for an empty sum of zeros", rewrite=('"-0"', '"0"'), below=(3,)),
    Known("2: a dot in a regular expression stands for no line break", r'=~"line\.break"', check=anything, below=(3,)),
    Known("2: numbers are no durations, nor durations numbers, and have no _", r"^1_000$|\[5\]|offset 5$|^\d+m$|1h\b",
          check=anything, below=(3,)),
    Known("2: no names and labels beyond [a-zA-Z0-9_:]", r'\{"|"volume|by \("job"\)|^label/(volume\.|gr|a)', check=anything,
          below=(3,)),
    Known("2: numbers are written 1e+06", path="format_query", rewrite=(
        r"-?\d[\d.]*(e[+-]?\d+)?\b", lambda number: f"{float(number.group()):g}"), below=(3,)),
    Known("2: averages lose what is small beside what is large", r"^avg_over_time\(edge_sum", check=anything, below=(3,)),
    Known("2: atan2 keeps the metric's name", r"\batan2\b", check=anything, below=(3,)),
    Known("2: the steps of a subquery within a subquery lie on the edges of its windows",
          r"\[\w+:\w*\].*\[\w+:\w*\]", check=anything, below=(3,)),
    Known("2: the deviation of what is not finite is 0 where it is one", r"std(dev|var)", check=anything, below=(3,)),
    Known("2: no limit and no lookback_delta", r"\b(limit|limit_per_metric|lookback_delta)=", check=anything, below=(3,)),
    Known("2: holt_winters was the name of double_exponential_smoothing", r"^holt_winters", check=anything, below=(3,)),
    Known("2: a parameter of topk below every whole number is none", r"^topk\(-1e30", check=anything, below=(3,)),
    Known("2: the series of a range are in no order", r"^query query=.*\[.*\]", check=lambda ours, theirs: difference(
        ours, theirs, "any") is None, below=(3,)),
    Known("2: the bounds of scraped buckets stay as the page has them", r"page_seconds|page\.\*",
          rewrite=(r'"le":"(\d+)\.0"', r'"le":"\1"'), below=(3,)),
    Known("2: dropped targets are not counted", "^targets$", check=lambda ours, theirs:
          {**ours.body["data"], "droppedTargetCounts": 0} == {**theirs.body["data"], "droppedTargetCounts": 0}, below=(3,)),
]


def explanation(question, version, ours, theirs):
    return next((known for known in KNOWN if known.explains(question, version, ours, theirs)), None)
