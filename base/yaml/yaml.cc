#include "base/yaml/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <unordered_set>

namespace base {
namespace {

constexpr std::string_view kMergeKey = "<<";

// Thrown through yaml-cpp's parser to stop it, and caught in ParseYaml.
struct LimitReached {
  Error error;
};

size_t CountNodes(const YamlNode& node) {
  size_t count = 1;
  for (const YamlNode& item : node.items) count += CountNodes(item);
  for (const auto& [key, value] : node.entries) count += 1 + CountNodes(value);
  return count;
}

int DepthOf(const YamlNode& node) {
  int deepest = 0;
  for (const YamlNode& item : node.items) deepest = std::max(deepest, DepthOf(item));
  for (const auto& [key, value] : node.entries) deepest = std::max(deepest, DepthOf(value));
  return deepest + (node.kind == YamlNode::Kind::sequence || node.kind == YamlNode::Kind::map ? 1 : 0);
}

// Builds the tree from yaml-cpp's events; its own Node class would lose duplicate keys.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view file, YamlErrors& errors, YamlLimits limits)
      : file_(file), errors_(errors), limits_(limits) {}

  YamlNode Take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Finish(MakeNode(YamlNode::Kind::null, mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto at = anchors_.find(anchor);
    if (at == anchors_.end()) {
      throw LimitReached{{ErrorCode::invalid_argument, "an alias refers to the node it stands in", Where(mark)}};
    }
    Charge(CountNodes(at->second), mark);
    CheckDepth(static_cast<int>(stack_.size()) + DepthOf(at->second), mark);
    YamlNode copy = at->second;
    copy.where = Where(mark);
    Finish(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = MakeNode(YamlNode::Kind::scalar, mark);
    node.text = value;
    node.quoted = tag == "!";
    Finish(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Begin(YamlNode::Kind::sequence, mark, anchor);
  }
  void OnSequenceEnd() override { End(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Begin(YamlNode::Kind::map, mark, anchor);
  }
  void OnMapEnd() override { End(); }

 private:
  struct Open {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    std::optional<YamlNode> key;           // of the entry whose value comes next
    std::unordered_set<std::string> seen;  // keys so far
    std::vector<YamlNode> merges;
  };

  SourcePosition Where(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

  void Charge(size_t count, const YAML::Mark& mark) {
    nodes_ += count;
    if (nodes_ > limits_.max_nodes) {
      throw LimitReached{{ErrorCode::limit_exceeded,
                          fmt::format("more than {} values, aliases included", limits_.max_nodes), Where(mark)}};
    }
  }

  void CheckDepth(int depth, const YAML::Mark& mark) const {
    if (depth <= limits_.max_depth) return;
    throw LimitReached{
        {ErrorCode::limit_exceeded, fmt::format("nested more than {} deep", limits_.max_depth), Where(mark)}};
  }

  YamlNode MakeNode(YamlNode::Kind kind, const YAML::Mark& mark) {
    Charge(1, mark);
    YamlNode node;
    node.kind = kind;
    node.where = Where(mark);
    return node;
  }

  void Begin(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    CheckDepth(static_cast<int>(stack_.size()) + 1, mark);
    Open& open = stack_.emplace_back();
    open.node = MakeNode(kind, mark);
    open.anchor = anchor;
  }

  void End() {
    Open open = std::move(stack_.back());
    stack_.pop_back();
    for (const YamlNode& merge : open.merges) Merge(open, merge);
    Finish(std::move(open.node), open.anchor);
  }

  // A merge key brings in entries that the map does not have itself.
  void Merge(Open& open, const YamlNode& from) {
    for (const YamlNode& item : from.items) Merge(open, item);
    if (from.kind != YamlNode::Kind::map && from.kind != YamlNode::Kind::sequence) {
      errors_.Add({ErrorCode::invalid_argument, "a merge key needs a map or a list of maps", from.where});
    }
    for (const auto& entry : from.entries) {
      if (open.seen.insert(entry.key.text).second) open.node.entries.push_back(entry);
    }
  }

  void Finish(YamlNode node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = stack_.back();
    if (parent.node.kind == YamlNode::Kind::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      TakeKey(parent, std::move(node));
    } else {
      TakeEntry(parent, std::move(node));
    }
  }

  void TakeKey(Open& parent, YamlNode key) {
    if (key.kind != YamlNode::Kind::scalar) {
      errors_.Add({ErrorCode::invalid_argument, "a key must be plain text", key.where});
      key = MakeKey(key.where);
    }
    parent.key = std::move(key);
  }
  static YamlNode MakeKey(const SourcePosition& where) {
    YamlNode key;
    key.kind = YamlNode::Kind::scalar;
    key.where = where;
    return key;
  }

  void TakeEntry(Open& parent, YamlNode value) {
    YamlNode key = std::move(*parent.key);
    parent.key.reset();
    if (key.text == kMergeKey && !key.quoted) {
      parent.merges.push_back(std::move(value));
      return;
    }
    if (!parent.seen.insert(key.text).second) {
      const YamlNode* first = parent.node.Find(key.text);
      const int line = first == nullptr ? 0 : first->where.line;
      errors_.Add({ErrorCode::invalid_argument,
                   fmt::format("key \"{}\" is given twice, first with the value on line {}", key.text, line),
                   key.where});
      return;
    }
    parent.node.entries.push_back({std::move(key), std::move(value)});
  }

  std::string file_;
  YamlErrors& errors_;
  YamlLimits limits_;
  size_t nodes_ = 0;
  std::vector<Open> stack_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  YamlNode root_;
};

bool IsYamlText(std::string_view text) { return IsValidUtf8(text) && !text.contains('\0'); }

// The first byte that no YAML text holds. yaml-cpp lets it through, or takes NULs for a sign of UTF-16 and UTF-32.
std::optional<SourcePosition> FindForeignByte(std::string_view text, std::string_view file) {
  if (IsYamlText(text)) return std::nullopt;
  int number = 0;
  for (const std::string_view line : Split(text, '\n')) {
    ++number;
    if (IsYamlText(line)) continue;
    size_t valid = 0;
    for (size_t end = 1; end <= line.size(); ++end) {
      if (IsYamlText(line.substr(valid, end - valid))) valid = end;
    }
    return SourcePosition{std::string(file), number, static_cast<int>(valid) + 1};
  }
  return SourcePosition{std::string(file), 1, 1};
}

std::string_view KindName(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return "a value";
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
  }
  return "nothing";
}

// The text of a scalar, or a complaint that `wanted` was expected.
const std::string* ScalarText(const YamlReader& in, std::string_view wanted) {
  if (in.node().kind == YamlNode::Kind::scalar) return &in.node().text;
  in.Fail(fmt::format("expected {}, found {}", wanted, KindName(in.node().kind)));
  return nullptr;
}

// Whether a scalar that had no quotes reads as itself without any. Where it stood tells nothing: folded lines, a flow
// and a tag allow what a block does not.
bool IsPlain(std::string_view text) {
  if (text.empty() || text != Trim(text) || !IsValidUtf8(text)) return false;
  for (const std::string_view null : {"~", "null", "Null", "NULL"}) {
    if (text == null) return false;
  }
  if (text.starts_with("---") || text.starts_with("...")) return false;
  if (std::string_view(",[]{}#&*!|>'\"%@`").contains(text.front())) return false;
  if (std::string_view("-?:").contains(text.front()) && (text.size() == 1 || text[1] == ' ')) return false;
  if (text.contains(": ") || text.contains(" #") || text.ends_with(':')) return false;
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::string WriteScalar(const YamlNode& node) {
  return node.quoted || !IsPlain(node.text) ? Quote(node.text) : node.text;
}

// What YAML takes for a key of one line.
constexpr size_t kMaxPlainKey = 1000;

void WriteNode(const YamlNode& node, size_t indent, bool inline_first, std::string& out) {
  const std::string pad(indent, ' ');
  switch (node.kind) {
    case YamlNode::Kind::null:
      out += "null\n";
      return;
    case YamlNode::Kind::scalar:
      out += WriteScalar(node) + "\n";
      return;
    case YamlNode::Kind::sequence:
      if (node.items.empty()) {
        out += "[]\n";
        return;
      }
      if (!inline_first) out += "\n";
      for (size_t i = 0; i < node.items.size(); ++i) {
        if (i > 0 || !inline_first) out += pad;
        out += "- ";
        WriteNode(node.items[i], indent + 2, true, out);
      }
      return;
    case YamlNode::Kind::map:
      if (node.entries.empty()) {
        out += "{}\n";
        return;
      }
      if (!inline_first) out += "\n";
      for (size_t i = 0; i < node.entries.size(); ++i) {
        const auto& [key, value] = node.entries[i];
        if (i > 0 || !inline_first) out += pad;
        const std::string name = WriteScalar(key);
        out += name.size() > kMaxPlainKey ? fmt::format("? {}\n{}: ", name, pad) : name + ": ";
        WriteNode(value, indent + 2, false, out);
      }
      return;
  }
}

std::string MarkdownCell(std::string_view text) { return ReplaceAll(std::string(text), "|", "\\|"); }

void DescribeTable(const std::string& title, const std::vector<FieldHelp>& fields,
                   std::set<const std::vector<FieldHelp>*>& shown, std::string& out) {
  out += fmt::format("### `{}`\n\n| key | type | default | what it is |\n|---|---|---|---|\n", title);
  for (const FieldHelp& field : fields) {
    const std::string fallback = field.required                ? "required"
                                 : field.default_value.empty() ? ""
                                                               : "`" + MarkdownCell(field.default_value) + "`";
    out += fmt::format("| `{}` | {} | {} | {} |\n", field.key, MarkdownCell(field.type), fallback,
                       MarkdownCell(field.help));
  }
  out += "\n";
  for (const FieldHelp& field : fields) {
    // a table that nests itself (routes) is printed once
    if (field.nested == nullptr || !shown.insert(field.nested).second) continue;
    const bool list = field.type.starts_with("list");
    DescribeTable(title + "." + field.key + (list ? "[]" : ""), *field.nested, shown, out);
  }
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const auto& [entry_key, value] : entries) {
    if (entry_key.text == key) return &value;
  }
  return nullptr;
}

void YamlErrors::Add(const YamlNode& node, std::string_view path, std::string_view message) {
  errors_.push_back({ErrorCode::invalid_argument,
                     path.empty() ? std::string(message) : fmt::format("{}: {}", path, message), node.where});
}

std::string YamlErrors::ToString() const {
  std::string text;
  for (const Error& error : errors_) text += error.ToString() + "\n";
  return text;
}

YamlNode ParseYaml(std::string_view text, std::string_view file, YamlErrors& errors, YamlLimits limits) {
  if (text.size() > limits.max_bytes) {
    errors.Add({ErrorCode::limit_exceeded,
                fmt::format("{}: {} bytes are more than the {} allowed", file, text.size(), limits.max_bytes),
                std::nullopt});
    return {};
  }
  if (auto where = FindForeignByte(text, file)) {
    errors.Add({ErrorCode::invalid_argument, "not valid YAML: a byte that is not UTF-8, or NUL", std::move(where)});
    return {};
  }
  TreeBuilder builder(file, errors, limits);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& e) {
    errors.Add({ErrorCode::invalid_argument, "not valid YAML: " + e.msg,
                SourcePosition{std::string(file), e.mark.line + 1, e.mark.column + 1}});
  } catch (const LimitReached& limit) {
    errors.Add(limit.error);
  }
  YamlNode root = builder.Take();
  if (root.where.file.empty()) root.where = {std::string(file), 1, 1};
  return root;
}

YamlNode ReadYamlFile(const std::string& path, YamlErrors& errors, YamlLimits limits) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in || !text) {
    errors.Add({ErrorCode::not_found,
                fmt::format("cannot read \"{}\": {}", path, std::generic_category().message(errno)), std::nullopt});
    return {};
  }
  return ParseYaml(text.str(), path, errors, limits);
}

std::string WriteYaml(const YamlNode& node) {
  std::string text;
  WriteNode(node, 0, true, text);
  return text;
}

Result<std::string> Secret::Read() const {
  if (file.empty()) return value;
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in) return Unavailable(fmt::format("cannot read the secret file \"{}\"", file));
  return std::string(Trim(text.str()));
}

YamlReader YamlReader::Entry(const YamlNode& value, std::string_view key) const {
  return {value, path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key), errors_};
}
YamlReader YamlReader::Item(size_t index) const {
  return {node_.items[index], fmt::format("{}[{}]", path_, index), errors_};
}

