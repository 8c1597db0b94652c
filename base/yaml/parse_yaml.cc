#include <fmt/format.h>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <unordered_set>

#include "base/file.h"
#include "base/yaml/explain_yaml.h"
#include "base/yaml/yaml.h"

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
  TreeBuilder(std::string_view text, std::string_view file, YamlErrors& errors, YamlLimits limits)
      : text_(text), file_(file), errors_(errors), limits_(limits) {}

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
    if (node.text.empty() || (!tag.empty() && tag != "!" && tag != "?")) CheckValue(node);
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

  void CheckValue(const YamlNode& node) {
    auto wrong = ExplainYamlValue(text_, node.where);
    if (wrong) errors_.Add({ErrorCode::invalid_argument, *std::move(wrong), node.where});
  }

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
      const bool braces = key.kind == YamlNode::Kind::map && parent.node.kind == YamlNode::Kind::map;
      errors_.Add({ErrorCode::invalid_argument,
                   braces ? "a key must be plain text; a value that begins with {{ must be in quotes"
                          : "a key must be plain text",
                   key.where});
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

  std::string_view text_;
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

}  // namespace

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
  TreeBuilder builder(text, file, errors, limits);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& e) {
    errors.Add(ExplainYamlError(text, SourcePosition{std::string(file), e.mark.line + 1, e.mark.column + 1}, e.msg));
  } catch (const LimitReached& limit) {
    errors.Add(limit.error);
  }
  YamlNode root = builder.Take();
  if (root.where.file.empty()) root.where = {std::string(file), 1, 1};
  return root;
}

YamlNode ReadYamlFile(const std::string& path, YamlErrors& errors, YamlLimits limits) {
  auto text = ReadFile(path);
  if (!text) {
    errors.Add(std::move(text).error());
    return {};
  }
  return ParseYaml(*text, path, errors, limits);
}

}  // namespace base
