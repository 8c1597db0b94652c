#include "base/template/functions_alertmanager.h"

#include <fmt/format.h>

#include <cmath>

#include "base/json_writer.h"
#include "base/net/http.h"
#include "base/template/format.h"
#include "base/template/functions_common.h"
#include "base/text.h"

namespace base {
namespace {

using Values = std::span<const TemplateValue>;
using Kind = TemplateValue::Kind;
using enum TemplateParameter;

void AppendJson(JsonWriter& json, const TemplateValue& value);

template <class Pairs>
void AppendObject(JsonWriter& json, const Pairs& pairs) {
  json.BeginObject();
  for (const auto& [name, item] : pairs) {
    if (json.text().size() > kMaxTemplateText) break;
    json.Key(name);
    AppendJson(json, item);
  }
  json.EndObject();
}

void AppendJson(JsonWriter& json, const TemplateValue& value) {
  switch (value.kind()) {
    case Kind::nil:
      json.Null();
      return;
    case Kind::boolean:
      json.Bool(value.boolean());
      return;
    case Kind::integer:
      json.Number(value.integer());
      return;
    case Kind::real:
      json.Number(value.real());
      return;
    case Kind::text:
      json.String(value.text());
      return;
    case Kind::time:
      json.String(GoFormatTime(value.time(), "2006-01-02T15:04:05.999999999Z07:00"));
      return;
    case Kind::duration:
      json.Number(value.duration());
      return;
    case Kind::list:
      json.BeginArray();
      for (const TemplateValue& item : value.list()) {
        if (json.text().size() > kMaxTemplateText) break;
        AppendJson(json, item);
      }
      json.EndArray();
      return;
    case Kind::map:
      AppendObject(json, value.map());
      return;
    case Kind::object:
      AppendObject(json, value.fields());
      return;
  }
}

Result<TemplateValue> JoinTexts(Values v) {
  std::string joined;
  for (const TemplateValue& item : v[1].list()) {
    if (&item != v[1].list().data()) joined += v[0].text();
    joined += item.text();
    if (joined.size() > kMaxTemplateText) return Fail(ErrorCode::limit_exceeded, "the result is too large");
  }
  return joined;
}

Result<TemplateValue> StringSlice(Values v) {
  std::vector<std::string> items;
  for (const TemplateValue& item : v) items.push_back(item.text());
  return TemplateValue::Texts(std::move(items));
}

Result<TemplateValue> AppendItems(Values v) {
  TemplateList items = v[0].list();
  items.insert(items.end(), v.begin() + 1, v.end());
  return TemplateValue::List(std::move(items));
}

Result<TemplateValue> Dict(Values v) {
  if (v.size() % 2 != 0) return Invalid("invalid dict call");
  TemplateMap entries;
  for (size_t i = 0; i < v.size(); i += 2) {
    if (v[i].kind() != Kind::text) return Invalid("dict keys must be strings");
    entries.insert_or_assign(v[i].text(), v[i + 1]);
  }
  return TemplateValue::Map(std::move(entries));
}

std::string Base64Url(std::string_view bytes) { return ReplaceAll(ReplaceAll(Base64(bytes), "+", "-"), "/", "_"); }

Result<TemplateValue> Base64UrlDecode(const std::string& text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string_view digits = text;
  for (int i = 0; i < 2 && digits.ends_with('='); ++i) digits.remove_suffix(1);
  const auto bad = [](size_t at) { return Invalid(fmt::format("illegal base64 data at input byte {}", at)); };
  if (text.size() % 4 != 0 || digits.size() % 4 == 1) return bad(text.size() / 4 * 4);
  std::string bytes;
  uint32_t group = 0;
  int bits = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const size_t digit = kDigits.find(digits[i]);
    if (digit == std::string_view::npos) return bad(i);
    group = (group << 6) | static_cast<uint32_t>(digit);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>((group >> bits) & 0xFF);
    }
  }
  return bytes;
}

Result<TemplateValue> UrlUnescape(const std::string& text) {
  auto plain = UnescapeUrl(text, true);
  if (!plain) return Invalid(fmt::format("invalid URL escape in {}", Quote(text)));
  return std::move(*plain);
}

