"""Hand-picked expressions, by what they are about. %mid%, %late% and %early% become moments of the data, in seconds.

`ORDERED` ones are compared in order: "values" where equal values may stand in any order, "all" otherwise."""

SELECTORS = """
http_requests_total
http_requests_total{code="500"}
http_requests_total{code!="500", method="get"}
http_requests_total{code=~"4..|5.."}
http_requests_total{code!~"4..|5..", job=~".+"}
{__name__="memory_bytes"}
{__name__=~"memory.*|constant", job!="worker"}
{__name__=~".*_celsius"}
odd_values{room=""}
odd_values{room!=""}
odd_values{room="été"}
odd_values{room=~"日.|a.b"}
odd_values{room="line\\nbreak"}
odd_values{room=~"line.break"}
odd_values{room=`quote"d`}
odd_values{room='back\\\\slash'}
odd_values{room=~"(?i)ÉTÉ"}
nothing_of_that_name
http_requests_total{nothing="here"}
http_requests_total{nothing=""}
node:memory:ratio
edge
slow_gauge
queue_depth
queue_depth{queue=~"a|b"}
temperature_celsius{room=~""}
temperature_celsius{room=~"|attic"}
memory_bytes{job="api", job=~"a.*", job!="worker"}
memory_bytes offset 5m
memory_bytes offset -3m
memory_bytes offset 1h7m13s
queue_depth offset 17m
slow_gauge offset 2m30s
memory_bytes @ %mid%
memory_bytes @ %mid% offset 10m
memory_bytes offset 10m @ %mid%
memory_bytes @ start()
memory_bytes @ end() offset 1m
memory_bytes - memory_bytes @ %mid%
queue_depth @ %early%
42
-1.5e-3
0x1F
Inf
-Inf
NaN
1_000
"a string"
'another "one"'
time()
pi()
"""

RANGES = """
rate(http_requests_total[5m])
rate(http_requests_total{code="200"}[1m])
rate(http_requests_total[15s])
rate(http_requests_total[30s])
rate(slow_gauge[10m])
rate(slow_gauge[4m])
increase(http_requests_total[5m])
increase(http_requests_total{job="api"}[1h])
increase(cpu_seconds_total[7m30s])
increase(http_requests_total[2h])
irate(http_requests_total[5m])
irate(http_requests_total[29s])
delta(memory_bytes[10m])
delta(temperature_celsius[1m])
idelta(memory_bytes[10m])
deriv(memory_bytes[10m])
deriv(constant[10m])
deriv(edge[5m])
predict_linear(memory_bytes[10m], 3600)
predict_linear(temperature_celsius[30m], -60)
predict_linear(cpu_seconds_total[5m:30s], 600)
changes(queue_depth[20m])
changes(healthy[30m])
changes(edge[5m])
changes(constant[5m])
resets(http_requests_total[2h])
resets(memory_bytes[10m])
avg_over_time(memory_bytes[10m])
avg_over_time(queue_depth[10m])
avg_over_time(edge[5m])
avg_over_time(edge_sum[5m])
min_over_time(queue_depth[10m])
min_over_time(edge[5m])
max_over_time(queue_depth[10m])
max_over_time(edge[5m])
sum_over_time(queue_depth[10m])
sum_over_time(edge[5m])
sum_over_time(edge_sum[1m])
count_over_time(queue_depth[30m])
count_over_time(slow_gauge[10m])
count_over_time(http_requests_total[1m])
count_over_time({__name__=~"queue_depth|quota"}[5m]) or vector(0)
last_over_time(queue_depth[20m])
last_over_time(edge[5m])
present_over_time(queue_depth[10m])
absent_over_time(queue_depth{queue="a"}[30s])
absent_over_time(nothing{a="b", c="d", a=~"x"}[5m])
absent_over_time(memory_bytes[5m])
stddev_over_time(temperature_celsius[10m])
stdvar_over_time(memory_bytes[10m])
stdvar_over_time(edge[5m])
quantile_over_time(0.9, memory_bytes[10m])
quantile_over_time(0, queue_depth[10m])
quantile_over_time(1, queue_depth[10m])
quantile_over_time(-1, queue_depth[10m])
quantile_over_time(2, queue_depth[10m])
quantile_over_time(NaN, queue_depth[10m])
quantile_over_time(scalar(quota{queue="b"}) / 20, memory_bytes[5m])
quantile_over_time(0.5, edge[5m])
rate(memory_bytes[5m])
rate(http_requests_total[5m] offset 10m)
rate(http_requests_total[5m] @ %mid%)
rate(http_requests_total[5m] @ end())
rate(http_requests_total[5m] offset -2m)
sum_over_time(memory_bytes[1m] @ %mid% offset 30m)
timestamp(memory_bytes)
timestamp(memory_bytes offset 3m)
timestamp(memory_bytes * 1)
timestamp(slow_gauge @ %mid%)
"""

