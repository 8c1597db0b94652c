#include "base/template/value.h"

#include <algorithm>

namespace base {

struct TemplateValue::ListData {
  TemplateList items;
  const TemplateType* type;
  bool texts;
  int depth;
};
struct TemplateValue::MapData {
  TemplateMap entries;
  const TemplateType* type;
  bool texts;
  int depth;
};
struct TemplateValue::ObjectData {
  Fields fields;
  const TemplateType* type;
  int depth;
};

namespace {

int Deeper(int depth, const TemplateValue& value) { return std::max(depth, value.Depth() + 1); }

template <class Pairs>
int DepthOfPairs(const Pairs& pairs) {
  int depth = 1;
  for (const auto& [name, value] : pairs) depth = Deeper(depth, value);
  return depth;
}

}  // namespace

TemplateValue TemplateValue::SafeHtml(std::string text) {
  TemplateValue value(std::move(text));
  value.safe_html_ = true;
  return value;
}

TemplateValue TemplateValue::List(TemplateList items, const TemplateType* type) {
  int depth = 1;
  for (const TemplateValue& item : items) depth = Deeper(depth, item);
  return TemplateValue(std::make_shared<const ListData>(ListData{std::move(items), type, false, depth}));
}

TemplateValue TemplateValue::Texts(std::vector<std::string> items) {
  TemplateList list;
  for (std::string& item : items) list.emplace_back(std::move(item));
  return TemplateValue(std::make_shared<const ListData>(ListData{std::move(list), nullptr, true, 1}));
}

TemplateValue TemplateValue::Map(TemplateMap entries, const TemplateType* type) {
  const int depth = DepthOfPairs(entries);
  return TemplateValue(std::make_shared<const MapData>(MapData{std::move(entries), type, false, depth}));
}

TemplateValue TemplateValue::TextMap(TemplateMap entries, const TemplateType* type) {
  return TemplateValue(std::make_shared<const MapData>(MapData{std::move(entries), type, true, 1}));
}

TemplateValue TemplateValue::TextMap(const Labels& labels, const TemplateType* type) {
  TemplateMap entries;
  for (const Label& label : labels) entries.emplace(label.name, label.value);
  return TextMap(std::move(entries), type);
}

TemplateValue TemplateValue::Object(const TemplateType* type, Fields fields) {
  const int depth = DepthOfPairs(fields);
  return TemplateValue(std::make_shared<const ObjectData>(ObjectData{std::move(fields), type, depth}));
}

const TemplateList& TemplateValue::list() const { return std::get<std::shared_ptr<const ListData>>(data_)->items; }
const TemplateMap& TemplateValue::map() const { return std::get<std::shared_ptr<const MapData>>(data_)->entries; }
const TemplateValue::Fields& TemplateValue::fields() const {
  return std::get<std::shared_ptr<const ObjectData>>(data_)->fields;
}

const TemplateType* TemplateValue::type() const {
  if (const auto* list = std::get_if<std::shared_ptr<const ListData>>(&data_)) return (*list)->type;
  if (const auto* map = std::get_if<std::shared_ptr<const MapData>>(&data_)) return (*map)->type;
  if (const auto* object = std::get_if<std::shared_ptr<const ObjectData>>(&data_)) return (*object)->type;
  return nullptr;
}

bool TemplateValue::IsTextMap() const {
  const auto* map = std::get_if<std::shared_ptr<const MapData>>(&data_);
  return map != nullptr && (*map)->texts;
}

std::string TemplateValue::TypeName() const {
  if (type() != nullptr && !type()->name.empty()) return type()->name;
  switch (kind()) {
    case Kind::nil:
      return "interface {}";
    case Kind::boolean:
      return "bool";
    case Kind::integer:
      return "int";
    case Kind::real:
      return "float64";
    case Kind::text:
      return safe_html_ ? "template.HTML" : "string";
    case Kind::time:
      return "time.Time";
    case Kind::duration:
      return "time.Duration";
    case Kind::list:
      return std::get<std::shared_ptr<const ListData>>(data_)->texts ? "[]string" : "[]interface {}";
    case Kind::map:
      return IsTextMap() ? "map[string]string" : "map[string]interface {}";
    case Kind::object:
      return "struct";
  }
  return "";
}

bool TemplateValue::IsTrue() const {
  switch (kind()) {
    case Kind::nil:
      return false;
    case Kind::boolean:
      return boolean();
    case Kind::integer:
      return integer() != 0;
    case Kind::real:
      return real() != 0;
    case Kind::text:
      return !text().empty();
    case Kind::duration:
      return duration() != 0;
    case Kind::list:
      return !list().empty();
    case Kind::map:
      return !map().empty();
    case Kind::time:
    case Kind::object:
      return true;
  }
  return false;
}

int TemplateValue::Depth() const {
  if (const auto* list = std::get_if<std::shared_ptr<const ListData>>(&data_)) return (*list)->depth;
  if (const auto* map = std::get_if<std::shared_ptr<const MapData>>(&data_)) return (*map)->depth;
  if (const auto* object = std::get_if<std::shared_ptr<const ObjectData>>(&data_)) return (*object)->depth;
  return 0;
}

}  // namespace base
