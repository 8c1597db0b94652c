#include "promql/edge_functions.h"

#include <algorithm>
#include <array>

namespace promql {
namespace {

using store::Edges;

template <bool kCounter>
Point InstantRate(const Edges& edges, const EdgeWindow&) {
  if (edges.count < 2) return {};
  const bool restarted = kCounter && edges.last < edges.before_last;
  const double change = restarted ? edges.last : edges.last - edges.before_last;
  return Point::Number(kCounter ? change / base::ToSeconds(edges.last_time - edges.before_last_time) : change);
}

// Sorted by name.
constexpr auto kEdgeFunctions = std::to_array<EdgeFunction>({
    {"count_over_time",
     [](const Edges& edges, const EdgeWindow&) { return Point::Number(static_cast<double>(edges.count)); }},
    {"delta", [](const Edges& edges,
                 const EdgeWindow& window) { return RateOf(edges, window, {.counter = false, .per_second = false}); }},
    {"first_over_time", [](const Edges& edges, const EdgeWindow&) { return Point::Number(edges.first); }},
    {"idelta", InstantRate<false>},
    {"increase",
     [](const Edges& edges, const EdgeWindow& window) {
       return RateOf(edges, window, {.counter = true, .per_second = false});
     },
     true},
    {"irate", InstantRate<true>},
    {"last_over_time", [](const Edges& edges, const EdgeWindow&) { return Point::Number(edges.last); }},
    {"present_over_time", [](const Edges&, const EdgeWindow&) { return Point::Number(1); }},
    {"rate",
     [](const Edges& edges, const EdgeWindow& window) {
       return RateOf(edges, window, {.counter = true, .per_second = true});
     },
     true},
    {"resets", [](const Edges& edges, const EdgeWindow&) { return Point::Number(static_cast<double>(edges.falls)); },
     true},
    {"ts_of_first_over_time",
     [](const Edges& edges, const EdgeWindow&) { return Point::Number(base::ToSeconds(edges.first_time)); }},
    {"ts_of_last_over_time",
     [](const Edges& edges, const EdgeWindow&) { return Point::Number(base::ToSeconds(edges.last_time)); }},
});
static_assert(std::ranges::is_sorted(kEdgeFunctions, {}, &EdgeFunction::name));

}  // namespace

Point RateOf(const Edges& edges, const EdgeWindow& window, RateKind kind) {
  if (edges.count < 2) return {};
  double difference = edges.last - edges.first;
  if (kind.counter) difference += edges.before_falls;
  const Reach reach(window.start, edges.first_time, edges.last_time, window.end, edges.count);
  double factor = kind.counter ? reach.CounterFactor(edges.first, difference) : reach.Factor();
  if (kind.per_second) factor /= base::ToSeconds(window.end - window.start);
  return Point::Number(difference * factor);
}

const EdgeFunction* FindEdgeFunction(std::string_view name) {
  const auto at = std::ranges::lower_bound(kEdgeFunctions, name, {}, &EdgeFunction::name);
  return at != kEdgeFunctions.end() && at->name == name ? &*at : nullptr;
}

}  // namespace promql
