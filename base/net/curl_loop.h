#pragma once

#include <curl/curl.h>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.h"

// Included by this folder's .cc files alone: it shows libcurl.

namespace base {

// One transfer on its way through a CurlLoop. Lives on the loop's thread from Prepare on.
class CurlTransfer {
 public:
  CurlTransfer() = default;
  CurlTransfer(const CurlTransfer&) = delete;
  CurlTransfer& operator=(const CurlTransfer&) = delete;
  virtual ~CurlTransfer();

  // Sets the options of easy(). An error ends the transfer before it begins.
  virtual Result<void> Prepare() = 0;
  // The end, exactly once: libcurl's verdict …
  virtual void Finish(CURLcode code) = 0;
  // … or why there is none.
  virtual void Abandon(Error why) = 0;

  CURL* easy() const { return easy_; }

 protected:
  template <class Value>
  void Set(CURLoption option, Value value) {
    curl_easy_setopt(easy_, option, value);
  }
  // For lists that libcurl borrows; freed with the transfer.
  void SetList(CURLoption option, const std::vector<std::string>& lines);
  // What libcurl says about the failure, or the system where it could not connect.
  std::string Describe(CURLcode code) const;

 private:
  friend class CurlLoop;
  CURL* easy_ = nullptr;
  bool unwanted_ = false;
  std::vector<curl_slist*> lists_;
  std::string problem_ = std::string(CURL_ERROR_SIZE, '\0');
};

// A thread that carries transfers over one curl_multi handle. Thread-safe. Destruction abandons what is under way with
// `cancelled`.
class CurlLoop {
 public:
  CurlLoop();
  ~CurlLoop();
  CurlLoop(const CurlLoop&) = delete;
  CurlLoop& operator=(const CurlLoop&) = delete;

  uint64_t Add(std::unique_ptr<CurlTransfer> transfer);
  // Abandons it with `cancelled`, soon; nothing if it has ended.
  void Cancel(uint64_t id);

 private:
  using Entry = std::pair<uint64_t, std::unique_ptr<CurlTransfer>>;
  void Run(const std::stop_token& stop);
  void TakeNew();
  bool HasNew();
  void Begin(Entry entry);
  void EndDone();
  void EndUnwanted();
  void Remove(uint64_t id, const std::function<void(CurlTransfer&)>& last_word);

  CURLM* multi_ = nullptr;
  std::unordered_map<uint64_t, std::unique_ptr<CurlTransfer>> running_;  // the loop's thread alone
  std::unordered_map<CURL*, uint64_t> ids_;                              // the loop's thread alone

  std::mutex mutex_;
  uint64_t next_id_ = 1;  // guarded by mutex_, as the next two
  std::vector<Entry> added_;
  std::vector<uint64_t> cancelled_;

  std::jthread thread_;
};

}  // namespace base
