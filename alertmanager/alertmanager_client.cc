#include "alertmanager/alertmanager_client.h"

#include <algorithm>
#include <cmath>

#include "alertmanager/notify/forward.h"
#include "alertmanager/notify/http_send.h"
#include "base/log.h"

namespace alertmanager {

AlertmanagerClient::AlertmanagerClient(const AlertingConfig& config, Options options) : options_(options) {
  for (const AlertmanagerPeer& peer : config.peers) {
    peers_.push_back(std::make_unique<Peer>(
        Peer{peer, base::RedactUrl(AlertsUrl(peer.url)), AlertQueue(options_.queued_alerts), false, {}}));
    options_.metrics.SetClientQueue(peers_.back()->name, 0);
    options_.metrics.ClientSent(peers_.back()->name, 0);  // shown as zero from the start, so that a rate sees the first
    options_.metrics.ClientFailed(peers_.back()->name, 0);
  }
  options_.metrics.SetClients(peers_.size() + options_.others, options_.queued_alerts);
  for (const auto& peer : peers_) {
    peer->thread = std::jthread([this, &peer = *peer](const std::stop_token& stop) { Run(peer, stop); });
  }
}

AlertmanagerClient::~AlertmanagerClient() { Stop(base::Duration(0)); }

void AlertmanagerClient::Send(std::span<const base::Alert> alerts) {
  size_t dropped = 0;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& peer : peers_) {
      dropped += peer->queue.Push(alerts);
      options_.metrics.SetClientQueue(peer->name, peer->queue.size());
    }
  }
  changed_.notify_all();
  if (dropped == 0) return;
  options_.metrics.ClientDropped(dropped);
  base::LogWarn("the queue to an Alertmanager is full, its oldest alerts were dropped", {{"alerts", dropped}});
}

void AlertmanagerClient::Run(Peer& peer, std::stop_token stop) {
  int failures = 0;
  base::Duration pause{0};
  while (!stop.stop_requested()) {
    std::vector<base::Alert> batch;
    {
      std::unique_lock lock(mutex_);
      if (pause > base::Duration(0)) changed_.wait_for(lock, stop, pause, [] { return false; });
      if (!changed_.wait(lock, stop, [&] { return peer.queue.size() > 0; })) return;
      batch = peer.queue.Take(kAlertsPerPost);
      peer.busy = true;
    }
    pause = SendBatch(peer, std::move(batch), failures, stop);
    failures = pause > base::Duration(0) ? failures + 1 : 0;
    {
      const std::scoped_lock lock(mutex_);
      peer.busy = false;
      options_.metrics.SetClientQueue(peer.name, peer.queue.size());
    }
    changed_.notify_all();
  }
}

base::Duration AlertmanagerClient::SendBatch(Peer& peer, std::vector<base::Alert> batch, int failures,
                                             std::stop_token stop) {
  const base::Timestamp started = options_.clock.Now();
  const Outcome outcome = PostJson({.url = AlertsUrl(peer.config.url),
                                    .url_is_secret = false,
                                    .body = AlertsPayload(batch),
                                    .http = &peer.config.http,
                                    .timeout = peer.config.timeout},
                                   {options_.client, options_.clock.Now(), peer.config.timeout, std::move(stop)});
  options_.metrics.ClientAnswered(peer.name, std::max(base::Duration(0), options_.clock.Now() - started));
  if (outcome.kind == Outcome::Kind::delivered) {
    options_.metrics.ClientSent(peer.name, batch.size());
    return base::Duration(0);
  }
  options_.metrics.ClientFailed(peer.name, batch.size());
  if (failures == 0) {
    base::LogWarn("an Alertmanager did not take alerts",
                  {{"alertmanager", peer.name}, {"alerts", batch.size()}, {"error", outcome.reason}});
  }
  size_t dropped = batch.size();
  if (outcome.kind == Outcome::Kind::retry) {
    const std::scoped_lock lock(mutex_);
    dropped = peer.queue.Return(std::move(batch));
  }
  options_.metrics.ClientDropped(dropped);
  if (outcome.kind == Outcome::Kind::failed) return base::Duration(0);
  const double grown = static_cast<double>(options_.first_pause.count()) * std::pow(2.0, std::min(failures, 20));
  const double capped = std::min(grown, static_cast<double>(options_.longest_pause.count()));
  return std::max(base::Duration(static_cast<int64_t>(capped)), outcome.after.value_or(base::Duration(0)));
}

void AlertmanagerClient::TakeOver(AlertmanagerClient& old) {
  size_t dropped = 0;
  {
    const std::scoped_lock lock(mutex_, old.mutex_);
    for (const auto& peer : peers_) {
      const auto same =
          std::ranges::find(old.peers_, peer->config.url, [](const auto& one) { return one->config.url; });
      if (same == old.peers_.end()) continue;
      dropped += peer->queue.Return((*same)->queue.Take((*same)->queue.size()));
      options_.metrics.SetClientQueue(peer->name, peer->queue.size());
    }
  }
  options_.metrics.ClientDropped(dropped);
  changed_.notify_all();
}

bool AlertmanagerClient::Stop(base::Duration limit) {
  bool empty = false;
  {
    std::unique_lock lock(mutex_);
    empty = changed_.wait_for(lock, limit, [this] {
      return std::ranges::all_of(peers_, [](const auto& peer) { return !peer->busy && peer->queue.size() == 0; });
    });
  }
  for (const auto& peer : peers_) peer->thread.request_stop();
  for (const auto& peer : peers_) peer->thread = {};
  return empty;
}

}  // namespace alertmanager
