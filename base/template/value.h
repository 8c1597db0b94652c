#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/labels.h"
#include "base/result.h"
#include "base/time.h"

namespace base {

class TemplateValue;
using TemplateList = std::vector<TemplateValue>;
using TemplateMap = std::map<std::string, TemplateValue, std::less<>>;

// An instant to the nanosecond in a zone, as Go's time.Time.
struct TemplateTime {
  int64_t nanoseconds = 0;  // since 1970, UTC
  int32_t offset_seconds = 0;
  std::string zone = "UTC";
  static TemplateTime At(Timestamp time) { return {time.time_since_epoch().count() * 1'000'000, 0, "UTC"}; }
};
// A span to the nanosecond, as Go's time.Duration.
struct TemplateDuration {
  int64_t nanoseconds = 0;
};

// What a list, map or object calls itself in messages, and what can be called on it: ".Alerts.Firing".
struct TemplateType {
  struct Method {
    size_t arguments = 0;
    std::function<Result<TemplateValue>(const TemplateValue& self, std::span<const TemplateValue> arguments)> call;
  };
  std::string name;  // as Go prints it with %T
  std::map<std::string, Method, std::less<>> methods{};
};

// What a template computes with. A value; lists, maps and objects are shared and never change. Thread-safe as such.
class TemplateValue {
 public:
  enum class Kind : uint8_t { nil, boolean, integer, real, text, time, duration, list, map, object };
  // Named fields in order; Go's struct.
  using Fields = std::vector<std::pair<std::string, TemplateValue>>;

  TemplateValue() = default;  // nil
  TemplateValue(bool value) : data_(value) {}
  TemplateValue(int value) : data_(static_cast<int64_t>(value)) {}
  TemplateValue(int64_t value) : data_(value) {}
  TemplateValue(double value) : data_(value) {}
  TemplateValue(std::string value) : data_(std::move(value)) {}
  TemplateValue(std::string_view value) : data_(std::string(value)) {}
  TemplateValue(const char* value) : data_(std::string(value)) {}
  TemplateValue(TemplateTime value) : data_(std::move(value)) {}
  TemplateValue(TemplateDuration value) : data_(value) {}

  static TemplateValue SafeHtml(std::string text);  // not escaped again
  // `type` borrows: a static table, or whatever else outlives the value.
  static TemplateValue List(TemplateList items, const TemplateType* type = nullptr);
  static TemplateValue Texts(std::vector<std::string> items);  // []string
  // What a missing key stands for is nil, in TextMap "".
  static TemplateValue Map(TemplateMap entries, const TemplateType* type = nullptr);
  static TemplateValue TextMap(TemplateMap entries, const TemplateType* type = nullptr);
  static TemplateValue TextMap(const Labels& labels, const TemplateType* type = nullptr);
  static TemplateValue Object(const TemplateType* type, Fields fields);

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool IsNil() const { return kind() == Kind::nil; }
  // Each is for its own kind alone.
  bool boolean() const { return std::get<bool>(data_); }
  int64_t integer() const { return std::get<int64_t>(data_); }
  double real() const { return std::get<double>(data_); }
  const std::string& text() const { return std::get<std::string>(data_); }
  const TemplateTime& time() const { return std::get<TemplateTime>(data_); }
  int64_t duration() const { return std::get<TemplateDuration>(data_).nanoseconds; }
  const TemplateList& list() const;
  const TemplateMap& map() const;
  const Fields& fields() const;

  bool safe_html() const { return safe_html_; }
  const TemplateType* type() const;  // null where there is none
  bool IsTextMap() const;
  std::string TypeName() const;  // "float64", "[]string", "map[string]interface {}" …
  // Go's idea of truth: not zero, not empty.
  bool IsTrue() const;
  // How deep lists, maps and objects are nested; 0 for plain values.
  int Depth() const;

 private:
  struct ListData;
  struct MapData;
  struct ObjectData;
  template <class T>
  explicit TemplateValue(std::shared_ptr<const T> data) : data_(std::move(data)) {}

  std::variant<std::monostate, bool, int64_t, double, std::string, TemplateTime, TemplateDuration,
               std::shared_ptr<const ListData>, std::shared_ptr<const MapData>, std::shared_ptr<const ObjectData>>
      data_;
  bool safe_html_ = false;
};

}  // namespace base
