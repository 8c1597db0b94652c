#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"
#include "base/time.h"

// Reads YAML into a tree with positions, and the tree into plain structs by tables of fields. Every mistake of a file
// is collected, each as `file:line:col: path: what (did you mean …)`; reading goes on after one. Unknown and duplicate
// keys are mistakes. The same tables print the configuration reference (DescribeSchema).

namespace base {

struct YamlEntry;

struct YamlNode {
  enum class Kind : uint8_t { null, scalar, sequence, map };
  Kind kind = Kind::null;
  SourcePosition where;
  std::string text;                // scalar: its value
  bool quoted = false;             // scalar: written in quotes or as a block, so "" and "null" are text
  std::vector<YamlNode> items;     // sequence
  std::vector<YamlEntry> entries;  // map, in order

  const YamlNode* Find(std::string_view key) const;  // null if absent
};

struct YamlEntry {
  YamlNode key;  // a scalar
  YamlNode value;
};

// Where mistakes go. `path` tells the human place: "groups[0].rules[2].expr".
class YamlErrors {
 public:
  void Add(const YamlNode& node, std::string_view path, std::string_view message);
  void Add(Error error) { errors_.push_back(std::move(error)); }
  const std::vector<Error>& errors() const { return errors_; }
  // What is allowed and probably not meant.
  void AddWarning(Error warning) { warnings_.push_back(std::move(warning)); }
  const std::vector<Error>& warnings() const { return warnings_; }
  bool empty() const { return errors_.empty(); }
  std::string ToString() const;  // a line each

 private:
  std::vector<Error> errors_;
  std::vector<Error> warnings_;
};

struct YamlLimits {
  size_t max_bytes = 64UL << 20;
  int max_depth = 64;
  size_t max_nodes = 1'000'000;  // counted after aliases are expanded, so that alias bombs end here
};

// The first document of `text`. Anchors, aliases and merge keys ("<<") are expanded. Syntax errors, duplicate keys and
// exceeded limits are added to `errors`; the returned tree then holds what could be read.
YamlNode ParseYaml(std::string_view text, std::string_view file, YamlErrors& errors, YamlLimits limits = {});
// Reads the file first; a missing one is an error without a position.
YamlNode ReadYamlFile(const std::string& path, YamlErrors& errors, YamlLimits limits = {});
// The node written back as YAML text, keys in order.
std::string WriteYaml(const YamlNode& node);

// A secret given in the file as `key:` or, as a path read when it is used, as `key_file:`. Prints as <secret>.
struct Secret {
  std::string value;
  std::string file;
  bool empty() const { return value.empty() && file.empty(); }
  Result<std::string> Read() const;  // the value, or the trimmed content of the file as it is now
  bool operator==(const Secret&) const = default;
};

// What a reader of one node gets: the node, its path, and where to complain. Cheap to copy; borrows.
class YamlReader {
 public:
  YamlReader(const YamlNode& node, std::string path, YamlErrors& errors)
      : node_(node), path_(std::move(path)), errors_(errors) {}
  const YamlNode& node() const { return node_; }
  const std::string& path() const { return path_; }
  YamlErrors& errors() const { return errors_; }
  void Fail(std::string_view message) const { errors_.Add(node_, path_, message); }
  YamlReader Entry(const YamlNode& value, std::string_view key) const;  // path.key
  YamlReader Item(size_t index) const;                                  // path[index]

