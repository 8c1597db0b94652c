#include "rules/unit_test/test_input.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "promql/parser.h"
#include "promql/stored_hint.h"

namespace rules {
namespace {

class HintedAppender : public store::Appender {
 public:
  HintedAppender(std::unique_ptr<store::Appender> into, std::map<base::Labels, store::HistogramPtr>& previous)
      : into_(std::move(into)), previous_(previous) {}

  store::Appended Append(store::SeriesRef ref, const base::Labels& labels, base::Timestamp time,
                         double value) override {
    previous_.erase(labels);
    return into_->Append(ref, labels, time, value);
  }
  store::Appended AppendHistogram(store::SeriesRef ref, const base::Labels& labels, base::Timestamp time,
                                  store::HistogramPtr histogram) override {
    store::HistogramPtr& previous = previous_[labels];
    previous = promql::WithStoredHint(previous, histogram);
    return into_->AppendHistogram(ref, labels, time, previous);
  }
  base::Result<void> Commit() override { return into_->Commit(); }
  void Rollback() override { into_->Rollback(); }

 private:
  std::unique_ptr<store::Appender> into_;
  std::map<base::Labels, store::HistogramPtr>& previous_;
};

std::unexpected<base::Error> At(const YamlText& text, const base::Error& error) {
  return std::unexpected(
      base::Error{error.code, fmt::format("{}: {}", text.path, promql::ErrorText(error)), text.where});
}

bool Append(store::Appender& appender, const base::Labels& labels, const promql::NotedValue& value,
            base::Timestamp time) {
  const store::Appended appended = value.histogram
                                       ? appender.AppendHistogram(store::SeriesRef::none, labels, time, value.histogram)
                                       : appender.Append(store::SeriesRef::none, labels, time, value.value);
  return appended.status == store::AppendStatus::ok;
}

}  // namespace

std::unique_ptr<store::Appender> HintedAppendable::NewAppender() {
  return std::make_unique<HintedAppender>(into_.NewAppender(), previous_);
}

base::Result<TestInput> TestInput::Parse(std::span<const InputSeries> series, base::Timestamp start,
                                         base::Duration interval) {
  TestInput input(start, interval);
  std::map<base::Labels, size_t> places;
  for (const InputSeries& one : series) {
    std::string_view rest;
    auto labels = promql::ParseMetric(one.series.text, &rest);
    if (labels && !base::Trim(rest).empty()) {
      labels = base::Invalid(fmt::format("unexpected {} behind the series", base::Quote(base::Trim(rest))));
    }
    if (!labels) return At(one.series, labels.error());
    const auto values = promql::ParseNotedRuns(one.values.text);
    if (!values) return At(one.values, values.error());
    const auto [place, unseen] = places.emplace(*labels, input.series_.size());
    if (unseen) {
      input.series_.push_back({*std::move(labels), *values});
    } else {
      input.series_[place->second].values = *values;
    }
  }
  return input;
}

base::Result<void> TestInput::StoreUntil(base::Timestamp time, store::Appendable& appendable) {
  const auto appender = appendable.NewAppender();
  for (; next_ <= time && !std::ranges::all_of(series_, &Series::ended); next_ += interval_) {
    for (Series& series : series_) {
      const promql::NotedValue* value = series.ended ? nullptr : series.values.Next();
      series.ended = value == nullptr;
      if (series.ended || value->omitted) continue;
      if (Append(*appender, series.labels, *value, next_)) continue;
      return base::Invalid(fmt::format("the sample of {} at {} cannot be stored: a rule writes this series as well",
                                       series.labels.ToString(), base::FormatRfc3339(next_)));
    }
  }
  return appender->Commit();
}

}  // namespace rules
