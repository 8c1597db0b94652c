"""Random expressions that nest a few levels deep and mostly mean something. The same seed gives the same ones."""

import random

COUNTERS = ("http_requests_total", 'http_requests_total{code="200"}', 'http_requests_total{job="api",code!="200"}',
            "cpu_seconds_total", "request_duration_seconds_count")
GAUGES = ("memory_bytes", "queue_depth", "temperature_celsius", 'memory_bytes{job="api"}', "slow_gauge", "healthy", "quota",
          "small", "constant")
LABELS = ("job", "instance", "method", "code", "queue", "room", "kind", "tier")
WINDOWS = ("1m", "90s", "5m", "17m", "30m", "1h", "44s")
STEPS = ("30s", "1m", "47s", "5m", "")
OVER_TIME = ("avg", "min", "max", "sum", "count", "stddev", "last", "present")
COUNTER_FUNCTIONS = ("rate", "increase", "irate", "resets", "changes")
GAUGE_FUNCTIONS = ("delta", "idelta", "deriv", "changes")
# Without those that jump, where a rounding difference in what they are given becomes a whole one, and without those that
# flatten out, where all that is left of a difference is its rounding.
ELEMENTWISE = ("abs", "sgn", "sqrt", "ln", "exp", "deg", "rad", "-", "+")
AGGREGATIONS = ("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar")
ARITHMETIC = ("+", "-", "*", "/")
COMPARISONS = (">", "<", ">=", "<=", "!=")
SETS = ("and", "or", "unless")


class Generator:
    """`moments`: seconds of the data for @."""

    def __init__(self, seed, moments):
        self._rng = random.Random(seed)
        self._moments = moments
        self._ways = ((3, self._function), (3, self._aggregate), (3, self._arithmetic), (2, self._comparison),
                      (2, self._set), (3, self._range_function), (2, self._subquery), (1, self._limits),
                      (1, self._relabel), (1, self._quantile), (1, self._matched), (1, self._clashing), (1, self._bounded))

    def expression(self, depth=3):
        if depth <= 0:
            return self._leaf()
        weights, ways = zip(*self._ways)
        return self._rng.choices(ways, weights)[0](depth - 1)

    def _modifier(self):
        chance = self._rng.random()
        if chance < 0.7:
            return ""
        if chance < 0.85:
            return f" offset {self._rng.choice(('1m', '7m30s', '-2m', '20m', '1s'))}"
        return self._rng.choice((" @ start()", " @ end()", f" @ {self._rng.choice(self._moments)}",
                                 f" @ {self._rng.choice(self._moments)} offset 3m"))

    def _leaf(self):
        chance = self._rng.random()
        if chance < 0.8:
            return self._rng.choice(COUNTERS + GAUGES) + self._modifier()
        return self._rng.choice(("vector(1)", "vector(time())", "absent(nothing)", "quota", "healthy"))

    def _number(self):
        return self._rng.choice(("0", "1", "2.5", "-3", "1e3", "scalar(quota{queue=\"a\"})", "pi()", "1e-3", "time()"))

    def _labels(self):
        return ", ".join(self._rng.sample(LABELS, self._rng.randrange(0, 4)))

    def _grouping(self):
        chance = self._rng.random()
        if chance < 0.3:
            return " "
        return f" {'by' if chance < 0.75 else 'without'} ({self._labels()}) "

    def _function(self, depth):
        name = self._rng.choice(ELEMENTWISE)
        return f"{name}({self.expression(depth)})"

    def _aggregate(self, depth):
        return f"{self._rng.choice(AGGREGATIONS)}{self._grouping()}({self.expression(depth)})"

    def _quantile(self, depth):
        share = self._rng.choice(("0.5", "0.9", "0", "1", "0.333"))
        return f"quantile{self._grouping()}({share}, {self.expression(depth)})"

    def _limits(self, _):
        # of walks with fractions: which of equal ones topk takes is left to chance
        metric = self._rng.choice(("temperature_celsius", "cpu_seconds_total",
                                   "rate(request_duration_seconds_sum[5m])"))
        return f"{self._rng.choice(('topk', 'bottomk'))}{self._grouping()}({self._rng.randrange(1, 4)}, {metric})"

    def _arithmetic(self, depth):
        operator = self._rng.choice(ARITHMETIC)
        chance = self._rng.random()
        if chance < 0.35:
            return f"({self.expression(depth)} {operator} {self._number()})"
        if chance < 0.5:
            return f"({self._number()} {operator} {self.expression(depth)})"
        return f"({self.expression(depth)} {operator} {self.expression(depth)})"

    def _comparison(self, depth):
        operator = self._rng.choice(COMPARISONS) + self._rng.choice((" ", " bool "))
        return f"({self.expression(depth)} {operator}{self._number()})"

    def _matched(self, depth):
        labels = self._rng.choice(("job", "instance", "job, instance", "queue"))
        operator = self._rng.choice(ARITHMETIC + COMPARISONS)
        one = f"{self._rng.choice(('sum', 'max', 'avg'))} by ({labels}) ({self.expression(depth)})"
        many = self.expression(depth)
        if self._rng.random() < 0.5:
            return f"({many} {operator} on ({labels}) group_left () {one})"
        return f"({one} {operator} on ({labels}) group_right () {many})"

    def _clashing(self, _):
        """Of series that come and go, where what matches, and whether anything clashes, is another matter at each step."""
        left, right = (self._rng.choice(("queue_depth", 'queue_depth{queue=~"a|c"}', "slow_gauge", "quota", "healthy",
                                         'constant{kind="same"}')) for _ in range(2))
        operator = self._rng.choice(ARITHMETIC + COMPARISONS)
        matching = self._rng.choice((" ", " on () ", " on (queue) ", " on (kind) ", " ignoring (queue, tier) "))
        group = self._rng.choice(("", "", "group_left () ", "group_right () ")) if matching.strip() else ""
        return f"({left} {operator}{matching}{group}{right})"

    def _set(self, depth):
        matching = self._rng.choice(("", "", f" on ({self._labels()})", f" ignoring ({self._labels()})"))
        return f"({self.expression(depth)} {self._rng.choice(SETS)}{matching} {self.expression(depth)})"

    def _range_function(self, _):
        window = f"[{self._rng.choice(WINDOWS)}]{self._modifier()}"
        chance = self._rng.random()
        if chance < 0.4:
            return f"{self._rng.choice(COUNTER_FUNCTIONS)}({self._rng.choice(COUNTERS)}{window})"
        if chance < 0.6:
            return f"{self._rng.choice(GAUGE_FUNCTIONS)}({self._rng.choice(GAUGES)}{window})"
        if chance < 0.7:
            return f"quantile_over_time(0.{self._rng.randrange(1, 100)}, {self._rng.choice(GAUGES)}{window})"
        if chance < 0.8:
            return f"predict_linear({self._rng.choice(GAUGES)}{window}, {self._rng.choice((60, -600, 3600))})"
        return f"{self._rng.choice(OVER_TIME)}_over_time({self._rng.choice(COUNTERS + GAUGES)}{window})"

    def _subquery(self, depth):
        window = f"[{self._rng.choice(WINDOWS)}:{self._rng.choice(STEPS)}]{self._modifier()}"
        inner = self.expression(min(depth, 1))
        name = self._rng.choice(OVER_TIME)
        return f"{name}_over_time(({inner}){window})"

    def _relabel(self, depth):
        inner = self.expression(depth)
        return self._rng.choice((f'label_replace({inner}, "new", "$1-x", "job", "(.).*")',
                                 f'label_join({inner}, "new", "/", "job", "instance")',
                                 f'label_replace({inner}, "job", "", "job", ".*")'))

    def _bounded(self, depth):
        inner = self.expression(depth)
        return self._rng.choice((f"clamp({inner}, -5, 1e6)", f"clamp_min({inner}, 1)", f"clamp_max({inner}, 100)",
                                 f"absent({inner})", f"scalar({inner}) + vector(0)", f"sort({inner})"))