 private:
  const YamlNode& node_;
  std::string path_;
  YamlErrors& errors_;
};

// Readers of plain values; each complains and returns false on the wrong kind.
bool ReadYaml(const YamlReader& in, std::string& out);
bool ReadYaml(const YamlReader& in, bool& out);
bool ReadYaml(const YamlReader& in, int& out);
bool ReadYaml(const YamlReader& in, int64_t& out);
bool ReadYaml(const YamlReader& in, double& out);
bool ReadYaml(const YamlReader& in, Duration& out);  // Prometheus' durations
bool ReadYaml(const YamlReader& in, Secret& out);
bool ReadYaml(const YamlReader& in, std::map<std::string, std::string>& out);

template <class T>
bool ReadYaml(const YamlReader& in, std::optional<T>& out) {
  T value{};
  if (!ReadYaml(in, value)) return false;
  out = std::move(value);
  return true;
}

template <class T>
bool ReadYaml(const YamlReader& in, std::vector<T>& out) {
  if (in.node().kind == YamlNode::Kind::null) return true;
  if (in.node().kind != YamlNode::Kind::sequence) {
    in.Fail("expected a list");
    return false;
  }
  bool good = true;
  for (size_t i = 0; i < in.node().items.size(); ++i) {
    T value{};
    good = ReadYaml(in.Item(i), value) && good;
    out.push_back(std::move(value));
  }
  return good;
}

template <class T>
bool ReadYaml(const YamlReader& in, std::map<std::string, T>& out) {
  if (in.node().kind == YamlNode::Kind::null) return true;
  if (in.node().kind != YamlNode::Kind::map) {
    in.Fail("expected a map");
    return false;
  }
  bool good = true;
  for (const auto& [key, node] : in.node().entries) {
    T value{};
    good = ReadYaml(in.Entry(node, key.text), value) && good;
    out.insert_or_assign(key.text, std::move(value));
  }
  return good;
}

// Documentation of one key, the same for every struct.
struct FieldHelp {
  std::string key;
  std::string type;           // "duration", "string", "list of matchers" …
  std::string default_value;  // as written in YAML; "" for none
  std::string help;           // one sentence
  bool required = false;
  const std::vector<FieldHelp>* nested = nullptr;  // the table of a nested map or of a list's items
};

// One key of a map that becomes a struct T.
template <class T>
struct Field {
  FieldHelp help;
  std::function<bool(const YamlReader&, T&)> read;
};

// A struct's table. Build it once (a function-local static const) next to the struct.
//   const YamlSchema<Rule>& RuleSchema() {
//     static const YamlSchema<Rule> schema({
//         Required("expr", "PromQL", &Rule::expr, "The expression."),
//         Optional("for", "duration", "0s", &Rule::for_, "How long it must hold before it fires."),
//     });
//     return schema;
//   }
//   bool ReadYaml(const YamlReader& in, Rule& out) { return RuleSchema().Read(in, out); }
template <class T>
class YamlSchema {
 public:
  explicit YamlSchema(std::vector<Field<T>> fields) : fields_(std::move(fields)) {
    for (const Field<T>& field : fields_) help_.push_back(field.help);
  }
  const std::vector<FieldHelp>& help() const { return help_; }

  // Reads every known key, complains of unknown ones (with a proposal) and of required ones that are missing.
  bool Read(const YamlReader& in, T& out) const {
    if (in.node().kind == YamlNode::Kind::null) return CheckKeys(in);
    if (in.node().kind != YamlNode::Kind::map) {
      in.Fail("expected a map");
      return false;
    }
    bool good = CheckKeys(in);
    for (const auto& [key, value] : in.node().entries) {
      for (const Field<T>& field : fields_) {
        if (field.help.key == key.text) good = field.read(in.Entry(value, key.text), out) && good;
      }
    }
    return good;
  }

 private:
  bool CheckKeys(const YamlReader& in) const;
  std::vector<Field<T>> fields_;
  std::vector<FieldHelp> help_;
};

// The untyped half of YamlSchema::CheckKeys.
bool CheckYamlKeys(const YamlReader& in, const std::vector<FieldHelp>& known);
template <class T>
bool YamlSchema<T>::CheckKeys(const YamlReader& in) const {
  return CheckYamlKeys(in, help_);
}

template <class T, class Member>
Field<T> Optional(std::string key, std::string type, std::string default_value, Member T::* member, std::string help,
                  const std::vector<FieldHelp>* nested = nullptr) {
  return {{std::move(key), std::move(type), std::move(default_value), std::move(help), false, nested},
          [member](const YamlReader& in, T& out) {
            // a key left empty means its default, as in Prometheus' own files
            if (in.node().kind == YamlNode::Kind::null) return true;
            Member value{};
            if (!ReadYaml(in, value)) return false;
            out.*member = std::move(value);
            return true;
          }};
}

template <class T, class Member>
Field<T> Required(std::string key, std::string type, Member T::* member, std::string help,
                  const std::vector<FieldHelp>* nested = nullptr) {
  return {{std::move(key), std::move(type), "", std::move(help), true, nested},
          [member](const YamlReader& in, T& out) { return ReadYaml(in, out.*member); }};
}

// `key` and `key_file` of one secret; giving both is a mistake.
template <class T>
std::vector<Field<T>> SecretFields(std::string key, Secret T::* member, std::string help) {
  const std::string file_key = key + "_file";
  return {{{key, "secret", "", help, false, nullptr},
           [member, file_key](const YamlReader& in, T& out) {
             if (!(out.*member).file.empty()) {
               in.Fail("and " + file_key + " are both given; at most one may be");
               return false;
             }
             return ReadYaml(in, (out.*member).value);
           }},
          {{file_key, "path", "", help + " Read from this file each time it is used.", false, nullptr},
           [member, key](const YamlReader& in, T& out) {
             if (!(out.*member).value.empty()) {
               in.Fail("and " + key + " are both given; at most one may be");
               return false;
             }
             return ReadYaml(in, (out.*member).file);
           }}};
}

// The tree as it may be shown: what the tables call a secret is "<secret>", and a URL anywhere loses its user, password
// and query values.
YamlNode HideSecrets(YamlNode node, const std::vector<FieldHelp>& fields);

// The table as Markdown rows, nested tables following under their path.
std::string DescribeSchema(std::string_view title, const std::vector<FieldHelp>& fields);

}  // namespace base
