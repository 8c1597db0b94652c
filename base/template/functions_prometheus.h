#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/labels.h"
#include "base/template/template.h"
#include "base/time.h"

namespace base {

// One element of what `query` returns.
struct TemplateSample {
  Labels labels;
  double value = 0;
  std::string text{};  // of an expression whose value is a string; strvalue returns it
};

struct PrometheusTemplateContext {
  // Evaluates PromQL at `now`; unset, `query` fails.
  std::function<Result<std::vector<TemplateSample>>(std::string_view expression)> query{};
  Timestamp now{};
  std::string external_url{};
};

// The functions of Prometheus' template/template.go, for rule files: query first label value strvalue args reReplaceAll
// safeHtml match title toUpper toLower graphLink tableLink sortByLabel stripPort stripDomain humanize humanize1024
// humanizeDuration humanizePercentage humanizeTimestamp toTime toDuration now pathPrefix externalURL parseDuration
// urlQueryEscape. Keeps a copy of the context.
TemplateFunctions PrometheusTemplateFunctions(PrometheusTemplateContext context);

}  // namespace base