SUBQUERIES = """
max_over_time(rate(http_requests_total[5m])[30m:1m])
avg_over_time(sum by (job) (rate(http_requests_total[2m]))[20m:30s])
min_over_time((memory_bytes / 1e6)[10m:])
count_over_time(queue_depth[10m:7s])
count_over_time(queue_depth[10m:1m] offset 5m)
count_over_time(memory_bytes[5m:15s])
sum_over_time(time()[5m:1m])
sum_over_time((time() - %mid%)[10m:90s])
last_over_time(healthy[5m:1m] @ %mid%)
rate(sum by (code) (http_requests_total)[10m:15s])
max_over_time(deriv(temperature_celsius[3m])[30m:2m])
avg_over_time(max_over_time(queue_depth[2m])[10m:30s] offset 3m)
sum_over_time(avg_over_time(rate(cpu_seconds_total[1m])[5m:30s])[20m:5m])
quantile_over_time(0.25, (queue_depth > 5)[30m:1m])
absent_over_time((queue_depth > 1000)[10m:1m])
changes(floor(temperature_celsius)[30m:1m])
increase(http_requests_total[10m:45s])
resets((http_requests_total % 50)[10m:1m])
count_over_time(vector(1)[1h:17s])
stddev_over_time(rate(http_requests_total{code="200"}[1m])[10m:])
sum_over_time(memory_bytes[0.5m:10s])
count_over_time(memory_bytes[10m:1m] @ start())
"""

FUNCTIONS = """
abs(queue_depth)
abs(edge)
ceil(temperature_celsius)
floor(temperature_celsius)
round(temperature_celsius)
round(temperature_celsius, 0.25)
round(temperature_celsius, 5)
round(edge)
round(edge, -0.3)
round(temperature_celsius, 0)
sgn(queue_depth)
sgn(edge)
exp(small)
exp(edge)
ln(memory_bytes)
ln(edge)
log2(memory_bytes)
log2(edge)
log10(memory_bytes)
log10(edge)
sqrt(memory_bytes)
sqrt(edge)
sin(angle)
cos(angle)
tan(angle)
asin(small)
acos(small)
atan(angle)
sinh(angle)
cosh(angle)
tanh(angle)
asinh(angle)
acosh(temperature_celsius)
atanh(small)
asin(edge)
acosh(edge)
atanh(edge)
tanh(edge)
deg(angle)
rad(temperature_celsius)
clamp(queue_depth, 0, 20)
clamp(queue_depth, 20, 0)
clamp(queue_depth, NaN, 20)
clamp_min(queue_depth, 5)
clamp_max(queue_depth, 5)
clamp_max(edge, scalar(quota{queue="a"}))
clamp_min(edge, NaN)
scalar(quota{queue="a"})
scalar(quota)
scalar(nothing)
vector(3)
vector(time())
vector(scalar(quota{queue="a"}) + 1)
vector(123456789012345678901)
vector(1e20 / 3)
vector(1e21 / 3)
vector(0.000001)
vector(0.00000123)
vector(1 / 3)
vector(-2 ^ 53 - 2)
time() - last_success_timestamp_seconds
absent(nothing)
absent(nothing{a="b", c=~"d", e!="f", g="h"})
absent(nothing{a="b", a="c"})
absent(memory_bytes)
absent(sum(nothing{a="b"}))
absent(nothing{job="x"} > 1)
hour()
minute()
month()
year()
day_of_week()
day_of_month()
day_of_year()
days_in_month()
hour(last_success_timestamp_seconds)
minute(last_success_timestamp_seconds)
month(last_success_timestamp_seconds)
year(last_success_timestamp_seconds)
day_of_week(last_success_timestamp_seconds)
day_of_month(last_success_timestamp_seconds)
day_of_year(last_success_timestamp_seconds)
days_in_month(last_success_timestamp_seconds)
year(vector(-1))
day_of_week(vector(951782400))
days_in_month(vector(951782400))
month(vector(-62135596801))
hour(edge{case=~"nan|inf"})
label_replace(memory_bytes, "host", "$1", "instance", "(.*):.*")
label_replace(memory_bytes, "host", "${1}-$2-$$", "instance", "(.*):(.*)")
label_replace(memory_bytes, "host", "${ip}", "instance", "(?P<ip>.*):(?P<port>.*)")
label_replace(memory_bytes, "job", "", "instance", ".*")
label_replace(memory_bytes, "host", "fixed", "nothing", "")
label_replace(memory_bytes, "host", "x", "instance", "no match")
label_replace(memory_bytes, "__name__", "other_$1", "job", "(.*)")
label_replace(memory_bytes, "instance", "same", "job", "api")
label_replace(memory_bytes, "x", "$3 $9", "instance", "(.)(.*)")
label_join(memory_bytes, "both", "/", "job", "instance")
label_join(memory_bytes, "both", "", "nothing", "job", "nothing")
label_join(memory_bytes, "job", "-", "instance")
label_join(memory_bytes, "job", "-")
sort(memory_bytes)
sort_desc(memory_bytes)
sort(queue_depth)
sort_desc(edge)
sort(edge)
sort_desc(sum by (code) (http_requests_total))
"""

