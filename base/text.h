#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Small pure functions over text that several rooms need.

namespace base {

// A Go string literal in double quotes, as strconv.Quote writes it: what Prometheus prints label values with.
std::string Quote(std::string_view text);

// The shortest decimal text that reads back as the same double; "NaN", "+Inf", "-Inf". FormatFloat with
// an exponent below 1e-4 and from 1e21 ("1e-05"), FormatSampleValue as Prometheus' HTTP API prints sample values
// (exponent below 1e-6 and from 1e21: "1e-07"). Go's %v, which templates print with, is GoFormatFloat in
// base/template/format.h.
std::string FormatFloat(double value);
std::string FormatSampleValue(double value);

// A whole float as Go's ParseFloat reads it ("1e3", "0x1p-2", "Inf", "+inf", "NaN", "1_000" not); nullopt otherwise.
std::optional<double> ParseFloat(std::string_view text);
std::optional<long long> ParseInteger(std::string_view text);

bool IsValidUtf8(std::string_view text);
// The longest prefix of at most `limit` code points.
std::string_view Utf8Prefix(std::string_view text, size_t limit);
size_t Utf8Length(std::string_view text);
void AppendUtf8(std::string& out, uint32_t code_point);  // U+FFFD for what is none

std::string_view Trim(std::string_view text);  // spaces, tabs, line ends
std::vector<std::string_view> Split(std::string_view text, char separator);
std::string Join(std::span<const std::string> parts, std::string_view separator);
std::string ToLower(std::string_view text);
std::string ReplaceAll(std::string text, std::string_view from, std::string_view to);

std::string EscapeHtml(std::string_view text);
std::string EscapeUrlQuery(std::string_view text);  // as Go's url.QueryEscape: space is '+'
std::optional<std::string> UnescapeUrl(std::string_view text, bool plus_is_space);

// The nearest of `known` to a mistyped word, if it is near enough to be worth proposing.
std::optional<std::string> DidYouMean(std::string_view word, std::span<const std::string_view> known);

}  // namespace base
