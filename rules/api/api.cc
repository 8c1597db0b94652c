#include "rules/api/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>

#include "base/net/api_response.h"
#include "base/text.h"
#include "promql/parser.h"
#include "rules/api/rules_json.h"

namespace rules {
namespace {

base::HttpResponse BadData(std::string_view message) { return base::ApiError(base::ApiErrorType::bad_data, message); }

// What GET /api/v1/rules is asked to show.
struct Filter {
  std::optional<RuleKind> kind;
  std::vector<std::string> names;
  std::vector<std::string> groups;
  std::vector<std::string> files;
  std::vector<std::vector<base::Matcher>> matches;  // any of them, all within one
  bool exclude_alerts = false;
  size_t group_limit = 0;
  std::string next_token;
};

bool OneOf(const std::vector<std::string>& wanted, const std::string& name) {
  return wanted.empty() || std::ranges::find(wanted, name) != wanted.end();
}

base::Result<std::vector<std::vector<base::Matcher>>> ReadMatches(const base::HttpParameters& parameters) {
  std::vector<std::vector<base::Matcher>> matches;
  for (const std::string& text : parameters.GetAll("match[]")) {
    // an empty text has no first column, says Prometheus, nor does it name the parameter
    if (text.empty()) return base::Invalid("unknown position: parse error: unexpected end of input");
    auto matchers = promql::ParseSelector(text);
    if (!matchers) return base::Invalid(promql::ErrorText(matchers.error()));
    const bool all = std::ranges::all_of(*matchers, [](const base::Matcher& one) { return one.Matches(""); });
    if (all) return base::Invalid("match[] must contain at least one non-empty matcher");
    matches.push_back(*std::move(matchers));
  }
  return matches;
}

base::Result<bool> ReadFlag(const base::HttpParameters& parameters, std::string_view name) {
  const std::string value = base::ToLower(parameters.Get(name));
  if (value.empty() || value == "false" || value == "0" || value == "f") return false;
  if (value == "true" || value == "1" || value == "t") return true;
  return base::Invalid(
      fmt::format("invalid parameter {}: error converting {}: strconv.ParseBool: parsing {}: invalid syntax",
                  base::Quote(name), name, base::Quote(parameters.Get(name))));
}

base::Result<Filter> ReadFilter(const base::HttpParameters& parameters) {
  Filter filter;
  const std::string type = base::ToLower(parameters.Get("type"));
  if (type == "alert") {
    filter.kind = RuleKind::alerting;
  } else if (type == "record") {
    filter.kind = RuleKind::recording;
  } else if (!type.empty()) {
    return base::Invalid(fmt::format("invalid parameter \"type\": not supported value {}", base::Quote(type)));
  }
  filter.names = parameters.GetAll("rule_name[]");
  filter.groups = parameters.GetAll("rule_group[]");
  filter.files = parameters.GetAll("file[]");
  TRY(filter.matches, ReadMatches(parameters));
  TRY(filter.exclude_alerts, ReadFlag(parameters, "exclude_alerts"));
  filter.next_token = parameters.Get("group_next_token");
  const std::string_view limit = parameters.Get("group_limit");
  if (!limit.empty()) {
    const auto count = base::ParseInteger(limit);
    if (!count) {
      return base::Invalid(
          fmt::format("invalid parameter \"group_limit\": group_limit needs to be a valid number: "
                      "strconv.ParseInt: parsing {}: invalid syntax",
                      base::Quote(limit)));
    }
    if (*count < 1) {
      return base::Invalid("invalid parameter \"group_limit\": group_limit needs to be greater than 0");
    }
    filter.group_limit = static_cast<size_t>(*count);
  } else if (!filter.next_token.empty()) {
    return base::Invalid(
        "invalid parameter \"group_next_token\": group_limit needs to be present in order to paginate over the groups");
  }
  return filter;
}

// The rule's labels as written, templates unexpanded.
bool Matches(const Filter& filter, const Rule& rule) {
  if (filter.kind && rule.kind != *filter.kind) return false;
  if (!OneOf(filter.names, rule.name)) return false;
  if (filter.matches.empty()) return true;
  return std::ranges::any_of(filter.matches, [&](const std::vector<base::Matcher>& matchers) {
    return std::ranges::all_of(matchers, [&](const base::Matcher& matcher) {
      const auto at = rule.labels.find(matcher.name());
      return matcher.Matches(at == rule.labels.end() ? std::string_view() : std::string_view(at->second));
    });
  });
}

std::string PageToken(const GroupSnapshot& group) { return base::Base64(group.file + ";" + group.name); }

base::HttpResponse Rules(const Manager& manager, const base::HttpRequest& request) {
  const auto filter = ReadFilter(request.parameters);
  if (!filter) return BadData(filter.error().message);
  std::vector<GroupSnapshot> groups = manager.Groups();
  std::ranges::sort(groups, {}, [](const GroupSnapshot& group) { return std::tie(group.file, group.name); });
  std::erase_if(groups, [&](GroupSnapshot& group) {
    if (!OneOf(filter->groups, group.name) || !OneOf(filter->files, group.file)) return true;
    std::erase_if(group.rules, [&](const RuleSnapshot& rule) { return !Matches(*filter, rule.rule); });
    return group.rules.empty();
  });
  size_t first = 0;
  if (!filter->next_token.empty()) {
    const auto at =
        std::ranges::find_if(groups, [&](const auto& group) { return PageToken(group) == filter->next_token; });
    if (at == groups.end()) {
      return BadData(fmt::format(
          "invalid parameter \"group_next_token\": invalid group_next_token '{}'. were rule groups changed?",
          filter->next_token));
    }
    first = static_cast<size_t>(at - groups.begin());
  }
  const size_t end = filter->group_limit == 0 ? groups.size() : std::min(groups.size(), first + filter->group_limit);
  return base::ApiSuccess([&](base::JsonWriter& json) {
    json.BeginObject().Key("groups").BeginArray();
    for (size_t i = first; i < end; ++i) WriteGroup(json, groups[i], !filter->exclude_alerts);
    json.EndArray();
    if (end < groups.size()) json.Key("groupNextToken").String(PageToken(groups[end]));
    json.EndObject();
  });
}

base::HttpResponse Alerts(const Manager& manager) {
  return base::ApiSuccess([&](base::JsonWriter& json) {
    json.BeginObject().Key("alerts").BeginArray();
    for (const GroupSnapshot& group : manager.Groups()) {
      for (const RuleSnapshot& rule : group.rules) {
        for (const ActiveAlert& alert : rule.alerts) WriteAlert(json, alert);
      }
    }
    json.EndArray().EndObject();
  });
}

// The names of the groups that hold a rule of this name.
std::set<std::string> GroupsOf(const Manager& manager, std::string_view rule) {
  std::set<std::string> names;
  for (const GroupSnapshot& group : manager.Groups()) {
    for (const RuleSnapshot& one : group.rules) {
      if (one.rule.name == rule) names.insert(group.name);
    }
  }
  return names;
}

// Of a rule, the groups are evaluated, as rules build on those before them, and only it is told of.
base::Result<std::vector<GroupSnapshot>> RunRule(Manager& manager, std::string_view rule,
                                                 std::optional<std::string_view> group) {
  std::vector<GroupSnapshot> groups;
  for (const std::string& name : GroupsOf(manager, rule)) {
    if (group && *group != name) continue;
    TRY(std::vector<GroupSnapshot> evaluated, manager.EvaluateNow(name));
    std::ranges::move(evaluated, std::back_inserter(groups));
  }
  for (GroupSnapshot& one : groups) {
    std::erase_if(one.rules, [&](const RuleSnapshot& snapshot) { return snapshot.rule.name != rule; });
  }
  std::erase_if(groups, [](const GroupSnapshot& one) { return one.rules.empty(); });
  if (groups.empty()) return base::Fail(base::ErrorCode::not_found, fmt::format("no rule {}", base::Quote(rule)));
  return groups;
}

base::HttpResponse RunNow(Manager& manager, const base::HttpRequest& request) {
  const base::HttpParameters& parameters = request.parameters;
  std::optional<std::string_view> group;
  if (parameters.Has("group")) group = parameters.Get("group");
  const auto groups =
      parameters.Has("rule") ? RunRule(manager, parameters.Get("rule"), group) : manager.EvaluateNow(group);
  if (!groups) return base::ApiError(base::ApiErrorType::not_found, groups.error().message);
  return base::ApiSuccess([&](base::JsonWriter& json) {
    json.BeginObject().Key("groups").BeginArray();
    for (const GroupSnapshot& one : *groups) WriteGroup(json, one, true);
    json.EndArray().EndObject();
  });
}

}  // namespace

std::vector<base::Endpoint> Endpoints(Manager& manager) {
  return {
      {"GET", "/api/v1/rules", "Rule groups with their state, as Prometheus shows them",
       [&manager](const base::HttpRequest& request) { return Rules(manager, request); }},
      {"GET", "/api/v1/alerts", "Pending and firing alerts, as Prometheus shows them",
       [&manager](const base::HttpRequest&) { return Alerts(manager); }},
      {"POST", "/alerts/run", "Evaluates all rules now, or those of parameters group and rule",
       [&manager](const base::HttpRequest& request) { return RunNow(manager, request); }, true},
  };
}

}  // namespace rules
