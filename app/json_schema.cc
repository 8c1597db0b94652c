#include "app/json_schema.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/json_writer.h"
#include "base/text.h"

namespace app {
namespace {

using base::FieldHelp;
using base::JsonWriter;
using Table = std::vector<FieldHelp>;

constexpr std::string_view kEnvironmentPattern = "\\$\\{";

// A type of the tables that is one kind of scalar.
struct Scalar {
  std::string_view name;
  std::string_view json;     // the types of JSON it is written with
  std::string_view pattern;  // of texts
};
constexpr std::string_view kText = R"("string","number","boolean")";
constexpr std::string_view kNumber = R"("number","string")";
constexpr Scalar kScalars[] = {
    {"duration", R"("string","integer")", "^(0|([0-9]+(ms|[smhdwy]))+)$"},
    {"bool", R"("boolean","string")", "^([Tt]rue|[Ff]alse|[Yy]es|[Nn]o|[Oo]n|[Oo]ff|TRUE|FALSE|YES|NO|ON|OFF)$"},
    {"integer", R"("integer","string")", "^[-+]?[0-9]+$"},
    {"number", kNumber, "^[-+]?([0-9.]+([eE][-+]?[0-9]+)?|\\.[iI]nf|\\.[nN]a[nN])$"},
    {"limit", kNumber, "^\\s*(>=|<=|==|!=|>|<)?\\s*[-+]?[0-9.]"},
};

const Scalar* FindScalar(std::string_view name) {
  const auto* found = std::ranges::find(kScalars, name, &Scalar::name);
  return found == std::end(kScalars) ? nullptr : found;
}

// "map or path" -> map, path; "a, b or c" -> a, b, c
std::vector<std::string> Alternatives(const std::string& type) {
  std::string text = type;
  for (const std::string_view separator : {", or ", " or ", ", "}) text = base::ReplaceAll(text, separator, "|");
  std::vector<std::string> parts;
  for (const std::string_view part : base::Split(text, '|')) parts.emplace_back(part);
  return parts;
}

class SchemaWriter {
 public:
  SchemaWriter(const Table& root, const SchemaOptions& options) : root_(root), options_(options) {}

  std::string Write() {
    json_.BeginObject();
    json_.Key("$schema").String("https://json-schema.org/draft/2020-12/schema");
    if (!options_.id.empty()) json_.Key("$id").String(options_.id);
    json_.Key("title").String(options_.title);
    names_[&root_] = "";
    WriteTable(root_);
    json_.Key("$defs").BeginObject();
    // tables are found while others are written
    for (size_t next = 0; next < pending_.size(); ++next) {
      const Table* table = pending_[next];
      json_.Key(names_.at(table)).BeginObject();
      path_ = names_.at(table);
      WriteTable(*table);
      json_.EndObject();
    }
    json_.EndObject().EndObject();
    return std::move(json_).Take() + "\n";
  }

 private:
  void WriteTable(const Table& table) {
    json_.Key("type").String("object").Key("additionalProperties").Bool(false);
    json_.Key("properties").BeginObject();
    for (const FieldHelp& field : table) {
      json_.Key(field.key).BeginObject();
      WriteField(field);
      json_.EndObject();
    }
    json_.EndObject();
    if (std::ranges::none_of(table, &FieldHelp::required)) return;
    json_.Key("required").BeginArray();
    for (const FieldHelp& field : table) {
      if (field.required) json_.String(field.key);
    }
    json_.EndArray();
  }

  void WriteField(const FieldHelp& field) {
    json_.Key("description").String(field.help);
    if (field.type.empty()) {  // known, and refused
      json_.Key("not").BeginObject().EndObject();
      return;
    }
    WriteDefault(field);
    std::vector<std::string> words;  // of an enumeration
    std::vector<std::string> types;
    SortAlternatives(field, types, words);
    // a key left empty means its default
    const bool null = !field.required;
    const bool reference = field.nested != nullptr && std::ranges::find(types, "map") != types.end();
    const bool text_too = options_.environment && !words.empty();
    if (types.size() + (words.empty() ? 0 : 1) == 1 && !(reference && null) && !text_too) {
      if (words.empty()) return WriteType(types.front(), field, null);
      return WriteWords(words, null);
    }
    json_.Key("anyOf").BeginArray();
    for (const std::string& type : types) {
      json_.BeginObject();
      WriteType(type, field, false);
      json_.EndObject();
    }
    if (!words.empty()) {
      json_.BeginObject();
      WriteWords(words, false);
      json_.EndObject();
    }
    if (text_too) {
      json_.BeginObject().Key("type").String("string").Key("pattern").String(kEnvironmentPattern).EndObject();
    }
    if (null) json_.BeginObject().Key("type").String("null").EndObject();
    json_.EndArray();
  }

