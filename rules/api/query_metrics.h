#pragma once

#include <chrono>
#include <memory>

namespace prometheus {
class Registry;
}

namespace rules {

// Metrics of the queries that people and programs ask, under Prometheus' names: prometheus_engine_queries,
// prometheus_engine_queries_concurrent_max and prometheus_engine_query_duration_seconds. Thread-safe. The registry
// outlives it.
class QueryMetrics {
 public:
  QueryMetrics(prometheus::Registry& registry, size_t at_once);
  ~QueryMetrics();

  // One query, counted as running while this lives.
  class Running {
   public:
    explicit Running(QueryMetrics* metrics);  // null: nothing is counted
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

   private:
    QueryMetrics* metrics_;
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  };

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace rules
