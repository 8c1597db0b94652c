#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "alertmanager/notify/integration.h"

namespace alertmanager {

struct Delivery {
  NotifyJob job;
  IntegrationId id;
  std::shared_ptr<const Integration> integration;
  base::Timestamp queued_at;
  int attempts = 0;
  Outcome last;  // of the last try
};

// A delivery that ended: delivered, or given up for this tick.
struct DeliveryEnd {
  Delivery delivery;
  bool delivered = false;
  base::Timestamp at;
};

// Which delivery is tried when: the pure half of the delivery pool. Each integration has a lane of its own, bounded,
// with at most `in_flight` tries at a time, so that a slow or dead receiver holds up nobody else. Of what may be tried
// in a lane, pages (NotifyJob::page) come before ends and repetitions, which never take more than half of the tries: a
// page does not wait behind many ends, nor behind ends that the receiver does not answer. A failed try is
// repeated after an exponentially growing, jittered pause, not before the peer's Retry-After (which pauses the whole
// lane: the limit is the receiver's, not the message's), and given up once the next try would be past the deadline. Not
// thread-safe.
class DeliveryQueue {
 public:
  struct Options {
    size_t in_flight = 4;
    size_t queued = 100'000;  // per lane
    base::Duration first_pause = std::chrono::milliseconds(500);
    double growth = 1.5;
    double jitter = 0.5;  // a pause is drawn from [1-jitter, 1+jitter] times its length
    base::Duration longest_pause = std::chrono::minutes(1);
  };
  DeliveryQueue(Options options, uint64_t seed) : options_(options), random_(seed) {}

  // Ends the delivery at once, undelivered, where the lane is full or paused past the deadline.
  std::optional<DeliveryEnd> Push(Delivery delivery, base::Timestamp now);
  // The next delivery to try now. What is past its deadline goes to `ended` instead.
  std::optional<Delivery> Take(base::Timestamp now, std::vector<DeliveryEnd>& ended);
  // Hands a taken delivery back with the outcome of its try; its end, unless it waits for another try.
  std::optional<DeliveryEnd> Finish(Delivery delivery, Outcome outcome, base::Timestamp now);

  // When Take may have something; Timestamp::max() while every lane is empty or busy.
  base::Timestamp NextTake() const;
  bool Idle() const;  // nothing queued, nothing being tried

 private:
  struct Class {
    std::multimap<base::Timestamp, Delivery> waiting;  // by when each may be tried
    size_t in_flight = 0;
  };
  struct Lane {
    Class pages;
    Class others;
    base::Timestamp paused_until{};

    Class& Of(const Delivery& delivery) { return delivery.job.page ? pages : others; }
    size_t Waiting() const { return pages.waiting.size() + others.waiting.size(); }
    size_t InFlight() const { return pages.in_flight + others.in_flight; }
  };
  bool HasRoom(const Lane& lane, const Class& of) const;
  base::Duration Pause(int attempts);

  Options options_;
  std::mt19937_64 random_;
  std::map<std::string, Lane> lanes_;
  std::string last_lane_;  // lanes take turns
};

}  // namespace alertmanager