HISTOGRAMS = """
histogram_quantile(0.9, request_duration_seconds_bucket)
histogram_quantile(0.5, rate(request_duration_seconds_bucket[5m]))
histogram_quantile(0.99, sum by (le) (rate(request_duration_seconds_bucket[5m])))
histogram_quantile(0.95, sum by (le, instance) (increase(request_duration_seconds_bucket[10m])))
histogram_quantile(0, rate(request_duration_seconds_bucket[5m]))
histogram_quantile(1, rate(request_duration_seconds_bucket[5m]))
histogram_quantile(-0.1, request_duration_seconds_bucket)
histogram_quantile(1.1, request_duration_seconds_bucket)
histogram_quantile(NaN, request_duration_seconds_bucket)
histogram_quantile(0.9, bent_bucket)
histogram_quantile(0.6, bent_bucket)
histogram_quantile(0.9, topless_bucket)
histogram_quantile(0.9, misspelt_bucket)
histogram_quantile(0.9, unbucketed)
histogram_quantile(0.9, empty_bucket)
histogram_quantile(0.1, signed_bucket)
histogram_quantile(0.5, signed_bucket)
histogram_quantile(0.9, {__name__=~"bent_bucket|misspelt_bucket"})
histogram_quantile(scalar(quota{queue="b"}) / 11, request_duration_seconds_bucket)
histogram_fraction(0, 0.5, request_duration_seconds_bucket)
histogram_fraction(0.2, 0.7, rate(request_duration_seconds_bucket[5m]))
histogram_fraction(1, 0, request_duration_seconds_bucket)
histogram_fraction(-Inf, +Inf, request_duration_seconds_bucket)
histogram_fraction(NaN, 1, request_duration_seconds_bucket)
histogram_fraction(-0.5, 1, signed_bucket)
rate(request_duration_seconds_sum[5m]) / rate(request_duration_seconds_count[5m])
"""

