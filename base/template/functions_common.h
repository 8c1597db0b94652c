#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/template/template.h"

// What both tables of functions are made of. Pure.

namespace base {

std::string HumanizeNumber(double value);      // 1.234k, 12.3m
std::string HumanizeNumber1024(double value);  // 1.206ki
std::string HumanizeSeconds(double seconds);   // 1d 2h 3m 4s, 12.5ms
std::string HumanizeRatio(double value);       // 12.34%

// A number, or a text that is one, or a duration's seconds.
Result<double> TemplateNumber(const TemplateValue& value);

// RE2 without anchors; `replacement` holds $1 and ${name} as in Go. Errors: a bad expression, a too large result.
Result<bool> MatchesSomewhere(std::string_view pattern, std::string_view text);
Result<std::string> ReplaceAllMatches(std::string_view pattern, std::string_view replacement, std::string_view text);

std::string UpperCase(std::string_view text);  // of any alphabet the C library knows
std::string LowerCase(std::string_view text);
// Each word's first letter in upper case; the other letters in lower case, or as they are.
std::string TitleCase(std::string_view text, bool lower_others);

// Rows of the tables.
using TextFunction = std::function<Result<TemplateValue>(const std::string&)>;
TemplateFunction OnText(TextFunction function);
TemplateFunction OnNumber(std::string (*function)(double));
TemplateFunction OnThreeTexts(Result<std::string> (*function)(std::string_view, std::string_view, std::string_view));
TemplateFunction MatchFunction();

}  // namespace base
