#include "ingest/protobuf_labels.h"

#include <algorithm>
#include <vector>

namespace ingest {
namespace {

base::Timestamp ReadTime(std::string_view message, ProtobufFault& fault) {
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
  for (FieldReader in(message, fault); in.Next();) {
    if (in.field() == 1) in.Take(seconds);
    if (in.field() == 2) in.Take(nanoseconds);
  }
  // further than the clock counts is as far as it counts
  constexpr double kFurthest = 9.2e18;
  const int64_t rest = nanoseconds / 1'000'000;
  const double milliseconds = static_cast<double>(seconds) * 1000 + static_cast<double>(rest);
  return base::Timestamp(base::Duration(static_cast<int64_t>(std::clamp(milliseconds, -kFurthest, kFurthest))));
}

}  // namespace

base::Label ReadLabel(std::string_view message, ProtobufFault& fault) {
  base::Label label;
  for (FieldReader in(message, fault); in.Next();) {
    if (in.field() == 1) in.Take(label.name);
    if (in.field() == 2) in.Take(label.value);
  }
  return label;
}

Exemplar ReadExemplar(std::string_view message, ProtobufFault& fault) {
  Exemplar exemplar;
  std::vector<base::Label> labels;
  std::string_view part;
  for (FieldReader in(message, fault); in.Next();) {
    if (in.field() == 1) {
      in.Take(part);
      labels.push_back(ReadLabel(part, fault));
    } else if (in.field() == 2) {
      in.Take(exemplar.value);
    } else if (in.field() == 3) {
      in.Take(part);
      exemplar.time = ReadTime(part, fault);
    }
  }
  exemplar.labels = base::Labels(std::move(labels));
  return exemplar;
}

void AppendLabel(std::string& out, base::Label label) {
  const bool plain = base::IsLegacyLabelName(label.name);
  if (plain) {
    out.append(label.name).append("=\"");
  } else {
    out += '"';
    AppendEscaped(out, label.name);
    out += "\"=\"";
  }
  AppendEscaped(out, label.value);
  out += '"';
}

void AppendEscaped(std::string& out, std::string_view text) {
  size_t copied = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '\\' && c != '"' && c != '\n') continue;
    out.append(text.substr(copied, i - copied)).append(c == '\n' ? "\\n" : c == '"' ? "\\\"" : "\\\\");
    copied = i + 1;
  }
  out.append(text.substr(copied));
}

}  // namespace ingest