NATIVE_HISTOGRAMS = """
latency_seconds
pressure
size_bytes
turncoat_total
histogram_count(latency_seconds)
histogram_sum(latency_seconds)
histogram_avg(latency_seconds)
histogram_stddev(latency_seconds)
histogram_stdvar(latency_seconds)
histogram_avg(pressure)
histogram_stddev(size_bytes)
histogram_stdvar(memory_bytes)
histogram_count(memory_bytes)
histogram_quantile(0.9, latency_seconds)
histogram_quantile(0.5, rate(latency_seconds[5m]))
histogram_quantile(0.05, sum(rate(latency_seconds[5m])))
histogram_quantile(0, latency_seconds)
histogram_quantile(1, latency_seconds)
histogram_quantile(1.5, latency_seconds)
histogram_quantile(0.5, pressure)
histogram_quantile(0.5, size_bytes)
histogram_quantile(0.99, size_bytes)
histogram_fraction(0, 1, latency_seconds)
histogram_fraction(-1, 3, rate(latency_seconds[5m]))
histogram_fraction(0.1, 7, size_bytes)
histogram_fraction(-Inf, 0, pressure)
rate(latency_seconds[5m])
increase(latency_seconds[10m])
irate(latency_seconds[1m])
delta(pressure[5m])
idelta(pressure[1m])
delta(latency_seconds[5m])
rate(pressure[5m])
rate(turncoat_total[5m])
rate(size_bytes[5m])
sum(latency_seconds)
sum by (job) (latency_seconds)
avg(latency_seconds)
avg by (job) (rate(latency_seconds[5m]))
count(latency_seconds)
group(latency_seconds)
min(latency_seconds)
max(turncoat_total)
stddev(turncoat_total)
topk(2, turncoat_total)
quantile(0.5, turncoat_total)
sum(turncoat_total)
avg(turncoat_total)
sum(size_bytes)
sum({__name__=~"latency_seconds|size_bytes"})
count_values("x", latency_seconds)
sum_over_time(latency_seconds[2m])
avg_over_time(latency_seconds[2m])
avg_over_time(pressure[5m])
count_over_time(latency_seconds[2m])
last_over_time(latency_seconds[2m])
min_over_time(latency_seconds[2m])
max_over_time(turncoat_total[5m])
present_over_time(latency_seconds[2m])
changes(latency_seconds[5m])
resets(latency_seconds[1h])
quantile_over_time(0.5, latency_seconds[5m])
stddev_over_time(turncoat_total[5m])
deriv(latency_seconds[5m])
latency_seconds * 2
2 * latency_seconds
latency_seconds / 4
4 / latency_seconds
latency_seconds + latency_seconds
latency_seconds - latency_seconds offset 5m
latency_seconds + 1
latency_seconds * latency_seconds
latency_seconds == latency_seconds
latency_seconds != latency_seconds offset 1m
latency_seconds > latency_seconds
latency_seconds > 1
latency_seconds == bool latency_seconds
latency_seconds and latency_seconds{job="api"}
latency_seconds unless on (job) memory_bytes{job="worker"}
-latency_seconds
abs(latency_seconds)
label_replace(latency_seconds, "x", "$1", "job", "(.).*")
sort(turncoat_total)
timestamp(latency_seconds)
absent(latency_seconds)
scalar(latency_seconds{instance="10.0.1.1:81"})
size_bytes{kind="same"} + ignoring (kind) size_bytes{kind="too"}
size_bytes{kind="same"} + ignoring (kind) size_bytes{kind="other"}
latency_seconds{job="worker"} + on () group_left () size_bytes{kind="same"}
histogram_quantile(0.9, {__name__=~"latency_seconds|request_duration_seconds_bucket"})
sum_over_time(latency_seconds[5m:1m])
rate(sum by (job) (latency_seconds)[5m:30s])
"""

AGGREGATIONS = """
sum(memory_bytes)
sum by (job) (memory_bytes)
sum(memory_bytes) by (job)
sum without (instance) (memory_bytes)
sum by () (memory_bytes)
sum without () (memory_bytes)
sum by (nothing) (memory_bytes)
sum by (job, code) (http_requests_total)
avg(memory_bytes)
avg without (instance, method) (http_requests_total)
avg(edge)
avg(edge{case!~"nan|.*inf|mixed.*"})
min(queue_depth)
min by (case) (edge)
max(queue_depth)
max(edge)
min(edge)
count(http_requests_total)
count by (job) (http_requests_total)
count(nothing)
group(http_requests_total)
group by (job) (memory_bytes)
stddev(memory_bytes)
stdvar by (job) (memory_bytes)
stddev(edge)
quantile(0.5, memory_bytes)
quantile by (job) (0.9, memory_bytes)
quantile(-1, memory_bytes)
quantile(1.5, memory_bytes)
quantile(NaN, memory_bytes)
quantile(scalar(quota{queue="b"}) / 20, memory_bytes)
topk(3, memory_bytes)
topk by (job) (1, memory_bytes)
topk(100, memory_bytes)
topk(0, memory_bytes)
topk(-3, memory_bytes)
topk(2.9, memory_bytes)
topk(scalar(quota{queue="b"}) / 5, memory_bytes)
bottomk(2, memory_bytes)
bottomk without (instance) (1, memory_bytes)
topk(5, edge{case!~"mixed.*"})
count_values("value", healthy)
count_values by (job) ("value", healthy)
count_values("version", build_info)
count_values("value", edge)
count_values without (instance) ("n", round(memory_bytes, 1e7))
sum(sum by (job) (rate(http_requests_total[5m])))
max by (job) (sum without (code) (rate(http_requests_total[5m])))
count(count by (instance) (http_requests_total)) by ()
sum by ("job") (memory_bytes)
sum(edge_sum)
sum({__name__=~"memory_bytes|constant|quota"})
avg by (__name__) ({__name__=~"memory_bytes|constant|quota"})
"""

