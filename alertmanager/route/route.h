#pragma once

#include <map>
#include <string>
#include <vector>

#include "alertmanager/config.h"
#include "base/labels.h"

namespace alertmanager {

// A node of the routing tree with everything inherited filled in (receiver, group_by and the three intervals come from
// the parent where a node says nothing). Immutable once built; thread-safe to read. Semantics: Alertmanager's dispatch.
struct Route {
  std::string receiver;
  std::vector<std::string> group_by;  // sorted, unique
  bool group_by_all = false;
  base::Duration group_wait = std::chrono::seconds(30);
  base::Duration group_interval = std::chrono::minutes(5);
  base::Duration repeat_interval = std::chrono::hours(4);
  std::vector<base::Matcher> matchers;  // sorted by name
  bool continue_ = false;
  std::string key;  // the matchers on the way from the root: {}/{team="a"}
  std::vector<Route> routes;

  bool Matches(const base::Labels& labels) const;
};

Route BuildRoutes(const RouteConfig& root);

// Which nodes an alert goes to: depth first, left to right; the first child that takes it ends the scan of its siblings
// unless it says `continue`; a node itself counts only where no child took the alert. The root takes everything.
std::vector<const Route*> MatchRoutes(const Route& root, const base::Labels& labels);

// The routes of alerts that name their receivers by base::Alert::route_as: one per receiver of the configuration,
// outside the tree. They group by what identifies a source of measurements, wait briefly, and repeat as `root` does.
std::map<std::string, Route> DirectRoutes(const Route& root, const std::vector<ReceiverConfig>& receivers);

base::Labels GroupLabels(const Route& route, const base::Labels& labels);

// The group's name in the notification log and in webhooks: {}/{team="a"}:{alertname="T"}. As in Alertmanager it does
// not tell siblings with equal matchers apart.
std::string GroupKey(const Route& route, const base::Labels& group_labels);

}  // namespace alertmanager
