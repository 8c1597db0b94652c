"""Two hours of samples, made up but always the same: only the moment they end at differs between runs."""

import math
import random

from .remote_write import STALE, Histogram

STEP = 15_000
COUNT = 481  # two hours and both ends
LENGTH = STEP * (COUNT - 1)

BOUNDS = (0.005, 0.05, 0.1, 0.5, 1, 2.5, 10, math.inf)
INSTANCES = (("api", "10.0.0.1:80"), ("api", "10.0.0.2:80"), ("api", "10.0.0.3:80"), ("worker", "10.0.1.1:81"),
             ("worker", "10.0.1.2:81"))


def _shortest(number):
    return "+Inf" if number == math.inf else f"{number:g}"


class _Builder:
    """`low`: what counters begin with and fall back to."""

    def __init__(self, start, native):
        self.start = start
        self.native = native
        self.low = 0 if native else 1_000_000
        self.series = []

    def add(self, name, values, offset=0, **labels):
        """`values`: one per step; None is a gap. `offset`: how many milliseconds after the step they were taken."""
        labels = {key.rstrip("_"): value for key, value in labels.items()}
        points = [(self.start + step * STEP + offset, value) for step, value in enumerate(values) if value is not None]
        if points:
            self.series.append(({"__name__": name, **labels}, points))

    def __iter__(self):
        return iter(self.series)


def _counter(rng, most, low, whole=True, resets=0.004):
    value, out = low, []
    for _ in range(COUNT):
        if rng.random() < resets:
            value = low
        value += rng.randrange(most) if whole else rng.random() * most
        out.append(float(value))
    return out


def _walk(rng, at, by):
    out = []
    for _ in range(COUNT):
        at += rng.uniform(-by, by)
        out.append(at)
    return out


def _spells(rng, values, ends):
    """`values` with absences; `ends` says whether each begins with the mark of an end or is only a hole."""
    out, present, left = [], True, 40
    for value in values:
        left -= 1
        if left == 0:
            present, left = not present, rng.randrange(4, 50)
            if not present and ends:
                out.append(STALE)
                continue
        out.append(value if present else None)
    return out


def _requests(data, rng):
    for number, (job, instance) in enumerate(INSTANCES):
        for method in ("get", "post"):
            for code, most in (("200", 90), ("404", 5), ("500", 3)):
                data.add("http_requests_total", _counter(rng, most, data.low), number * 1001, job=job, instance=instance,
                         method=method, code=code)
        data.add("cpu_seconds_total", _counter(rng, 4, data.low, whole=False), number * 1001, job=job, instance=instance)
        data.add("memory_bytes", [float(int(value)) for value in _walk(rng, 5e8, 2e6)], number * 1001, job=job,
                 instance=instance)
        version = "1.2" if number % 2 else "1.10"
        data.add("build_info", [1.0] * COUNT, number * 1001, job=job, instance=instance, version=version,
                 commit=f"c{number}")
        data.add("target_info", [1.0] * COUNT, number * 1001, job=job, instance=instance,
                 region="eu" if number < 3 else "us")
        data.add("healthy", [0.0 if rng.random() < 0.1 else 1.0 for _ in range(COUNT)], number * 1001, job=job,
                 instance=instance)


def _gauges(data, rng):
    for queue in ("a", "b", "c", "d"):
        depths = [float(rng.randrange(-3, 40)) for _ in range(COUNT)]
        data.add("queue_depth", _spells(rng, depths, ends=queue < "c"), queue=queue)
    for room, base in (("attic", 31.0), ("cellar", 8.5), ("kitchen", 21.25)):
        data.add("temperature_celsius", [base + 4 * math.sin(step / 40 + base) for step in range(COUNT)], 350, room=room)
    data.add("slow_gauge", [step * 0.5 if step % 16 == 0 else None for step in range(COUNT)], kind="every_4m")
    data.add("slow_gauge", [float(step) if step % 30 == 0 else None for step in range(COUNT)], kind="every_7m30s")
    data.add("constant", [42.0] * COUNT, kind="same")
    data.add("constant", [-7.5] * COUNT, kind="negative")
    data.add("last_success_timestamp_seconds",
             [(data.start + (step - step % 20) * STEP) / 1000 for step in range(COUNT)], tenant="acme")
    data.add("last_success_timestamp_seconds", [(data.start - 86_400_000 * 45) / 1000] * COUNT, tenant="zeta")
    data.add("quota", [100.0] * COUNT, queue="a", tier="gold")
    data.add("quota", [10.0] * COUNT, queue="b", tier="iron")
    data.add("quota", [0.0] * COUNT, queue="x", tier="iron")
    data.add("angle", [(step % 60 - 30) / 10 for step in range(COUNT)], unit="radians")
    data.add("small", [math.sin(step) for step in range(COUNT)], kind="sine")
    data.add("small", [math.cos(step / 3) * 0.5 for step in range(COUNT)], kind="cosine")


def _edges(data):
    """Values at the rim of what a double is."""
    cases = {"nan": [math.nan], "inf": [math.inf], "minus_inf": [-math.inf], "zero": [0.0], "minus_zero": [-0.0],
             "huge": [1.7e308], "tiny": [5e-324], "mixed_nan": [1.0, math.nan, 3.0], "mixed_inf": [1.0, math.inf, 2.0],
             "both_inf": [math.inf, 5.0, -math.inf], "precise": [0.1, 0.2, 0.3], "large_counter": [9007199254740993.0],
             "exponent": [1e21, 1e-7, 123456789.125]}
    for case, values in cases.items():
        data.add("edge", [values[step % len(values)] for step in range(COUNT)], case=case)
    data.add("edge_sum", [(1e100, 1.0, -1e100, 1.0)[step % 4] for step in range(COUNT)], case="cancels")