# What a damaged expression may have too much of.
PIECES = (",", "(", ")", "[", "]", "{", "}", ":", "=", "=~", "!", "!=", "<", "+", "-", "^", "@", "#", " ", "0", "1.5", "5m", "7s",
          "0.5.5", "0x.8", '"x"', "'", "`", "a", "by", "on", "offset", "bool", "group_left", "and", "inf", "sum", "rate", "é")
WHOLE = ('rate(a{b="c", d=~"e"}[5m])', "sum by (a, b) (c) / on (a) group_left (d) e", "a[10m:1m] offset 5m", "a @ 5 + 2.5",
         'clamp(a, 1, 0x1f) > bool on () b', 'label_replace(a, "b", "$1", "c", "(.*)")', "topk(3, a) by (b)",
         "max_over_time((a - b)[1h:5m] @ end())", "-a ^ 2 and ignoring (b) c", 'quantile(0.9, {"a.b", c!="d"})')


class Damage:
    """Expressions that were whole before something was left out, doubled, put in or put elsewhere. Most do not parse."""

    def __init__(self, seed):
        self._rng = random.Random(seed)

    def expression(self):
        text = self._rng.choice(WHOLE)
        for _ in range(self._rng.choice((1, 1, 2))):
            text = self._once(text)
        return text

    def _once(self, text):
        at = self._rng.randrange(len(text))
        end = min(len(text), at + self._rng.choice((1, 1, 2, 4)))
        chance = self._rng.random()
        if chance < 0.3:
            return text[:at] + text[end:]
        if chance < 0.4:
            return text[:end] + text[at:]
        if chance < 0.5:
            return text[:end]
        return text[:at] + self._rng.choice(PIECES) + text[at if chance < 0.85 else end:]
