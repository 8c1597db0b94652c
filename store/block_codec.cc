#include "store/block_codec.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

#include "store/packed.h"

// BlockFormat::columns. A block is streams of like things, each packed (packed.h) and written with its length:
//
//   pieces      of each run of one kind of one series: the series (difference), a byte that says how (below); of floats
//               the list of their times: 0 = that of the piece before, else its number from 1; one more than there are
//               is a new one, which stands next in `times`
//   times       the origin; of each list its length and the changes of the steps
//   firsts      of each piece of floats: exponent, first number, unit, the exceptions' number and they
//   histograms  of each piece of histograms: one chunk as Chunk::Write has it
//   bits        see symbols
//   symbols     the residuals of all pieces of floats (value_code.h), in kSymbolStreams streams. A residual below 16 is
//               its own symbol. A larger one of w bits has the symbol 16 + 2 (w - 5) + its second bit, and its w - 2
//               last bits stand in `bits`. A piece's stream is chosen by the mean width of its residuals, so that
//               symbols with a similar distribution come together: then zstd's Huffman code comes near their entropy.
//
// How: bit 0 = histograms; else bit 1 = decimal, bits 2-3 = order, bits 4-7 = the symbol stream; bit 0 and 1 both set =
// floats whose residuals are all 0, no symbols, and bits 2-3 of them the form.

namespace store {
namespace {

constexpr int kLevel = 3;
constexpr size_t kFullSamples = size_t{1} << 18;
constexpr size_t kFullHistogramBytes = 4 << 20;
constexpr size_t kPieceSamples = 4096;
constexpr size_t kMostSamples = 2 * kFullSamples;      // a reader's limit
constexpr size_t kMostStreamBytes = size_t{64} << 20;  // a reader's limit

enum : size_t { kPieces, kTimes, kFirsts, kHistograms, kBits, kSymbols };
constexpr size_t kStreams = kSymbols + BlockWriter::kSymbolStreams;

constexpr uint8_t kHistogramHead = 1;
constexpr uint8_t kDecimalHead = 2;
constexpr uint8_t kFlatHead = 3;

constexpr uint64_t kPlain = 16;  // symbols that are their own value
constexpr int kPlainBits = 5;    // of the least that is not

int64_t Milliseconds(base::Timestamp time) { return time.time_since_epoch().count(); }
base::Timestamp FromMilliseconds(int64_t time) { return base::Timestamp(base::Duration(time)); }

int64_t Minus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t Plus(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b)); }

size_t StreamFor(const ValueCode& code) {
  const uint64_t half_bits = 2 * code.residual_bits / code.residuals.size();
  if (half_bits < 12) return half_bits;
  return 12U + (half_bits >= 16 ? 1U : 0U) + (half_bits >= 24 ? 1U : 0U) + (half_bits >= 48 ? 1U : 0U);
}

size_t HashOf(std::span<const base::Timestamp> times) {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(times.data()), times.size_bytes()});
}

}  // namespace

void BlockWriter::BitPacker::Write(uint64_t value, int count) {
  word |= value << used;
  used += count;
  if (used < 64) return;
  for (int i = 0; i < 64; i += 8) bytes.push_back(static_cast<char>(word >> i));
  used -= 64;
  word = used == 0 ? 0 : value >> (count - used);
}

std::string BlockWriter::BitPacker::Take() {
  for (int i = 0; i < used; i += 8) bytes.push_back(static_cast<char>(word >> i));
  word = 0;
  used = 0;
  return std::exchange(bytes, {});
}

bool BlockWriter::full() const { return samples_ >= kFullSamples || histograms_.size() >= kFullHistogramBytes; }

void BlockWriter::Grow(base::Timestamp first, base::Timestamp last, size_t count) {
  range_ = {std::min(range_.min, first), std::max(range_.max, last)};
  samples_ += count;
}

void BlockWriter::BeginPiece(int64_t series, uint8_t head) {
  pieces_.Signed(Minus(series, last_series_));
  pieces_.Byte(head);
  last_series_ = series;
}

