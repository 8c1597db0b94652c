#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ingest/protobuf_reader.h"

namespace ingest {

// The first thing that is wrong with a page, and where in it.
struct ProtobufFault {
  const char* at = nullptr;  // null: nothing is
  std::string what;
};

// Walks a message as ProtobufReader does, but takes no value of another kind than the schema's: the first mistake ends
// the walk and is noted in `fault`, which several walks may share.
//   for (FieldReader in(message, fault); in.Next();)
//     if (in.field() == 1) in.Take(name);
class FieldReader {
 public:
  FieldReader(std::string_view message, ProtobufFault& fault) : in_(message), fault_(&fault) {}

  bool Next() {
    if (fault_->at != nullptr) return false;
    const bool more = in_.Next();
    if (!in_.ok()) Fail("a field cannot be read");
    return more;
  }
  uint32_t field() const { return in_.field(); }

  void Take(std::string_view& out) {
    if (Check(in_.IsBytes())) out = in_.Bytes();
  }
  void Take(double& out) {
    if (Check(in_.IsFixed64())) out = in_.Double();
  }
  void Take(uint64_t& out) {
    if (Check(in_.IsVarint())) out = in_.Unsigned();
  }
  void Take(int64_t& out) {
    if (Check(in_.IsVarint())) out = in_.Signed();
  }
  void TakeZigZag(int32_t& out) {
    if (Check(in_.IsVarint())) out = static_cast<int32_t>(in_.ZigZag());
  }
  // A repeated number, packed or not.
  template <class Take>
  void TakeVarints(Take take) {
    if (Check(in_.IsBytes() || in_.IsVarint())) in_.Varints(take);
  }
  template <class Take>
  void TakeDoubles(Take take) {
    if (Check(in_.IsBytes() || in_.IsFixed64())) in_.Doubles(take);
  }
  // Of a field of bytes; nothing of others.
  std::string_view Bytes() const { return in_.Bytes(); }

  void Fail(std::string what) {
    if (fault_->at == nullptr) *fault_ = {in_.start(), std::move(what)};
  }

 private:
  bool Check(bool expected) {
    if (!expected) Fail("field " + std::to_string(field()) + " is of another kind than its message has it");
    return expected;
  }

  ProtobufReader in_;
  ProtobufFault* fault_;
};

}  // namespace ingest
