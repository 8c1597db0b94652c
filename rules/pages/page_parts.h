#pragma once

#include <string>
#include <string_view>

#include "base/labels.h"
#include "base/net/html_page.h"
#include "base/time.h"
#include "rules/alert_change.h"
#include "rules/rule.h"

// HTML that the evaluator's pages share. Pure functions; what they return is escaped.

namespace rules {

// The path of the page that shows an expression, below the link path: "/graph?g0.expr=…&g0.tab=1".
std::string ExpressionPath(std::string_view expression);

// {a="b", c="d"}; a metric's name in front where there is one.
std::string LabelsHtml(const base::Labels& labels);

// 2026-12-01 14:40:00 UTC (3h 12m ago)
std::string SinceHtml(base::Timestamp time, base::Timestamp now);

// One row of a <dl>; nothing where the value is empty. `html` is put in as it is.
std::string FactHtml(std::string_view name, std::string_view html);

// An alert's annotations as rows of a <dl>; a runbook becomes a link where it is a web address.
std::string AnnotationsHtml(const base::Labels& annotations);

// That an alert is kept although its source failed, with what was known last, as a note; "" for any other alert.
std::string NoDataHtml(const ActiveAlert& alert);

// The annotations that say where to read on.
bool IsRunbook(std::string_view annotation);

}  // namespace rules
