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

// Up to 15 digits with or without a point between them, which is most of what pages hold. They are a whole number over
// a power of ten; both are exact in a double, so one division rounds as it should.
std::optional<double> ParseFewDigits(std::string_view text) {
  constexpr std::array<double, 15> kPowers = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
  if (text.empty() || text.size() > kPowers.size()) return std::nullopt;
  uint64_t digits = 0;
  size_t decimals = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto digit = static_cast<unsigned>(text[i] - '0');
    if (digit <= 9) {
      digits = digits * 10 + digit;
      continue;
    }
    const size_t behind = text.size() - i - 1;
    if (text[i] != '.' || decimals > 0 || i == 0 || behind == 0) return std::nullopt;
    decimals = behind;
  }
  const auto whole = static_cast<double>(digits);
  return decimals == 0 ? whole : whole / kPowers[decimals];
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
  if (const auto number = ParseFewDigits(text)) return number;
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
