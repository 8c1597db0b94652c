#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "ingest/protobuf_reader.h"
#include "remote/read.h"
#include "store/head.h"

// The message of a request of remote read. What is answered can be walked to its end: one result for each query, or
// frames whose sizes fit; and no limit is passed.

namespace {

constexpr remote::ReadLimits kLimits = {.samples = 2000, .answer_bytes = 1 << 20, .frame_bytes = 200};

const store::Head& Stored() {
  static const std::unique_ptr<store::Head> head = [] {
    auto made = std::make_unique<store::Head>();
    const auto appender = made->NewAppender();
    for (int i = 0; i < 300; ++i) {
      const base::Timestamp time{base::Duration(i * 1000)};
      appender->Append(store::SeriesRef::none, {{"__name__", "a"}, {"job", "x"}}, time, i);
      appender->Append(store::SeriesRef::none, {{"__name__", "b"}}, time, i % 7 == 0 ? 0.1 * i : 5);
    }
    appender->AppendHistogram(store::SeriesRef::none, {{"__name__", "h"}}, base::Timestamp{},
                              std::make_shared<base::FloatHistogram>());
    if (!appender->Commit()) std::abort();
    return made;
  }();
  return *head;
}

void WalkFrames(std::string_view stream) {
  while (!stream.empty()) {
    ingest::ProtobufReader reader(stream);
    const uint64_t size = reader.ReadVarint();
    stream = reader.rest();
    if (!reader.ok() || stream.size() < 4 || stream.size() - 4 < size) std::abort();
    ingest::ProtobufReader message(stream.substr(4, size));
    while (message.Next()) {
    }
    if (!message.ok()) std::abort();
    stream.remove_prefix(4 + size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const auto answer = remote::AnswerRead(message, Stored(), {{"job", "never"}, {"site", "s"}}, kLimits);
  if (!answer) return 0;
  if (answer->streamed) {
    WalkFrames(answer->body);
    return 0;
  }
  size_t queries = 0, results = 0;
  for (ingest::ProtobufReader in(message); in.Next();) queries += in.field() == 1 ? 1 : 0;
  ingest::ProtobufReader in(answer->body);
  while (in.Next()) results += in.field() == 1 ? 1 : 0;
  if (!in.ok() || results != queries) std::abort();
  return 0;
}
