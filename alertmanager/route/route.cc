#include "alertmanager/route/route.h"

#include <algorithm>
#include <tuple>

#include "base/text.h"

namespace alertmanager {
namespace {

// A lost source is told of at once, and its return soon: there is nothing to gather such alerts with.
constexpr base::Duration kLongestDirectWait = std::chrono::seconds(5);
constexpr base::Duration kLongestDirectInterval = std::chrono::minutes(1);

std::string MatchersText(const std::vector<base::Matcher>& matchers) {
  std::string text = "{";
  for (const base::Matcher& matcher : matchers) {
    if (text.size() > 1) text += ',';
    text += matcher.ToString();
  }
  return text + "}";
}

Route Build(const RouteConfig& config, const Route& parent, bool is_root) {
  Route route;
  route.receiver = config.receiver.value_or(parent.receiver);
  route.group_by = parent.group_by;
  route.group_by_all = parent.group_by_all;
  if (config.group_by) {
    route.group_by_all = *config.group_by == std::vector<std::string>{"..."};
    route.group_by = route.group_by_all ? std::vector<std::string>{} : *config.group_by;
    std::ranges::sort(route.group_by);
  }
  route.group_wait = config.group_wait.value_or(parent.group_wait);
  route.group_interval = config.group_interval.value_or(parent.group_interval);
  route.repeat_interval = config.repeat_interval.value_or(parent.repeat_interval);
  route.matchers = config.matchers;
  std::ranges::stable_sort(route.matchers, {}, [](const base::Matcher& matcher) {
    return std::tuple(matcher.name(), matcher.value(), matcher.type());
  });
  route.continue_ = config.continue_;
  route.key = (is_root ? "" : parent.key + "/") + MatchersText(route.matchers);
  for (const RouteConfig& child : config.routes) route.routes.push_back(Build(child, route, false));
  return route;
}

bool Collect(const Route& route, const base::Labels& labels, std::vector<const Route*>& found) {
  if (!route.Matches(labels)) return false;
  const size_t before = found.size();
  for (const Route& child : route.routes) {
    if (Collect(child, labels, found) && !child.continue_) break;
  }
  if (found.size() == before) found.push_back(&route);
  return true;
}

std::string LabelSetText(const base::Labels& labels) {
  std::string text = "{";
  for (const base::Label& label : labels) {
    if (text.size() > 1) text += ", ";
    text += base::IsLegacyLabelName(label.name) ? std::string(label.name) : base::Quote(label.name);
    text += "=" + base::Quote(label.value);
  }
  return text + "}";
}

}  // namespace

bool Route::Matches(const base::Labels& labels) const {
  return std::ranges::all_of(matchers, [&](const base::Matcher& matcher) { return matcher.Matches(labels); });
}

Route BuildRoutes(const RouteConfig& root) { return Build(root, Route(), true); }

std::vector<const Route*> MatchRoutes(const Route& root, const base::Labels& labels) {
  std::vector<const Route*> found;
  Collect(root, labels, found);
  return found;
}

std::map<std::string, Route> DirectRoutes(const Route& root, const std::vector<ReceiverConfig>& receivers) {
  std::map<std::string, Route> routes;
  for (const ReceiverConfig& receiver : receivers) {
    Route& route = routes[receiver.name];
    route.receiver = receiver.name;
    route.group_by = {"alertname", "collector", "instance", "job", "kind", "target"};
    route.group_wait = std::min(root.group_wait, kLongestDirectWait);
    route.group_interval = std::min(root.group_interval, kLongestDirectInterval);
    route.repeat_interval = root.repeat_interval;
    route.key = "route_as";
  }
  return routes;
}

base::Labels GroupLabels(const Route& route, const base::Labels& labels) {
  return route.group_by_all ? labels : labels.Keep(route.group_by);
}

std::string GroupKey(const Route& route, const base::Labels& group_labels) {
  return route.key + ":" + LabelSetText(group_labels);
}

}  // namespace alertmanager