void BlockWriter::AddTimes(std::span<const base::Timestamp> times) {
  if (!lists_.empty() && std::ranges::equal(lists_[last_list_], times)) {
    pieces_.Number(0);
    return;
  }
  const size_t hash = HashOf(times);
  const auto [begin, end] = list_by_hash_.equal_range(hash);
  const auto known =
      std::find_if(begin, end, [&](const auto& each) { return std::ranges::equal(lists_[each.second], times); });
  last_list_ = known == end ? lists_.size() : known->second;
  pieces_.Number(last_list_ + 1);
  if (known != end) return;
  list_by_hash_.emplace(hash, lists_.size());
  lists_.emplace_back(times.begin(), times.end());
  if (!origin_) {
    origin_ = times.front();
    times_.Signed(Milliseconds(*origin_));
  }
  times_.Number(times.size());
  int64_t last = Milliseconds(*origin_);
  int64_t step = 0;
  for (const base::Timestamp time : times) {
    const int64_t next = Minus(Milliseconds(time), last);
    times_.Signed(Minus(next, step));
    last = Milliseconds(time);
    step = next;
  }
}

void BlockWriter::AddSymbols(const ValueCode& code, std::string& symbols) {
  for (const uint64_t residual : code.residuals) {
    if (residual < kPlain) {
      symbols.push_back(static_cast<char>(residual));
      continue;
    }
    const int width = static_cast<int>(std::bit_width(residual));
    const int rest = width - 2;
    const uint64_t second = residual >> rest & 1;
    symbols.push_back(static_cast<char>(kPlain + 2 * static_cast<uint64_t>(width - kPlainBits) + second));
    bits_.Write(residual & ((uint64_t{1} << rest) - 1), rest);
  }
}

void BlockWriter::AddPiece(int64_t series, std::span<const base::Timestamp> times, std::span<const double> values) {
  EncodeValues(values, code_);
  const bool decimal = code_.form == ValueCode::Form::decimal;
  const bool flat = code_.residual_bits == 0;
  const size_t stream = flat ? 0 : StreamFor(code_);
  BeginPiece(series, flat ? static_cast<uint8_t>(kFlatHead | (decimal ? 4 : 0))
                          : static_cast<uint8_t>((decimal ? kDecimalHead : 0) | code_.order << 2 | stream << 4));
  AddTimes(times);
  firsts_.Byte(code_.exponent);
  firsts_.Signed(code_.first);
  if (!flat) firsts_.Number(code_.unit);
  firsts_.Number(code_.exceptions.size());
  for (const ValueCode::Exception& exception : code_.exceptions) {
    firsts_.Number(exception.place);
    firsts_.Fixed(exception.bits);
  }
  if (!flat) AddSymbols(code_, symbols_[stream]);
  Grow(times.front(), times.back(), times.size());
}

void BlockWriter::AddFloats(int64_t series, std::span<const base::Timestamp> times, std::span<const double> values) {
  for (; times.size() > kPieceSamples; times = times.subspan(kPieceSamples), values = values.subspan(kPieceSamples)) {
    AddPiece(series, times.first(kPieceSamples), values.first(kPieceSamples));
  }
  AddPiece(series, times, values);
}

void BlockWriter::AddHistograms(int64_t series, std::span<const Sample> samples) {
  for (const ChunkPtr& chunk : PackChunks(samples)) {
    BeginPiece(series, kHistogramHead);
    if (!origin_) {
      origin_ = chunk->min_time();
      times_.Signed(Milliseconds(*origin_));
    }
    chunk->Write(*origin_, histograms_);
  }
  Grow(samples.front().time, samples.back().time, samples.size());
}

Block BlockWriter::Take() {
  Packer packer(kLevel);
  ByteWriter out;
  for (const ByteWriter* stream : {&pieces_, &times_, &firsts_, &histograms_}) out.Text(packer.Pack(stream->bytes()));
  out.Text(packer.Pack(bits_.Take()));
  for (const std::string& stream : symbols_) out.Text(packer.Pack(stream));
  Block block{range_, samples_, out.Take()};
  *this = {};
  return block;
}

