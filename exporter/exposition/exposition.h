#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "exporter/metric_family.h"

// Metric families -> text, and the choice of the form. Pure functions.
//
// Prometheus text format 0.0.4 and OpenMetrics 1.0 as their specifications say. Values are the shortest decimals that
// read back as the same double. In OpenMetrics a counter whose name lacks _total is of type unknown, so that series
// are called the same in both formats.

namespace exporter {

enum class ExpositionFormat : uint8_t { text, openmetrics };

// The form that an HTTP Accept header likes best; text where it says nothing.
ExpositionFormat NegotiateFormat(std::string_view accept);
std::string_view ContentType(ExpositionFormat format);

struct ExpositionReport {
  size_t series = 0;
  size_t duplicates = 0;  // series left out because an earlier family has the same name and labels
  size_t conflicts = 0;   // families left out because an earlier one of the name is of another type
};

// Families of one name are printed as one: type, help and unit of the first count. Families come in the order of their
// names, their samples as each family holds them. Families without samples are left out.
std::string WriteExposition(std::span<const MetricFamily* const> families, ExpositionFormat format,
                            ExpositionReport* report = nullptr);

// A number as both formats print it, at `out`, which has room for kNumberSize bytes; returns its end.
inline constexpr size_t kNumberSize = 40;
char* WriteNumber(char* out, double value);

}  // namespace exporter
