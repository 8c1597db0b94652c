#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alertmanager/config.h"

// Readers of the words alertmanager.yml is made of, shared by the files that hold its tables.

namespace alertmanager {

bool ReadYaml(const base::YamlReader& in, MessageText& out);
bool ReadYaml(const base::YamlReader& in, ReceiverConfig& out);
const std::vector<base::FieldHelp>& ReceiverHelp();

// A list of matcher texts, or the deprecated maps of equalities and of regular expressions; each adds to `out`.
bool ReadMatchers(const base::YamlReader& in, std::vector<base::Matcher>& out);
bool ReadMatchMap(const base::YamlReader& in, base::MatchType type, std::vector<base::Matcher>& out);

// A duration as Go writes it ("1.5s", "500ms", "2m30s"), which a few keys take instead of Prometheus' kind.
bool ReadGoDuration(const base::YamlReader& in, base::Duration& out);
bool ReadUrl(const base::YamlReader& in, std::string& out);

// Reads straight into the member, so that what is good of a list with a mistake is there for further checks.
template <class T>
bool ReadList(const base::YamlReader& in, std::vector<T>& out) {
  return base::ReadYaml(in, out);
}

// Nothing given: null, [], {} or "".
bool IsEmpty(const base::YamlNode& node);

// A key that Alertmanager knows and that is not carried out here.
template <class T>
base::Field<T> NotSupported(std::string key) {
  return {{std::move(key), "", "", "Not supported yet: giving it is an error.", false, nullptr},
          [](const base::YamlReader& in, T&) {
            if (IsEmpty(in.node())) return true;
            in.Fail("not supported yet");
            return false;
          }};
}

template <class T>
std::vector<base::Field<T>> NotSupported(std::initializer_list<const char*> keys) {
  std::vector<base::Field<T>> fields;
  for (const char* key : keys) fields.push_back(NotSupported<T>(std::string(key)));
  return fields;
}

// A key read by a function instead of by its member's type.
template <class T, class Member>
base::Field<T> ReadBy(std::string key, std::string type, std::string default_value, Member T::* member,
                      bool (*read)(const base::YamlReader&, Member&), std::string help,
                      const std::vector<base::FieldHelp>* nested = nullptr) {
  return {{std::move(key), std::move(type), std::move(default_value), std::move(help), false, nested},
          [member, read](const base::YamlReader& in, T& out) {
            return in.node().kind == base::YamlNode::Kind::null || read(in, out.*member);
          }};
}

template <class T>
std::vector<base::Field<T>> Joined(std::initializer_list<std::vector<base::Field<T>>> parts) {
  std::vector<base::Field<T>> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace alertmanager