OPERATORS = """
1 + 2 * 3 ^ 2 ^ 0.5
-2 ^ 2
7 % 3
-7 % 3
7 % -3
1 / 0
-1 / 0
0 / 0
5 % 0
2 == bool 2
1 < bool 2
2 != bool 2
1 atan2 2
memory_bytes + 1
1 - memory_bytes
memory_bytes / 1024 ^ 2
memory_bytes % 1000
2 ^ small
edge ^ 2
edge * 0
edge % 7
edge / edge
edge atan2 1
-memory_bytes
+memory_bytes
--memory_bytes
memory_bytes > 5e8
memory_bytes > bool 5e8
5e8 < memory_bytes
queue_depth == 7
queue_depth != bool 7
queue_depth >= 10
queue_depth <= bool 10
edge == edge
edge != edge
edge == bool edge
memory_bytes + memory_bytes
memory_bytes == memory_bytes
memory_bytes > bool memory_bytes offset 5m
rate(http_requests_total{code="500"}[5m]) / ignoring (code) rate(http_requests_total{code="200"}[5m])
rate(http_requests_total{code="500"}[5m]) / ignoring (code) group_left () rate(http_requests_total{code="200"}[5m])
http_requests_total / on (job, instance, method) group_left () http_requests_total{code="200"}
sum by (method, code) (http_requests_total) / ignoring (code) group_left () sum by (method) (http_requests_total)
memory_bytes * on (job, instance) group_left (version) build_info
memory_bytes * on (instance) group_left (version, commit, nothing) build_info
build_info * on (instance) group_right (version) memory_bytes
build_info * on (job, instance) group_right () memory_bytes
queue_depth / on (queue) quota
queue_depth / on (queue) group_left (tier) quota
queue_depth > on (queue) group_left () quota
queue_depth > bool on (queue) group_left (tier) quota
queue_depth / ignoring (tier) quota
memory_bytes and on (instance) build_info{version="1.2"}
memory_bytes and healthy == 0
memory_bytes unless healthy == 0
memory_bytes or constant
queue_depth or on (queue) quota
quota or queue_depth
queue_depth and on () vector(1)
queue_depth unless on (queue) quota
queue_depth and quota
vector(1) or vector(2)
vector(1) and on () (memory_bytes > 1e12)
(queue_depth > 20) or (queue_depth < 0)
healthy == 0 or healthy == 1
temperature_celsius > 10 < 30
temperature_celsius > 10 and temperature_celsius < 30
avg_over_time(temperature_celsius[10m]) > bool on (room) temperature_celsius
memory_bytes - on (job, instance) memory_bytes @ %late%
sum(memory_bytes) / count(memory_bytes) == bool avg(memory_bytes)
1 > bool scalar(quota)
scalar(quota{queue="a"}) * time()
vector(1) * on () group_right () memory_bytes
constant{kind="same"} + ignoring (kind) constant{kind="negative"}
memory_bytes atan2 on (instance) group_left () build_info
memory_bytes ^ 0.5 - sqrt(memory_bytes)
http_requests_total{code="200"} - ignoring (code) (http_requests_total{code="404"} + ignoring (code) http_requests_total{code="500"})
"""

