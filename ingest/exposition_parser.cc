#include "ingest/exposition_parser.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"

namespace ingest {
namespace {

struct TypeWord {
  MetricType type;
  std::string_view word;
};
constexpr std::array<TypeWord, 8> kTypeWords = {{{MetricType::unknown, "unknown"},
                                                 {MetricType::counter, "counter"},
                                                 {MetricType::gauge, "gauge"},
                                                 {MetricType::histogram, "histogram"},
                                                 {MetricType::gauge_histogram, "gaugehistogram"},
                                                 {MetricType::summary, "summary"},
                                                 {MetricType::info, "info"},
                                                 {MetricType::stateset, "stateset"}}};

// Of protobuf only the stream of metric families is read, each with its length before it; there are also single ones
// and texts.
bool IsDelimitedFamilies(std::string_view parameters) {
  for (const std::string_view parameter : base::Split(parameters, ';')) {
    const size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string name = base::ToLower(base::Trim(parameter.substr(0, equals)));
    std::string_view value = base::Trim(parameter.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (name == "encoding" && base::ToLower(value) != "delimited") return false;
    if (name == "proto" && value != "io.prometheus.client.MetricFamily") return false;
  }
  return true;
}

// Whole numbers of up to 15 digits are exact in a double, and are most of what pages hold.
std::optional<double> ParseSmallInteger(std::string_view text) {
  constexpr size_t kExactDigits = 15;
  if (text.empty() || text.size() > kExactDigits) return std::nullopt;
  uint64_t value = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned>(c - '0');
    if (digit > 9) return std::nullopt;
    value = value * 10 + digit;
  }
  return static_cast<double>(value);
}

}  // namespace

std::string_view ToString(MetricType type) {
  for (const TypeWord& known : kTypeWords) {
    if (known.type == type) return known.word;
  }
  return "unknown";
}

std::unique_ptr<ExpositionParser> NewParser(std::string_view page, ParserOptions options) {
  switch (options.format) {
    case ExpositionFormat::openmetrics:
      return NewOpenMetricsParser(page, options.strict);
    case ExpositionFormat::protobuf:
      return NewProtobufParser(page, options);
    case ExpositionFormat::text:
      break;
  }
  return NewTextParser(page);
}

std::optional<ExpositionFormat> FormatOfContentType(std::string_view content_type) {
  const std::string_view media = base::Trim(content_type.substr(0, content_type.find(';')));
  const std::string lower = base::ToLower(media);
  if (lower == "application/openmetrics-text") return ExpositionFormat::openmetrics;
  if (lower == "text/plain") return ExpositionFormat::text;
  const bool protobuf = lower == "application/vnd.google.protobuf" && IsDelimitedFamilies(content_type);
  if (protobuf) return ExpositionFormat::protobuf;
  return std::nullopt;
}

std::optional<double> ParseSampleValue(std::string_view text) {
  if (const auto small = ParseSmallInteger(text)) return small;
  if (text.empty()) return std::nullopt;
  std::string_view digits = text;
  const bool negative = digits.front() == '-';
  const bool sign = negative || digits.front() == '+';
  if (sign) digits.remove_prefix(1);
  if (digits.empty()) return std::nullopt;
  const bool number = (digits.front() >= '0' && digits.front() <= '9') || digits.front() == '.';
  if (number) {
    double value = 0;
    const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (end != digits.data() + digits.size() || status == std::errc::invalid_argument) return std::nullopt;
    if (status == std::errc::result_out_of_range) {
      const auto bounded = base::ParseFloat(digits);  // tells too large from too small
      if (!bounded || std::isinf(*bounded)) return std::nullopt;
      value = *bounded;
    }
    return negative ? -value : value;
  }
  if (digits.size() > 8) return std::nullopt;
  const std::string word = base::ToLower(digits);
  if (word == "nan" && !sign) return std::numeric_limits<double>::quiet_NaN();
  if (word != "inf" && word != "infinity") return std::nullopt;
  const double infinity = std::numeric_limits<double>::infinity();
  return negative ? -infinity : infinity;
}

std::string FormatBound(double bound) {
  if (std::isnan(bound)) return "NaN";
  if (std::isinf(bound)) return bound < 0 ? "-Inf" : "+Inf";
  if (bound == 0) return "0.0";
  // the shortest digits; with an exponent from a million on, and below a ten-thousandth
  constexpr double kMostPlain = 1e6;
  constexpr double kLeastPlain = 1e-4;
  const bool plain = std::abs(bound) >= kLeastPlain && std::abs(bound) < kMostPlain;
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bound,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific)
                       .ptr;
  std::string text(digits.data(), end);
  if (plain && !text.contains('.')) text += ".0";
  return text;
}

}  // namespace ingest