def _names(data, rng):
    for number, room in enumerate(("été", "日本", "a b", "quote\"d", "back\\slash", "line\nbreak", "")):
        labels = {"room": room} if room else {}
        data.add("odd_values", [float(number + step % 7) for step in range(COUNT)], **labels)
    data.add("node:memory:ratio", [0.25 + step / 1000 for step in range(COUNT)], node="n1")
    if not data.native:
        return
    data.series.append(({"__name__": "disk.used.bytes", "volume.name": "/var", "größe": "XL"},
                        [(data.start + step * STEP, value) for step, value in enumerate(_counter(rng, 100, data.low))]))
    data.series.append(({"__name__": "disk.used.bytes", "volume.name": "/", "größe": "S"},
                        [(data.start + step * STEP, float(step)) for step in range(COUNT)]))


def _classic(data, rng, name, instance, number):
    counts = [data.low] * len(BOUNDS)
    columns, total, totals = [[] for _ in BOUNDS], float(data.low), []
    for _ in range(COUNT):
        for _ in range(rng.randrange(6)):
            seen = rng.expovariate(3)
            total += seen
            for at, bound in enumerate(BOUNDS):
                counts[at] += seen <= bound
        totals.append(total)
        for column, count in zip(columns, counts):
            column.append(float(count))
    for bound, column in zip(BOUNDS, columns):
        data.add(f"{name}_bucket", column, number * 1001, job="api", instance=instance, le=_shortest(bound))
    data.add(f"{name}_sum", totals, number * 1001, job="api", instance=instance)
    data.add(f"{name}_count", columns[-1], number * 1001, job="api", instance=instance)


def _classics(data, rng):
    for number, (_, instance) in enumerate(INSTANCES[:3]):
        _classic(data, rng, "request_duration_seconds", instance, number)
    for bound, rate in (("0.1", 3), ("0.5", 2), ("1", 5), ("+Inf", 6)):  # 0.5 grows slower than 0.1
        data.add("bent_bucket", [float(rate * step) for step in range(COUNT)], le=bound)
    for bound in ("0.1", "1"):
        data.add("topless_bucket", [step * float(bound) * 10 for step in range(COUNT)], le=bound)
    for bound in ("0.1", "one", "+Inf"):
        data.add("misspelt_bucket", [step * 2.0 for step in range(COUNT)], le=bound)
    data.add("unbucketed", [1.0] * COUNT, kind="no le")
    for bound, value in (("0.1", 0.0), ("+Inf", 0.0)):
        data.add("empty_bucket", [value] * COUNT, le=bound)
    for bound, rate in (("-1", 1), ("0", 3), ("2", 7), ("+Inf", 8)):
        data.add("signed_bucket", [float(rate * step) for step in range(COUNT)], le=bound)


def _native(rng, schema, gauge=False, bounds=None, sides=True, resets=0.004):
    """Always with buckets on both sides (`sides`), since a store may or may not keep empty ones."""
    positive, negative, zero, total, out = {}, {}, 0, 0.0, []
    for step in range(COUNT):
        if gauge or step == 0 or rng.random() < resets:
            positive, negative, zero, total = {0: 1}, {0: 1}, 0, 0.0
            if bounds or not sides:
                positive, negative = {}, {}
        for _ in range(rng.randrange(1, 8)):
            if bounds:
                index = rng.randrange(len(bounds) + 1)
                positive[index] = positive.get(index, 0) + 1
                total += index * 0.5
                continue
            side, index = (negative if rng.random() < 0.15 else positive), rng.randrange(-6, 9)
            side[index] = side.get(index, 0) + 1
            total += (2 ** index) * (-1 if side is negative else 1)
            zero += rng.random() < 0.2
        out.append(Histogram(schema, total, positive, negative, zero, bounds=bounds, gauge=gauge))
    return out


def _natives(data, rng):
    for number, (job, instance) in enumerate(INSTANCES[:4]):
        data.add("latency_seconds", _native(rng, number % 3), number * 1001, job=job, instance=instance)
    data.add("pressure", _native(rng, 3, gauge=True), place="in")
    data.add("pressure", _native(rng, 1, gauge=True), place="out")
    data.add("pressure", _native(rng, 0, gauge=True, sides=False), place="thin")
    data.add("size_bytes", _native(rng, 0, bounds=[1.0, 5.0, 10.0, 100.0]), kind="same")
    data.add("size_bytes", _native(rng, 0, bounds=[1.0, 5.0, 10.0, 100.0]), kind="too")
    data.add("size_bytes", _native(rng, 0, bounds=[1.0, 2.0, 10.0]), kind="other")
    for side, positive, negative in (("above", {-9: 2, 1: 1}, {}), ("below", {}, {-9: 3}), ("both", {-9: 2}, {-9: 1, 2: 4})):
        data.add("near_zero", [Histogram(0, 3.0, positive, negative, 1, threshold=0.0015)] * COUNT, side=side)
    histograms = _native(rng, 0)
    data.add("turncoat_total", [float(step) if step < 240 else histograms[step] for step in range(COUNT)], kind="later")
    data.add("turncoat_total", [float(step) for step in range(COUNT)], kind="never")


def build(end, native=True):
    """[(labels, [(milliseconds, value)])], the last step at `end`. Without `native`, for Prometheus 2: floats and plain
    names only, and counters far from zero, which it extrapolates to in another way."""
    rng = random.Random(3)
    data = _Builder(end - LENGTH, native)
    _requests(data, rng)
    _gauges(data, rng)
    _edges(data)
    _names(data, rng)
    _classics(data, rng)
    if native:
        _natives(data, rng)
    return list(data)