# Series that clash, or come and go, on the side that may have but one; and samples that do not go together.
MATCHING = """
constant{kind="same"} + on (room) odd_values
constant{kind="same"} * on (kind) queue_depth
queue_depth * on (queue) group_left () quota
quota - on (tier) group_left (queue) quota{queue="b"}
nothing + on () queue_depth
queue_depth + on () nothing
queue_depth{queue="a"} + on () slow_gauge
queue_depth{queue="a"} * on () group_left () queue_depth{queue=~"a|c"}
queue_depth{queue=~"c|d"} - on () group_right (queue) queue_depth{queue="a"}
queue_depth{queue=~"a|b"} > bool on () group_left () slow_gauge{kind="every_4m"}
slow_gauge and on () queue_depth{queue="a"}
slow_gauge unless on () queue_depth{queue="a"}
queue_depth or on (queue) quota
sum(sort(constant))
rate(memory_bytes[5m:1m]) + rate(queue_depth[10m:2m])
rate(memory_bytes[5m]) + on (instance) rate(memory_bytes[2m])
quantile(2, memory_bytes) + quantile(2, queue_depth)
quantile_over_time(2, memory_bytes[5m:1m])
sum_over_time(memory_bytes[5m] @ %mid%)
timestamp(memory_bytes @ %mid%)
histogram_quantile(0.9, bent_bucket @ %mid%)
topk(1, memory_bytes @ end())
"""

NATIVE_MATCHING = """
near_zero
near_zero * 2
near_zero + near_zero
sum(near_zero)
sum by (side) (near_zero)
histogram_quantile(0.1, near_zero)
histogram_quantile(0.5, near_zero)
histogram_quantile(0.95, near_zero)
histogram_fraction(0.001, 0.0016, near_zero)
histogram_fraction(-0.0016, -0.001, near_zero)
histogram_fraction(0, 0.0015, near_zero)
histogram_stddev(near_zero)
histogram_stdvar(sum(near_zero))
count_values("v", near_zero{side="above"})
{__name__=~"constant|near_zero",kind!="negative"} > bool on () group_left () constant{kind="same"}
{__name__=~"constant|near_zero",kind!="negative",side!="below"} == on (job) constant{kind="same"}
constant{kind="same"} + on () group_right () near_zero
near_zero{side="above"} - on () constant{kind="same"}
near_zero * on () group_left () {__name__=~"constant|size_bytes",kind="same"}
delta(latency_seconds[5m:1m])
"""

UTF8_NAMES = """
{"disk.used.bytes"}
{"disk.used.bytes", "volume.name"="/var"}
{"disk.used.bytes", größe=~"X."}
sum by ("volume.name") ({"disk.used.bytes"})
sum by ("größe", "volume.name") (rate({"disk.used.bytes"}[5m]))
{"disk.used.bytes"} * on ("volume.name") group_left ("größe") {"disk.used.bytes"}
label_replace({"disk.used.bytes"}, "new.label", "$1", "volume.name", "/(.*)")
label_join({"disk.used.bytes"}, "joined", "-", "volume.name", "größe")
count_values("the.value", healthy)
{"memory_bytes", job="api"}
absent({"no.such.metric", "a.b"="c"})
{__name__="disk.used.bytes"}
"""