bool ReadYaml(const YamlReader& in, std::string& out) {
  if (in.node().kind == YamlNode::Kind::null) return true;
  const std::string* text = ScalarText(in, "text");
  if (text == nullptr) return false;
  out = *text;
  return true;
}

bool ReadYaml(const YamlReader& in, bool& out) {
  const std::string* text = ScalarText(in, "true or false");
  if (text == nullptr) return false;
  const std::string lower = ToLower(*text);
  const bool yes = lower == "true" || lower == "yes" || lower == "on";
  const bool no = lower == "false" || lower == "no" || lower == "off";
  if (in.node().quoted || (!yes && !no)) {
    in.Fail(fmt::format("expected true or false, found {}", Quote(*text)));
    return false;
  }
  out = yes;
  return true;
}

bool ReadYaml(const YamlReader& in, int64_t& out) {
  const std::string* text = ScalarText(in, "a whole number");
  if (text == nullptr) return false;
  const auto value = ParseInteger(*text);
  if (!value) {
    in.Fail(fmt::format("expected a whole number, found {}", Quote(*text)));
    return false;
  }
  out = *value;
  return true;
}

bool ReadYaml(const YamlReader& in, int& out) {
  int64_t wide = 0;
  if (!ReadYaml(in, wide)) return false;
  if (wide < std::numeric_limits<int>::min() || wide > std::numeric_limits<int>::max()) {
    in.Fail(fmt::format("{} is out of range", wide));
    return false;
  }
  out = static_cast<int>(wide);
  return true;
}

