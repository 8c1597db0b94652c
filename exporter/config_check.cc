#include <fmt/format.h>

#include <set>

#include "exporter/config.h"
#include "exporter/target.h"

// What no single key tells: how the parts of the section fit together.

namespace exporter {
namespace {

using base::YamlNode;
using base::YamlReader;

// Calls check(item, reader of the item) for every collector of a list.
template <class T, class Check>
void ForEach(const YamlReader& in, std::string_view key, std::vector<T>& items, const Check& check) {
  const YamlNode* const list = in.node().Find(key);
  if (list == nullptr || list->items.size() != items.size()) return;
  for (size_t i = 0; i < items.size(); ++i) check(items[i], in.Entry(*list, key).Item(i));
}

class Checker {
 public:
  Checker(const YamlReader& in, ExporterConfig& config) : in_(in), config_(config) {}

  bool Run() {
    CheckNames("targets", config_.targets, [](const TargetConfig& t) { return t.name; });
    CheckNames("jobs", config_.jobs, [](const JobsConfig& c) { return c.name; });
    CheckNames("freshness", config_.freshness, [](const FreshnessConfig& c) { return c.name; });
    CheckNames("sql", config_.sql, [](const SqlConfig& c) { return c.name; });
    ResolveTargets("postgres", config_.postgres);
    ResolveTargets("jobs", config_.jobs);
    ResolveTargets("freshness", config_.freshness);
    ResolveTargets("sql", config_.sql);
    CheckPostgres();
    CheckTimeZones("jobs", config_.jobs);
    CheckTimeZones("freshness", config_.freshness);
    CheckTimeZones("sql", config_.sql);
    CheckMetrics();
    return good_;
  }

 private:
  void Fail(const YamlReader& item, std::string_view key, std::string_view message) {
    const YamlNode* const node = item.node().Find(key);
    if (node == nullptr) {
      item.Fail(message);
    } else {
      item.Entry(*node, key).Fail(message);
    }
    good_ = false;
  }

  template <class T, class Name>
  void CheckNames(std::string_view list, std::vector<T>& items, const Name& name_of) {
    std::set<std::string> names;
    ForEach(in_, list, items, [&](const T& item, const YamlReader& reader) {
      const std::string name = name_of(item);
      if (!name.empty() && !names.insert(name).second) {
        Fail(reader, "name", fmt::format("\"{}\" is the name of an earlier one", name));
      }
    });
  }

  template <class T>
  void ResolveTargets(std::string_view list, std::vector<T>& items) {
    std::vector<std::string_view> names;
    for (const TargetConfig& target : config_.targets) names.push_back(target.name);
    ForEach(in_, list, items, [&](T& item, const YamlReader& reader) {
      if (item.target.empty() && names.size() == 1) {
        item.target = names.front();
      } else if (item.target.empty()) {
        Fail(reader, "target", names.empty() ? "there are no targets" : "target is missing: there are several targets");
      } else if (std::find(names.begin(), names.end(), item.target) == names.end()) {
        const auto proposal = base::DidYouMean(item.target, names);
        Fail(reader, "target",
             fmt::format("no target \"{}\"{}", item.target,
                         proposal ? fmt::format(" (did you mean \"{}\"?)", *proposal) : ""));
      }
    });
  }

  void CheckPostgres() {
    std::set<std::string> measured;
    ForEach(in_, "postgres", config_.postgres, [&](const PostgresConfig& item, const YamlReader& reader) {
      if (!item.target.empty() && !measured.insert(item.target).second) {
        Fail(reader, "target", fmt::format("target \"{}\" has a postgres collector already", item.target));
      }
      for (const TargetConfig& target : config_.targets) {
        if (target.name != item.target) continue;
        const auto dialect = DialectOfUrl(target.url);
        if (dialect && *dialect != Dialect::postgres) {
          Fail(reader, "target", fmt::format("target \"{}\" is not a PostgreSQL database", item.target));
        }
      }
    });
  }

  // SQLite has no types for times: what its functions read without a zone is UTC.
  template <class T>
  void CheckTimeZones(std::string_view list, std::vector<T>& items) {
    ForEach(in_, list, items, [&](const T& item, const YamlReader& reader) {
      if (reader.node().Find("time_zone") == nullptr) return;
      for (const TargetConfig& target : config_.targets) {
        if (target.name == item.target && DialectOfUrl(target.url) == Dialect::sqlite) {
          Fail(reader, "time_zone", "has no meaning for an SQLite database, whose times are UTC");
        }
      }
    });
  }

  // Families of one name are printed as one, so they must be of one type; and a metric's own labels must not clash
  // with those of its target.
  void CheckMetrics() {
    std::map<std::string, MetricType> types;
    ForEach(in_, "sql", config_.sql, [&](const SqlConfig& item, const YamlReader& reader) {
      ForEach(reader, "metrics", const_cast<std::vector<MetricSpec>&>(item.metrics),
              [&](const MetricSpec& metric, const YamlReader& at) {
                const auto [known, added] = types.emplace(metric.name, metric.type);
                if (!added && known->second != metric.type) {
                  Fail(at, "type",
                       fmt::format("metric \"{}\" is a {} elsewhere", metric.name, ToString(known->second)));
                }
                for (const LabelSource& source : metric.labels) {
                  if (IsTargetLabel(item.target, source.label)) {
                    Fail(at, "labels", fmt::format("label \"{}\" is one the target gives already", source.label));
                  }
                }
              });
    });
  }

  bool IsTargetLabel(const std::string& target_name, const std::string& label) const {
    if (label == "target" && config_.targets.size() > 1) return true;
    for (const TargetConfig& target : config_.targets) {
      if (target.name == target_name && target.labels.contains(label)) return true;
    }
    return false;
  }

  const YamlReader& in_;
  ExporterConfig& config_;
  bool good_ = true;
};

}  // namespace

const base::YamlSchema<ExporterConfig>& CollectorsSchema() {
  using base::Optional;
  static const base::YamlSchema<ExporterConfig> schema({
      Optional("targets", "list of targets", "", &ExporterConfig::targets, "The databases.", &TargetSchema().help()),
      Optional("postgres", "list", "", &ExporterConfig::postgres, "PostgreSQL's own numbers.",
               &PostgresSchema().help()),
      Optional("jobs", "list", "", &ExporterConfig::jobs, "Tables of jobs.", &JobsSchema().help()),
      Optional("freshness", "list", "", &ExporterConfig::freshness, "When things last succeeded.",
               &FreshnessSchema().help()),
      Optional("sql", "list", "", &ExporterConfig::sql, "Any query.", &SqlSchema().help()),
  });
  return schema;
}

bool ReadYaml(const YamlReader& in, ExporterConfig& out) {
  const bool good = CollectorsSchema().Read(in, out);
  return Checker(in, out).Run() && good;
}

}  // namespace exporter