# Refused by the parser, by the type check, by the parameters or by the evaluation.
REFUSED = """
memory_bytes{
memory_bytes{job="api"
memory_bytes{job=api}
memory_bytes{job="api",,}
memory_bytes{"job"}
memory_bytes{job=~"("}
memory_bytes{job!~"*"}
{}
{job=""}
{job=~".*"}
{__name__="a", __name__="b"}
metric{__name__="other"}
memory_bytes[5m]]
memory_bytes[5]
memory_bytes[0s]
memory_bytes[-5m]
memory_bytes[5m1]
memory_bytes[1m5h]
memory_bytes[5x]
memory_bytes[]
memory_bytes[5m
memory_bytes offset
memory_bytes offset 5
memory_bytes offset 5m offset 6m
memory_bytes @
memory_bytes @ foo
memory_bytes @ %mid% @ %mid%
memory_bytes @ Inf
memory_bytes @ start
1 offset 5m
sum(memory_bytes) offset 5m
1 @ 5
rate(memory_bytes)
rate(memory_bytes[5m:])[5m]
rate(1)
rate("x"[5m])
rate(memory_bytes[5m], 1)
rate()
sum()
sum
sum(1)
sum("x")
sum(memory_bytes[5m])
sum(memory_bytes, memory_bytes)
sum by job (memory_bytes)
sum by (job (memory_bytes)
sum by (1) (memory_bytes)
sum(memory_bytes) by
topk(memory_bytes)
topk("x", memory_bytes)
topk(memory_bytes, memory_bytes)
quantile(memory_bytes, 1)
count_values(1, memory_bytes)
count_values("a-b\\xff", memory_bytes)
unknown_function(memory_bytes)
unknown_function()
abs()
abs(1)
abs(memory_bytes, 2)
abs(memory_bytes[5m])
time(1)
round(memory_bytes, 1, 2)
clamp(memory_bytes, 1)
vector(memory_bytes)
scalar(1)
label_replace(memory_bytes, "x", "y", "z")
label_replace(memory_bytes, 1, "y", "z", "a")
label_replace(memory_bytes, "x", "$1", "instance", "(")
label_replace(memory_bytes, "", "$1", "instance", ".*")
label_replace(memory_bytes, "a\\xff", "$1", "instance", ".*")
label_replace(memory_bytes, "instance", "", "job", ".*")
label_join(memory_bytes, "a\\xff", "-", "job")
label_join(memory_bytes, "instance", "-", "job")
label_join(memory_bytes)
histogram_quantile(memory_bytes, 0.9)
1 +
+
* 2
1 + + * 2
1 + )
)
sum(memory_bytes))
memory_bytes[5m)]
1 2
(1
1)
()
1 + "x"
"x" + 1
-"x"
"x" == "x"
memory_bytes[5m] + 1
-memory_bytes[5m]
1 == 2
1 > scalar(memory_bytes)
1 and 2
memory_bytes and 1
1 or memory_bytes
1 == bool on (a) 2
memory_bytes + bool memory_bytes
memory_bytes and bool memory_bytes
memory_bytes + on (job) memory_bytes
memory_bytes + on (job) group_left () memory_bytes
memory_bytes + on (job) group_left (job) sum by (job) (memory_bytes)
memory_bytes and on (job) group_left () memory_bytes
memory_bytes + group_left () memory_bytes
1 + on (job) 2
memory_bytes + on (job) 2
sum by (job) (memory_bytes) / on (job) memory_bytes
memory_bytes * on (job) group_right () memory_bytes
memory_bytes * on (instance) group_left (instance) build_info
{__name__=~"memory_bytes|cpu_seconds_total"} + 1
rate({__name__=~"memory_bytes|cpu_seconds_total"}[5m])
-{__name__=~"memory_bytes|cpu_seconds_total"}
abs({__name__=~"memory_bytes|cpu_seconds_total"})
sum_over_time({__name__=~"memory_bytes|cpu_seconds_total"}[5m])
"unterminated
'unterminated
`unterminated
"bad \\q escape"
"bad \\xzz escape"
"bad \\u12 escape"
memory_bytes #
# only a comment
memory_bytes # a comment
memory_bytes{job="a\\qb"}
memory_bytes !
memory_bytes = 1
memory_bytes =~ "x"
memory_bytes & 1
memory_bytes $
memory_bytes; 1
a:b:c{d:e="f"}
:a
5m
1m
0x
1e
1.2.3
1__0
_1
bool
by
on
inf
nan{}
start()
end()
offset
group_left
sum(memory_bytes) without (a) by (b)
sum by (a) (memory_bytes) by (b)
memory_bytes{job="api"}{job="b"}
{"memory_bytes", "other"}
memory_bytes{"x"="y", "z"}
{job}
{"a b" "c"}
(memory_bytes[5m])[5m:]
memory_bytes[5m:1m:1m]
memory_bytes[5m:0s]
memory_bytes[:1m]
memory_bytes[5m:-1m]
1[5m:1m]
1[5m]
"x"[5m:1m]
sum(memory_bytes)[5m]
rate(memory_bytes[5m])[5m]
memory_bytes offset 5m [5m]
memory_bytes @ 5 [5m]
mad_over_time(memory_bytes[5m])
sort_by_label(memory_bytes, "job")
double_exponential_smoothing(memory_bytes[5m], 0.5, 0.5)
holt_winters(memory_bytes[5m], 0.5, 0.5)
info(memory_bytes)
limitk(2, memory_bytes)
limit_ratio(0.5, memory_bytes)
ts_of_max_over_time(memory_bytes[5m])
predict_linear(memory_bytes[5m])
predict_linear(memory_bytes, 5)
day_of_week(1)
hour("x")
topk(NaN, memory_bytes)
topk(1e30, memory_bytes)
topk(-1e30, memory_bytes)
topk(Inf, memory_bytes)
"""

