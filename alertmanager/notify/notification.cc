#include "alertmanager/notify/notification.h"

#include <algorithm>

namespace alertmanager {
namespace {

template <class Member>
base::Labels Common(const std::vector<NotifiedAlert>& alerts, Member member) {
  if (alerts.empty()) return {};
  std::vector<std::string> common;
  const base::Labels& first = alerts.front().alert.*member;
  for (const base::Label& label : first) {
    const bool everywhere = std::ranges::all_of(
        alerts, [&](const NotifiedAlert& other) { return (other.alert.*member).Get(label.name) == label.value; });
    if (everywhere) common.emplace_back(label.name);
  }
  return first.Keep(common);
}

}  // namespace

std::string_view ToString(NotifyReason reason) {
  switch (reason) {
    case NotifyReason::none:
      return "none";
    case NotifyReason::first:
      return "first notification";
    case NotifyReason::new_alerts:
      return "new alerts added";
    case NotifyReason::all_resolved:
      return "all alerts resolved";
    case NotifyReason::some_resolved:
      return "some alerts resolved";
    case NotifyReason::repeat:
      return "repeat interval elapsed";
  }
  return "";
}

size_t Notification::FiringCount() const {
  return static_cast<size_t>(std::ranges::count(alerts, false, &NotifiedAlert::resolved));
}

base::Labels Notification::CommonLabels() const { return Common(alerts, &base::Alert::labels); }
base::Labels Notification::CommonAnnotations() const { return Common(alerts, &base::Alert::annotations); }

bool LabelsBefore(const base::Labels& a, const base::Labels& b) {
  if (a.size() != b.size()) return a.size() < b.size();
  for (auto at = a.begin(), other = b.begin(); at != a.end(); ++at, ++other) {
    // of two names that differ here the smaller is missing on the other side
    if (at->name != other->name) return at->name > other->name;
    if (at->value != other->value) return at->value < other->value;
  }
  return false;
}

bool NotifiedBefore(const base::Labels& a, const base::Labels& b) {
  for (const std::string_view name : {"job", "instance"}) {
    if (a.Has(name) != b.Has(name)) return a.Has(name);
    if (a.Get(name) != b.Get(name)) return a.Get(name) < b.Get(name);
  }
  return LabelsBefore(a, b);
}

}  // namespace alertmanager
