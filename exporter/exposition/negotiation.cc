#include <optional>

#include "base/text.h"
#include "exporter/exposition/exposition.h"

namespace exporter {
namespace {

struct Choice {
  ExpositionFormat format = ExpositionFormat::text;
  double quality = 0;
};

// One element of the header, "type/subtype;version=1.0.0;q=0.5"; nullopt for a form we don't speak.
std::optional<Choice> ReadElement(std::string_view element) {
  const std::vector<std::string_view> parts = base::Split(element, ';');
  const std::string media = base::ToLower(base::Trim(parts.front()));
  std::string version;
  double quality = 1;
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string_view parameter = base::Trim(parts[i]);
    const size_t equals = parameter.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string key = base::ToLower(base::Trim(parameter.substr(0, equals)));
    std::string_view value = base::Trim(parameter.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (key == "version") version = value;
    if (key == "q") quality = base::ParseFloat(value).value_or(0);
  }
  if (media == "application/openmetrics-text" && (version.empty() || version == "1.0.0")) {
    return Choice{ExpositionFormat::openmetrics, quality};
  }
  const bool plain = media == "text/plain" && (version.empty() || version == "0.0.4");
  if (plain || media == "text/*" || media == "*/*") return Choice{ExpositionFormat::text, quality};
  return std::nullopt;
}

}  // namespace

ExpositionFormat NegotiateFormat(std::string_view accept) {
  Choice best;
  for (const std::string_view element : base::Split(accept, ',')) {
    const std::optional<Choice> choice = ReadElement(element);
    if (choice && choice->quality > best.quality) best = *choice;
  }
  return best.format;
}

std::string_view ContentType(ExpositionFormat format) {
  switch (format) {
    case ExpositionFormat::text:
      return "text/plain; version=0.0.4; charset=utf-8";
    case ExpositionFormat::openmetrics:
      return "application/openmetrics-text; version=1.0.0; charset=utf-8";
  }
  return "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace exporter