namespace {

// What the streams of a block hold.
class Streams {
 public:
  // False if they are damaged, or more than a block can be.
  bool Open(std::span<const std::byte> bytes) {
    ByteReader in(bytes);
    Unpacker unpacker;
    for (std::vector<std::byte>& stream : streams_) {
      if (!unpacker.Unpack(std::as_bytes(std::span(in.Text())), kMostStreamBytes)) return false;
      stream.assign(unpacker.bytes().begin(), unpacker.bytes().end());
    }
    return in.left() == 0;
  }
  std::span<const std::byte> operator[](size_t stream) const { return streams_[stream]; }

 private:
  std::array<std::vector<std::byte>, kStreams> streams_;
};

class BitUnpacker {
 public:
  explicit BitUnpacker(std::span<const std::byte> bytes) : bytes_(bytes) {}
  // False past the end.
  bool Read(int count, uint64_t& value) {  // at most 62
    if (at_ + static_cast<size_t>(count) > 8 * bytes_.size()) return false;
    const size_t first = at_ >> 3;
    const int skip = static_cast<int>(at_ & 7);
    uint64_t word = Word(first) >> skip;
    if (skip + count > 64) word |= static_cast<uint64_t>(bytes_[first + 8]) << (64 - skip);
    value = word & ((uint64_t{1} << count) - 1);
    at_ += static_cast<size_t>(count);
    return true;
  }

 private:
  uint64_t Word(size_t at) const {
    uint64_t word = 0;
    if (at + 8 <= bytes_.size()) {
      std::memcpy(&word, bytes_.data() + at, 8);
      if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
      return word;
    }
    for (size_t i = at; i < bytes_.size(); ++i) word |= static_cast<uint64_t>(bytes_[i]) << (8 * (i - at));
    return word;
  }
  std::span<const std::byte> bytes_;
  size_t at_ = 0;  // bits
};

class ColumnsReader {
 public:
  using Visit = std::function<void(int64_t, ChunkPtr)>;
  ColumnsReader(const Streams& streams, const Visit& visit)
      : visit_(visit),
        pieces_(streams[kPieces]),
        times_(streams[kTimes]),
        firsts_(streams[kFirsts]),
        histograms_(streams[kHistograms]),
        bits_(streams[kBits]) {
    for (size_t i = 0; i < symbols_.size(); ++i) symbols_[i] = streams[kSymbols + i];
  }

  bool Read() {
    origin_ = times_.Signed();
    int64_t series = 0;
    while (pieces_.left() > 0) {
      series = Plus(series, pieces_.Signed());
      const uint8_t head = pieces_.Byte();
      if (!pieces_.ok() || !times_.ok()) return false;
      if (head == kHistogramHead ? !ReadHistogramPiece(series) : !ReadFloatPiece(series, head)) return false;
    }
    return times_.left() == 0 && firsts_.left() == 0 && histograms_.left() == 0;
  }

 private:
  bool ReadHistogramPiece(int64_t series) {
    ChunkPtr chunk = ReadChunk(FromMilliseconds(origin_), histograms_);
    if (!chunk) return false;
    visit_(series, std::move(chunk));
    return true;
  }

  bool ReadFloatPiece(int64_t series, uint8_t head) {
    if (!FindTimes()) return false;
    const auto& times = lists_[list_];
    samples_ += times.size();
    if (samples_ > kMostSamples || !ReadCode(head, times.size())) return false;
    values_.clear();
    DecodeValues(code_, values_);
    for (size_t at = 0; at < times.size();) {
      const size_t left = times.size() - at;
      const size_t count = left <= kChunkSamples ? left : left <= 2 * kChunkSamples ? (left + 1) / 2 : kChunkSamples;
      for (const size_t end = at + count; at < end; ++at) run_.Append(times[at], values_[at]);
      visit_(series, run_.Close());
    }
    return true;
  }

