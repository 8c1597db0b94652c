#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/template/value.h"

// Go's fmt package over template values: printing by verbs, with Go's own notes about misuse ("%!d(string=x)"). Pure.

namespace base {

// No text a template makes grows beyond this; what would is cut there (and the executor then ends with an error).
inline constexpr size_t kMaxTemplateText = 4UL << 20;

std::string GoSprintf(std::string_view format, std::span<const TemplateValue> arguments);
std::string GoSprint(std::span<const TemplateValue> arguments);    // a space between operands that are no strings
std::string GoSprintln(std::span<const TemplateValue> arguments);  // a space between all, and a line end
std::string GoFormat(const TemplateValue& value);                  // %v

// A float by Go's %e %f %g (upper case too); precision -1 is the shortest that reads back.
std::string GoFormatFloat(double value, char verb, int precision);

// By Go's layouts ("2006-01-02T15:04:05Z07:00"), and as time.Time and time.Duration print themselves.
std::string GoFormatTime(const TemplateTime& time, std::string_view layout);
// Reads a time written by such a layout, in UTC where it holds no zone; nullopt where it does not fit.
std::optional<TemplateTime> GoParseTime(std::string_view layout, std::string_view text);
std::string GoPrintTime(const TemplateTime& time);
std::string GoPrintDuration(int64_t nanoseconds);

}  // namespace base