EXPERIMENTAL = """
mad_over_time(memory_bytes[5m])
sort_by_label(memory_bytes, "job", "instance")
sort_by_label_desc(memory_bytes, "instance")
sort_by_label(build_info, "version")
double_exponential_smoothing(memory_bytes[10m], 0.5, 0.1)
double_exponential_smoothing(memory_bytes[10m], 1.5, 0.1)
double_exponential_smoothing(memory_bytes[10m], 0.5, 0)
info(memory_bytes)
info(memory_bytes, {region="eu"})
info(memory_bytes, {region=~".+"})
info(memory_bytes, {__name__="build_info", version=~".+"})
info(rate(http_requests_total[5m]), {region="us"})
limitk(2, memory_bytes)
limitk by (job) (1, http_requests_total)
limit_ratio(0.5, http_requests_total)
limit_ratio(-0.5, http_requests_total)
limit_ratio(1.5, http_requests_total)
ts_of_max_over_time(memory_bytes[5m])
ts_of_min_over_time(memory_bytes[5m])
ts_of_last_over_time(memory_bytes[5m])
"""

# Laid out by format_query and taken apart by parse_query; everything above is, too.
LAYOUT = """
sum by (job, instance) (rate(http_requests_total{code=~"5..", method!="post"}[5m] offset 1h)) / ignoring (code) group_left (version) sum by (job, instance) (rate(http_requests_total[5m]))
histogram_quantile(0.99, sum by (le, job) (rate(request_duration_seconds_bucket{job="api", instance=~"10.0.0.*"}[5m]))) > bool 0.5 and on (job) memory_bytes
label_replace(label_replace(memory_bytes, "a", "$1", "job", "(.*)"), "bbbbbbbbbbbbbbbbbbbbb", "$1", "instance", "(.*)") or vector(1)
((((memory_bytes))))
-(1 + 2) * -memory_bytes ^ -2
max_over_time((sum without (instance, some_very_long_label_name) (rate(http_requests_total[1m:10s] @ end() offset -5m)))[1d2h3m4s5ms:1m] @ 1700000000.123 offset 1w)
topk without (a) (5, count_values by (b) ("c", quantile(0.5, memory_bytes)))
{"utf.8 name", "label.with.dots"=~"x", plain="y"}
sum by ("a.b", c) ({"x.y"})
1e9 + 0x10 + Inf - NaN + .5 + 1_000.5 + 1h
"tab\\t quote\\" uni\\u00e9"
memory_bytes{a="\\n", b='x', c=`y`}
sum(memory_bytes) by (job) + on () group_right (x, y) avg(memory_bytes) without (job)
memory_bytes offset 90s
memory_bytes offset 3600s
memory_bytes[1y2w]
"""

ORDERED = {
    "sort(memory_bytes)": "values", "sort_desc(memory_bytes)": "values", "sort(queue_depth)": "values",
    "sort_desc(edge)": "values", "sort(edge)": "values", "sort_desc(sum by (code) (http_requests_total))": "values",
    "topk(3, memory_bytes)": "values", "topk(100, memory_bytes)": "values", "bottomk(2, memory_bytes)": "values",
    'sort_by_label(memory_bytes, "job", "instance")': "all", 'sort_by_label_desc(memory_bytes, "instance")': "all",
}


def lines(text):
    return [line for line in text.strip("\n").split("\n") if line]


def _all(*texts):
    return [line for text in texts for line in lines(text)]


def evaluated(native):
    """Those with an answer. `native`: with native histograms and with names beyond the classic ones."""
    plain = _all(SELECTORS, RANGES, SUBQUERIES, FUNCTIONS, HISTOGRAMS, AGGREGATIONS, OPERATORS,
                 MATCHING)
    return plain + (_all(NATIVE_HISTOGRAMS, NATIVE_MATCHING, UTF8_NAMES) if native else [])


def refused():
    return lines(REFUSED)


def experimental():
    return lines(EXPERIMENTAL)


def layout():
    return lines(LAYOUT)