  // Makes list_ the place of the piece's times.
  bool FindTimes() {
    const uint64_t number = pieces_.Number();
    if (!pieces_.ok() || number > lists_.size() + 1 || (number == 0 && lists_.empty())) return false;
    if (number == 0) return true;
    list_ = number - 1;
    return list_ < lists_.size() || ReadTimes();
  }

  bool ReadTimes() {
    std::vector<base::Timestamp> list(times_.Count(1));
    int64_t last = origin_;
    int64_t step = 0;
    for (size_t i = 0; i < list.size(); ++i) {
      step = Plus(step, times_.Signed());
      last = Plus(last, step);
      list[i] = FromMilliseconds(last);
      if (i > 0 && list[i] <= list[i - 1]) return false;
    }
    if (!times_.ok() || list.empty()) return false;
    lists_.push_back(std::move(list));
    return true;
  }

  bool ReadCode(uint8_t head, size_t count) {
    const bool flat = (head & 3) == kFlatHead;
    const bool decimal = flat ? (head & 4) != 0 : (head & kDecimalHead) != 0;
    code_.form = decimal ? ValueCode::Form::decimal : ValueCode::Form::bits;
    code_.order = flat ? 0 : head >> 2 & 3;
    code_.exponent = firsts_.Byte();
    code_.first = firsts_.Signed();
    code_.unit = flat ? 1 : firsts_.Number();
    code_.exceptions.resize(firsts_.Count(9));
    for (ValueCode::Exception& exception : code_.exceptions) {
      exception.place = firsts_.Number();
      exception.bits = firsts_.Fixed();
    }
    if (!firsts_.ok() || code_.order >= ValueCode::kOrders || code_.exponent > ValueCode::kMostExponent) return false;
    code_.residuals.assign(count - 1, 0);
    return flat || ReadResiduals(symbols_[head >> 4]);
  }

  // Into all of code_.residuals.
  bool ReadResiduals(std::span<const std::byte>& symbols) {
    if (symbols.size() < code_.residuals.size()) return false;
    for (size_t i = 0; i < code_.residuals.size(); ++i) {
      const auto symbol = std::to_integer<uint64_t>(symbols[i]);
      code_.residuals[i] = symbol;
      if (symbol < kPlain) continue;
      const int width = static_cast<int>((symbol - kPlain) / 2) + kPlainBits;
      uint64_t rest = 0;
      if (width > 64 || !bits_.Read(width - 2, rest)) return false;
      code_.residuals[i] = (2 | (symbol & 1)) << (width - 2) | rest;
    }
    symbols = symbols.subspan(code_.residuals.size());
    return true;
  }

  const Visit& visit_;
  ByteReader pieces_;
  ByteReader times_;
  ByteReader firsts_;
  ByteReader histograms_;
  BitUnpacker bits_;
  std::array<std::span<const std::byte>, BlockWriter::kSymbolStreams> symbols_;
  int64_t origin_ = 0;
  std::vector<std::vector<base::Timestamp>> lists_;
  size_t list_ = 0;
  size_t samples_ = 0;
  ValueCode code_;
  std::vector<double> values_;
  FloatRun run_;
};

bool ReadChunks(std::span<const std::byte> bytes, const std::function<void(int64_t, ChunkPtr)>& visit) {
  ByteReader in(bytes);
  const base::Timestamp origin = FromMilliseconds(in.Signed());
  int64_t series = 0;
  while (in.ok() && in.left() > 0) {
    series = Plus(series, in.Signed());
    const size_t chunks = in.Count(4);
    for (size_t i = 0; i < chunks; ++i) {
      ChunkPtr chunk = ReadChunk(origin, in);
      if (!chunk) return false;
      visit(series, std::move(chunk));
    }
  }
  return in.ok();
}

}  // namespace

bool ReadBlock(BlockFormat format, std::span<const std::byte> bytes,
               const std::function<void(int64_t series, ChunkPtr chunk)>& visit) {
  switch (format) {
    case BlockFormat::chunks:
      return ReadChunks(bytes, visit);
    case BlockFormat::columns: {
      Streams streams;
      return streams.Open(bytes) && ColumnsReader(streams, visit).Read();
    }
  }
  return false;
}

}  // namespace store