TemplateFunction ToDate(bool must) {
  return {
      {text, text}, false, [must](Values v) -> Result<TemplateValue> {
        if (const auto time = GoParseTime(v[0].text(), v[1].text())) return *time;
        if (!must) return TemplateTime{};
        return Invalid(fmt::format("parsing time {} as {}: it does not fit", Quote(v[1].text()), Quote(v[0].text())));
      }};
}

}  // namespace

Result<std::string> TemplateToJson(const TemplateValue& value) {
  JsonWriter json;
  AppendJson(json, value);
  std::string text = std::move(json).Take();
  if (text.size() > kMaxTemplateText) return Fail(ErrorCode::limit_exceeded, "the result is too large");
  text = ReplaceAll(std::move(text), "<", "\\u003c");
  text = ReplaceAll(std::move(text), ">", "\\u003e");
  return ReplaceAll(std::move(text), "&", "\\u0026");
}

TemplateFunctions AlertmanagerTemplateFunctions(AlertmanagerTemplateContext context) {
  const TemplateTime now = TemplateTime::At(context.now);
  const auto in_zone = [zone = std::move(context.zone)](Values v) -> Result<TemplateValue> {
    TRY(const TimeZone found, zone(v[0].text()));
    TemplateTime time = v[1].time();
    const auto milliseconds = std::chrono::floor<Duration>(std::chrono::nanoseconds(time.nanoseconds));
    const TimeZone::Local local = found.At(Timestamp(milliseconds));
    time.offset_seconds = local.offset_seconds;
    time.zone = local.abbreviation;
    return time;
  };
  return {
      {"toUpper", OnText([](const std::string& t) -> Result<TemplateValue> { return UpperCase(t); })},
      {"toLower", OnText([](const std::string& t) -> Result<TemplateValue> { return LowerCase(t); })},
      {"title", OnText([](const std::string& t) -> Result<TemplateValue> { return TitleCase(t, true); })},
      {"trimSpace", OnText([](const std::string& t) -> Result<TemplateValue> { return Trim(t); })},
      {"join", {{text, texts}, false, JoinTexts}},
      {"match", MatchFunction()},
      {"safeHtml", OnText([](const std::string& t) -> Result<TemplateValue> { return TemplateValue::SafeHtml(t); })},
      {"safeUrl",
       OnText([](const std::string& t) -> Result<TemplateValue> { return TemplateValue::SafeHtml(EscapeHtml(t)); })},
      {"urlUnescape", OnText(UrlUnescape)},
      {"reReplaceAll", OnThreeTexts(ReplaceAllMatches)},
      {"stringSlice", {{text}, true, StringSlice}},
      {"date",
       {{text, time}, false, [](Values v) -> Result<TemplateValue> { return GoFormatTime(v[1].time(), v[0].text()); }}},
      {"tz", {{text, time}, false, in_zone}},
      {"since",
       {{time},
        false,
        [now](Values v) -> Result<TemplateValue> {
          return TemplateDuration{now.nanoseconds - v[0].time().nanoseconds};
        }}},
      {"now", {{}, false, [now](Values) -> Result<TemplateValue> { return now; }}},
      {"toDate", ToDate(false)},
      {"mustToDate", ToDate(true)},
      {"humanizeDuration", OnNumber(HumanizeSeconds)},
      {"toJson",
       {{any},
        false,
        [](Values v) -> Result<TemplateValue> {
          TRY(std::string json, TemplateToJson(v[0]));
          return json;
        }}},
      {"base64encode", OnText([](const std::string& t) -> Result<TemplateValue> { return Base64Url(t); })},
      {"base64decode", OnText(Base64UrlDecode)},
      {"list",
       {{any},
        true,
        [](Values v) -> Result<TemplateValue> { return TemplateValue::List(TemplateList(v.begin(), v.end())); }}},
      {"append", {{list, any}, true, AppendItems}},
      {"dict", {{any}, true, Dict}},
  };
}

}  // namespace base
