#include "alertmanager/config_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace alertmanager {
bool IsEmpty(const base::YamlNode& node) { return node.text.empty() && node.items.empty() && node.entries.empty(); }

bool ReadYaml(const base::YamlReader& in, MessageText& out) {
  if (!base::ReadYaml(in, out.text)) return false;
  if (!out.text.contains("{{")) return true;
  in.Fail("templates (\"{{\") are not supported yet");
  return false;
}

bool ReadMatchers(const base::YamlReader& in, std::vector<base::Matcher>& out) {
  std::vector<std::string> texts;
  if (!base::ReadYaml(in, texts)) return false;
  bool good = true;
  for (size_t i = 0; i < texts.size(); ++i) {
    auto matchers = ParseMatchers(texts[i]);
    if (!matchers) {
      in.Item(i).Fail(matchers.error().message);
      good = false;
      continue;
    }
    out.insert(out.end(), matchers->begin(), matchers->end());
  }
  return good;
}

bool ReadMatchMap(const base::YamlReader& in, base::MatchType type, std::vector<base::Matcher>& out) {
  if (in.node().kind != base::YamlNode::Kind::map) {
    in.Fail("expected a map of label names to values");
    return false;
  }
  bool good = true;
  for (const auto& [key, value] : in.node().entries) {
    const base::YamlReader entry = in.Entry(value, key.text);
    std::string text;
    if (type == base::MatchType::regex && value.kind == base::YamlNode::Kind::null) {
      entry.Fail("a regular expression is missing");
      good = false;
      continue;
    }
    if (!base::IsLegacyLabelName(key.text)) {
      entry.Fail("invalid label name " + base::Quote(key.text));
      good = false;
      continue;
    }
    if (!base::ReadYaml(entry, text)) {
      good = false;
      continue;
    }
    // the old form's expressions show their anchors in group keys, as in Alertmanager
    if (type == base::MatchType::regex) text = fmt::format("^(?:{})$", text);
    auto matcher = base::Matcher::Make(type, key.text, text);
    if (matcher) {
      out.push_back(std::move(*matcher));
    } else {
      entry.Fail(matcher.error().message);
      good = false;
    }
  }
  return good;
}

bool ReadGoDuration(const base::YamlReader& in, base::Duration& out) {
  struct Unit {
    std::string_view name;
    double milliseconds;
  };
  constexpr std::array<Unit, 6> kUnits = {
      {{"ns", 1e-6}, {"us", 1e-3}, {"ms", 1}, {"s", 1e3}, {"m", 6e4}, {"h", 3.6e6}}};
  std::string text;
  if (!base::ReadYaml(in, text)) return false;
  double total = 0;
  std::string_view rest = text;
  if (rest == "0") rest = {};
  while (!rest.empty()) {
    const size_t digits = std::min(rest.find_first_not_of("0123456789."), rest.size());
    const auto number = base::ParseFloat(rest.substr(0, digits));
    rest.remove_prefix(digits);
    const size_t letters = std::min(rest.find_first_of("0123456789."), rest.size());
    const auto unit = std::ranges::find(kUnits, rest.substr(0, letters), &Unit::name);
    if (digits == 0 || !number || unit == kUnits.end()) {
      in.Fail("expected a duration such as 500ms or 1m30s, found " + base::Quote(text));
      return false;
    }
    total += *number * unit->milliseconds;
    rest.remove_prefix(letters);
  }
  out = base::Duration(static_cast<int64_t>(total));
  return true;
}

bool ReadUrl(const base::YamlReader& in, std::string& out) {
  if (!base::ReadYaml(in, out)) return false;
  const bool http = out.starts_with("http://") || out.starts_with("https://");
  if (http && out.size() > out.find("//") + 2) return true;
  in.Fail("expected a URL that starts with http:// or https://");  // the text itself may be a secret
  return false;
}

}  // namespace alertmanager