bool ReadYaml(const YamlReader& in, double& out) {
  const std::string* text = ScalarText(in, "a number");
  if (text == nullptr) return false;
  // YAML writes infinity and not-a-number with a dot: .inf, -.inf, .nan
  const std::string plain = ReplaceAll(ReplaceAll(ToLower(*text), ".inf", "inf"), ".nan", "nan");
  const auto value = ParseFloat(plain);
  if (!value) {
    in.Fail(fmt::format("expected a number, found {}", Quote(*text)));
    return false;
  }
  out = *value;
  return true;
}

bool ReadYaml(const YamlReader& in, Duration& out) {
  const std::string* text = ScalarText(in, "a duration such as 30s or 5m");
  if (text == nullptr) return false;
  const auto duration = ParseDuration(*text);
  if (!duration) {
    in.Fail(duration.error().message);
    return false;
  }
  out = *duration;
  return true;
}

bool ReadYaml(const YamlReader& in, Secret& out) { return ReadYaml(in, out.value); }

bool ReadYaml(const YamlReader& in, std::map<std::string, std::string>& out) { return ReadYaml<std::string>(in, out); }

bool CheckYamlKeys(const YamlReader& in, const std::vector<FieldHelp>& known) {
  std::vector<std::string_view> names;
  for (const FieldHelp& field : known) names.push_back(field.key);
  bool good = true;
  for (const auto& [key, value] : in.node().entries) {
    if (std::ranges::find(names, key.text) != names.end()) continue;
    good = false;
    const auto proposal = DidYouMean(key.text, names);
    in.errors().Add(key, in.path(),
                    fmt::format("unknown key \"{}\"{}", key.text,
                                proposal ? fmt::format(" (did you mean \"{}\"?)", *proposal) : ""));
  }
  for (const FieldHelp& field : known) {
    if (!field.required || in.node().Find(field.key) != nullptr) continue;
    good = false;
    in.Fail(fmt::format("\"{}\" is missing", field.key));
  }
  return good;
}

std::string DescribeSchema(std::string_view title, const std::vector<FieldHelp>& fields) {
  std::string out;
  std::set<const std::vector<FieldHelp>*> shown = {&fields};
  DescribeTable(std::string(title), fields, shown, out);
  return out;
}

}  // namespace base