  // Only what could be written in the file: not "the parent's".
  void WriteDefault(const FieldHelp& field) {
    const std::string& text = field.default_value;
    if (text.empty() || text.find_first_of("[{' ") != std::string::npos) return;
    json_.Key("default");
    if (text == "true" || text == "false") {
      json_.Bool(text == "true");
    } else if (const auto number = base::ParseInteger(text)) {
      json_.Number(static_cast<int64_t>(*number));
    } else {
      json_.String(text);
    }
  }

  // Of several alternatives, those that are no known type are words to be written as they are.
  static void SortAlternatives(const FieldHelp& field, std::vector<std::string>& types,
                               std::vector<std::string>& words) {
    const std::vector<std::string> all = Alternatives(field.type);
    for (const std::string& type : all) {
      const bool known = all.size() == 1 || type == "map" || type == "path" || type == "URL" ||
                         type.starts_with("map of ") || type.starts_with("list") || FindScalar(type) != nullptr ||
                         std::ranges::find(all, "list of " + type + "s") != all.end();
      (known ? types : words).push_back(type);
    }
  }

  void WriteWords(const std::vector<std::string>& words, bool null) {
    json_.Key("enum").BeginArray();
    for (const std::string& word : words) json_.String(word);
    if (null) json_.Null();
    json_.EndArray();
  }

  // One of JSON's types, or several.
  void WriteJsonType(std::string_view types, bool null) {
    const bool several = null || types.contains(',');
    std::string text(types);
    if (null) text += R"(,"null")";
    json_.Key("type").Raw(several ? "[" + text + "]" : text);
  }

  void WriteType(const std::string& type, const FieldHelp& field, bool null) {
    if (type.starts_with("list")) {
      WriteJsonType(R"("array")", null);
      if (type == "list" && field.nested == nullptr) return;
      json_.Key("items").BeginObject();
      WriteItem(type, field);
      json_.EndObject();
    } else if (type == "map" && field.nested != nullptr) {
      json_.Key("$ref").String("#/$defs/" + NameOf(*field.nested, field.key));
    } else if (type.starts_with("map")) {
      WriteJsonType(R"("object")", null);
    } else {
      WriteScalar(type, null);
    }
  }

  // Lists are of what the nested table describes, of the table they stand in (routes of a route), or of texts.
  void WriteItem(const std::string& type, const FieldHelp& field) {
    const std::string own = "list of " + path_.substr(path_.rfind('.') + 1) + "s";
    if (field.nested != nullptr) {
      json_.Key("$ref").String("#/$defs/" + NameOf(*field.nested, field.key));
    } else if (type == own) {
      json_.Key("$ref").String("#/$defs/" + path_);
    } else {
      WriteJsonType(kText, false);
    }
  }

  void WriteScalar(const std::string& type, bool null) {
    const Scalar* scalar = FindScalar(type);
    WriteJsonType(scalar == nullptr ? kText : scalar->json, null);
    if (scalar == nullptr) return;
    std::string pattern(scalar->pattern);
    if (options_.environment) pattern.append("|").append(kEnvironmentPattern);
    json_.Key("pattern").String(pattern);
  }

  // A definition's name is the way to it: "alertmanager.receivers".
  std::string NameOf(const Table& table, const std::string& key) {
    const auto known = names_.find(&table);
    if (known != names_.end()) return known->second;
    const std::string name = path_.empty() ? key : path_ + "." + key;
    names_.emplace(&table, name);
    pending_.push_back(&table);
    return name;
  }

  const Table& root_;
  const SchemaOptions& options_;
  JsonWriter json_;
  std::string path_;  // of the table being written
  std::map<const Table*, std::string> names_;
  std::vector<const Table*> pending_;
};

}  // namespace

std::string JsonSchema(const std::vector<base::FieldHelp>& fields, const SchemaOptions& options) {
  return SchemaWriter(fields, options).Write();
}

}  // namespace app
