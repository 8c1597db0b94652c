#pragma once

#include <string_view>

#include "promql/annotations.h"
#include "promql/histogram_math.h"

namespace promql {

// Quantiles, fractions and variance of native histograms, interpolating within the bucket that decides:
// exponentially, but linearly in the zero bucket and in custom buckets.
double QuantileOfHistogram(double quantile, const FloatHistogram& h, std::string_view metric, const SourceRange& where,
                           AnnotationSet& annotations);
double FractionOfHistogram(double lower, double upper, const FloatHistogram& h, std::string_view metric,
                           const SourceRange& where, AnnotationSet& annotations);
double VarianceOfHistogram(const FloatHistogram& h);

// Which part of a bucket lies below a value inside it.
double FractionBelow(const Bucket& bucket, double value, bool linear);

}  // namespace promql
