#include "base/net/curl_loop.h"

#include <csignal>
#include <cstring>

namespace base {
namespace {

constexpr long kKeptConnections = 256;
constexpr int kPollMilliseconds = 1000;
// Without transfers nothing but Add, Cancel and the end has news, and each of them wakes the loop.
constexpr int kIdlePollMilliseconds = 3'600'000;

// Writes to a connection the peer has closed must not end the process.
void BlockBrokenPipeSignal() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Error Cancelled() { return {ErrorCode::cancelled, "cancelled", std::nullopt}; }

int OnProgress(void* unwanted, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<const bool*>(unwanted) ? 1 : 0;
}

}  // namespace

CurlTransfer::~CurlTransfer() {
  if (easy_ != nullptr) curl_easy_cleanup(easy_);
  for (curl_slist* list : lists_) curl_slist_free_all(list);
}

void CurlTransfer::SetList(CURLoption option, const std::vector<std::string>& lines) {
  curl_slist* list = nullptr;
  for (const std::string& line : lines) list = curl_slist_append(list, line.c_str());
  lists_.push_back(list);
  Set(option, list);
}

std::string CurlTransfer::Describe(CURLcode code) const {
  if (code == CURLE_COULDNT_CONNECT) {
    long system_error = 0;
    curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &system_error);
    if (system_error != 0) return std::strerror(static_cast<int>(system_error));
  }
  if (problem_.front() != '\0') return problem_.substr(0, problem_.find('\0'));
  return curl_easy_strerror(code);
}

CurlLoop::CurlLoop() {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(initialised);
  multi_ = curl_multi_init();
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kKeptConnections);
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

CurlLoop::~CurlLoop() {
  thread_.request_stop();
  curl_multi_wakeup(multi_);
  thread_.join();
  curl_multi_cleanup(multi_);
}

uint64_t CurlLoop::Add(std::unique_ptr<CurlTransfer> transfer) {
  uint64_t id = 0;
  {
    const std::scoped_lock lock(mutex_);
    id = next_id_++;
    added_.emplace_back(id, std::move(transfer));
  }
  curl_multi_wakeup(multi_);
  return id;
}

void CurlLoop::Cancel(uint64_t id) {
  {
    const std::scoped_lock lock(mutex_);
    cancelled_.push_back(id);
  }
  curl_multi_wakeup(multi_);
}

void CurlLoop::Run(const std::stop_token& stop) {
  BlockBrokenPipeSignal();
  int still_running = 0;
  while (!stop.stop_requested()) {
    TakeNew();
    curl_multi_perform(multi_, &still_running);
    EndDone();
    EndUnwanted();
    curl_multi_poll(multi_, nullptr, 0, running_.empty() ? kIdlePollMilliseconds : kPollMilliseconds, nullptr);
  }
  // the end of one transfer may have begun another
  do {
    TakeNew();
    for (const auto& [id, transfer] : running_) transfer->unwanted_ = true;
    curl_multi_perform(multi_, &still_running);
    EndDone();
    EndUnwanted();
  } while (HasNew());
}

bool CurlLoop::HasNew() {
  const std::scoped_lock lock(mutex_);
  return !added_.empty();
}

void CurlLoop::TakeNew() {
  std::vector<Entry> added;
  std::vector<uint64_t> cancelled;
  {
    const std::scoped_lock lock(mutex_);
    added.swap(added_);
    cancelled.swap(cancelled_);
  }
  for (Entry& entry : added) Begin(std::move(entry));
  // A mail taken away from libcurl in the middle is ended as if it were whole, and the server waited for. So libcurl
  // is told to give up by the progress callback; what has no connection yet is taken away by EndUnwanted.
  for (const uint64_t id : cancelled) {
    if (const auto at = running_.find(id); at != running_.end()) at->second->unwanted_ = true;
  }
}

void CurlLoop::EndUnwanted() {
  std::vector<uint64_t> unwanted;
  for (const auto& [id, transfer] : running_) {
    if (transfer->unwanted_) unwanted.push_back(id);
  }
  for (const uint64_t id : unwanted) {
    Remove(id, [](CurlTransfer& transfer) { transfer.Abandon(Cancelled()); });
  }
}

void CurlLoop::Begin(Entry entry) {
  CurlTransfer& transfer = *entry.second;
  transfer.easy_ = curl_easy_init();
  if (transfer.easy_ == nullptr) {
    transfer.Abandon({ErrorCode::internal, "cannot make a curl handle", std::nullopt});
    return;
  }
  transfer.Set(CURLOPT_ERRORBUFFER, transfer.problem_.data());
  transfer.Set(CURLOPT_NOSIGNAL, 1L);
  transfer.Set(CURLOPT_NOPROGRESS, 0L);
  transfer.Set(CURLOPT_XFERINFOFUNCTION, &OnProgress);
  transfer.Set(CURLOPT_XFERINFODATA, &transfer.unwanted_);
  transfer.Set(CURLOPT_QUICK_EXIT, 1L);  // don't wait for a name lookup that nobody wants any more
  if (auto ready = transfer.Prepare(); !ready) {
    transfer.Abandon(std::move(ready).error());
    return;
  }
  if (const CURLMcode code = curl_multi_add_handle(multi_, transfer.easy_); code != CURLM_OK) {
    transfer.Abandon({ErrorCode::internal, curl_multi_strerror(code), std::nullopt});
    return;
  }
  ids_.emplace(transfer.easy_, entry.first);
  running_.insert(std::move(entry));
}

void CurlLoop::EndDone() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    const auto id = ids_.find(message->easy_handle);
    if (id == ids_.end()) continue;
    Remove(id->second, [code](CurlTransfer& transfer) {
      if (code == CURLE_ABORTED_BY_CALLBACK) {
        transfer.Abandon(Cancelled());
      } else {
        transfer.Finish(code);
      }
    });
  }
}

void CurlLoop::Remove(uint64_t id, const std::function<void(CurlTransfer&)>& last_word) {
  const auto at = running_.find(id);
  if (at == running_.end()) return;
  const std::unique_ptr<CurlTransfer> transfer = std::move(at->second);
  running_.erase(at);
  ids_.erase(transfer->easy());
  curl_multi_remove_handle(multi_, transfer->easy());
  last_word(*transfer);
}

}  // namespace base
