#include "store/chunk.h"

#include <algorithm>
#include <cstring>
#include <limits>

// The float format, after Facebook's Gorilla paper. The first sample's time stands in the header, its value is 64 raw
// bits. Every later sample is a time and a value:
//   time   the change of the step between times: 0 = none, 10 + 7 bits, 110 + 14, 1110 + 20 (two's complement),
//          1111 + 64. Seven bits come first because scrapes are off by a few milliseconds.
//   value  XOR with the value before: 0 = same, 10 = the bits of the window in force, 11 = 5 bits of leading zeros,
//          6 bits of length - 1 and the bits, which then are the window. A window too wide to pay is left.
// Times wrap in 64 bits, so any pair of instants is representable.

namespace store {
namespace {

constexpr int kSmall = 7;
constexpr int kMiddle = 14;
constexpr int kLarge = 20;
constexpr int kWindowHeader = 11;

bool Fits(int64_t value, int bits) {
  const int64_t half = int64_t{1} << (bits - 1);
  return value >= -half && value < half;
}

int64_t SignExtend(uint64_t bits, int count) { return static_cast<int64_t>(bits << (64 - count)) >> (64 - count); }

uint64_t Low(int64_t value, int bits) { return static_cast<uint64_t>(value) & ((uint64_t{1} << bits) - 1); }

int64_t Minus(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}
int64_t Plus(int64_t a, int64_t b) { return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b)); }

int64_t ReadTimeChange(BitReader& reader, uint64_t next) {
  switch (std::countl_one(next)) {
    case 0:
      reader.Skip(1);
      return 0;
    case 1:
      reader.Skip(2 + kSmall);
      return SignExtend(next << 2 >> (64 - kSmall), kSmall);
    case 2:
      reader.Skip(3 + kMiddle);
      return SignExtend(next << 3 >> (64 - kMiddle), kMiddle);
    case 3:
      reader.Skip(4 + kLarge);
      return SignExtend(next << 4 >> (64 - kLarge), kLarge);
    default:
      reader.Skip(4);
      return static_cast<int64_t>(reader.Read(64));
  }
}

struct Window {
  int length = 1;  // damage may use a window before there is one
  int trailing = 0;
};

// The reader's next bits are `next`, kPeeked - 1 of them real.
uint64_t ReadValueChange(BitReader& reader, uint64_t next, Window& window) {
  if (next >> 63 == 0) {
    reader.Skip(1);
    return 0;
  }
  int header = 2;
  if (next >> 62 == 3) {
    header += kWindowHeader;
    const int leading = static_cast<int>(next << 2 >> 59);
    window.length = static_cast<int>(next << 7 >> 58) + 1;
    window.trailing = (64 - leading - window.length) & 63;  // damage may ask for more than there is
  }
  if (header + window.length < BitReader::kPeeked) {
    reader.Skip(header + window.length);
    return next << header >> (64 - window.length) << window.trailing;
  }
  reader.Skip(header);
  return reader.Read(window.length) << window.trailing;
}

// Decodes straight into the columns. Samples before the range are decoded and overwritten, those after not decoded.
// Returns how many bits it read.
size_t DecodeFloats(const uint8_t* bytes, int64_t first, size_t count, TimeRange range, Samples& out) {
  const size_t before = out.size();
  out.times.resize(before + count);
  out.values.resize(before + count);
  base::Timestamp* times = out.times.data() + before;
  double* values = out.values.data() + before;
  const int64_t min = range.min.time_since_epoch().count();
  const int64_t max = range.max.time_since_epoch().count();

  BitReader reader(bytes);
  Window window;
  int64_t time = first;
  int64_t delta = 0;
  uint64_t value = reader.Read(64);
  size_t kept = 0;
  for (size_t i = 0;;) {
    if (time > max) break;
    times[kept] = base::Timestamp(base::Duration(time));
    values[kept] = std::bit_cast<double>(value);
    kept += time >= min;
    if (++i == count) break;
    uint64_t next = reader.Peek();
    if (next >> 63 == 0) {  // the step stays: one look shows the value, too
      reader.Skip(1);
      next <<= 1;
    } else {
      delta = Plus(delta, ReadTimeChange(reader, next));
      next = reader.Peek();
    }
    time = Plus(time, delta);
    value ^= ReadValueChange(reader, next, window);
  }
  out.times.resize(before + kept);
  out.values.resize(before + kept);
  if (!out.histograms.empty()) out.histograms.resize(before + kept);
  return reader.position();
}

enum class ChunkKind : uint8_t { floats = 0, histograms = 1 };

int64_t Milliseconds(base::Timestamp time) { return time.time_since_epoch().count(); }
base::Timestamp FromMilliseconds(int64_t time) { return base::Timestamp(base::Duration(time)); }

class FloatChunk final : public Chunk {
 public:
  FloatChunk(base::Timestamp min, base::Timestamp max, size_t count, std::span<const uint8_t> bytes)
      : Chunk(min, max),
        count_(static_cast<uint32_t>(count)),
        size_(static_cast<uint32_t>(bytes.size() + BitReader::kPadding)),
        bytes_(std::make_unique_for_overwrite<uint8_t[]>(size_)) {
    std::ranges::copy(bytes, bytes_.get());
    std::fill_n(bytes_.get() + bytes.size(), BitReader::kPadding, uint8_t{0});
  }
  void Read(TimeRange range, Samples& out) const override {
    DecodeFloats(bytes_.get(), min_time().time_since_epoch().count(), count_, range, out);
  }
  size_t Bytes() const override { return sizeof(*this) + 32 + size_; }
  void Write(base::Timestamp origin, ByteWriter& out) const override {
    out.Number(static_cast<uint64_t>(ChunkKind::floats));
    out.Number(count_);
    out.Signed(Minus(Milliseconds(min_time()), Milliseconds(origin)));
    out.Signed(Minus(Milliseconds(max_time()), Milliseconds(min_time())));
    out.Text({reinterpret_cast<const char*>(bytes_.get()), size_ - BitReader::kPadding});
  }

 private:
  uint32_t count_;
  uint32_t size_;
  std::unique_ptr<uint8_t[]> bytes_;
};

class HistogramChunk final : public Chunk {
 public:
  explicit HistogramChunk(std::vector<Sample> samples)
      : Chunk(samples.front().time, samples.back().time), samples_(std::move(samples)) {}
  void Read(TimeRange range, Samples& out) const override { ReadHistograms(samples_, range, out); }
  size_t Bytes() const override {
    size_t bytes = sizeof(*this) + 32;
    for (const Sample& sample : samples_) bytes += HistogramBytes(sample);
    return bytes;
  }
  void Write(base::Timestamp origin, ByteWriter& out) const override {
    out.Number(static_cast<uint64_t>(ChunkKind::histograms));
    out.Number(samples_.size());
    for (const Sample& sample : samples_) {
      out.Signed(Minus(Milliseconds(sample.time), Milliseconds(origin)));
      WriteHistogram(*sample.histogram, out);
      origin = sample.time;
    }
  }

 private:
  std::vector<Sample> samples_;
};

bool SameBits(double a, double b) { return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b); }

bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

// The most bits a sample can take, so that a count that the bytes cannot hold is noticed before they are decoded.
bool CanHold(size_t bytes, size_t count) { return bytes >= 8 && bytes * 8 >= 64 + 2 * (count - 1); }

ChunkPtr ReadFloatChunk(base::Timestamp origin, ByteReader& in) {
  const uint64_t count = in.Number();
  const int64_t min = Plus(Milliseconds(origin), in.Signed());
  const int64_t max = Plus(min, in.Signed());
  const std::string_view bits = in.Text();
  const bool sound = in.ok() && count > 0 && count <= kChunkSamples && max >= min && CanHold(bits.size(), count) &&
                     bits.size() <= FloatRun::kMaxBytes;
  if (!sound) return nullptr;
  // Decoding a damaged run of this many samples reads at most kMaxBytes past its start.
  std::vector<uint8_t> padded(FloatRun::kMaxBytes + 16);
  std::ranges::copy(bits, padded.begin());
  Samples columns;
  const size_t read =
      DecodeFloats(padded.data(), min, count, {base::Timestamp::min(), base::Timestamp::max()}, columns);
  const bool whole = read <= bits.size() * 8 && columns.size() == count &&
                     std::ranges::is_sorted(columns.times, std::ranges::less_equal{}) &&
                     columns.times.back() == FromMilliseconds(max);
  if (!whole) return nullptr;
  return std::make_shared<const FloatChunk>(FromMilliseconds(min), FromMilliseconds(max), count,
                                            std::span(reinterpret_cast<const uint8_t*>(bits.data()), bits.size()));
}

ChunkPtr ReadHistogramChunk(base::Timestamp origin, ByteReader& in) {
  const size_t count = in.Count(20);
  if (count == 0 || count > kChunkSamples) return nullptr;
  std::vector<Sample> samples;
  for (size_t i = 0; i < count; ++i) {
    const base::Timestamp time = FromMilliseconds(Plus(Milliseconds(origin), in.Signed()));
    if (i > 0 && time <= origin) return nullptr;
    samples.push_back({time, 0, ReadHistogram(in)});
    origin = time;
  }
  return in.ok() ? MakeHistogramChunk(std::move(samples)) : nullptr;
}

ChunkPtr ReadChunkOf(ChunkKind kind, base::Timestamp origin, ByteReader& in) {
  switch (kind) {
    case ChunkKind::floats:
      return ReadFloatChunk(origin, in);
    case ChunkKind::histograms:
      return ReadHistogramChunk(origin, in);
  }
  return nullptr;
}

void WriteReals(const std::vector<double>& reals, ByteWriter& out) {
  out.Number(reals.size());
  for (const double real : reals) out.Real(real);
}

std::vector<double> ReadReals(ByteReader& in) {
  std::vector<double> reals(in.Count(8));
  for (double& real : reals) real = in.Real();
  return reals;
}

void WriteSpans(const std::vector<base::HistogramSpan>& spans, ByteWriter& out) {
  out.Number(spans.size());
  for (const base::HistogramSpan& span : spans) {
    out.Signed(span.offset);
    out.Number(span.length);
  }
}

std::vector<base::HistogramSpan> ReadSpans(ByteReader& in) {
  std::vector<base::HistogramSpan> spans(in.Count(2));
  for (base::HistogramSpan& span : spans) {
    span.offset = static_cast<int32_t>(in.Signed());
    span.length = static_cast<uint32_t>(in.Number());
  }
  return spans;
}

}  // namespace

ChunkPtr ReadChunk(base::Timestamp origin, ByteReader& in) {
  const auto kind = static_cast<ChunkKind>(in.Number());
  ChunkPtr chunk = ReadChunkOf(kind, origin, in);
  if (!chunk) in.Refuse();
  return chunk;
}

void WriteHistogram(const base::FloatHistogram& histogram, ByteWriter& out) {
  out.Number(static_cast<uint64_t>(histogram.counter_reset_hint));
  out.Signed(histogram.schema);
  for (const double real : {histogram.zero_threshold, histogram.zero_count, histogram.count, histogram.sum}) {
    out.Real(real);
  }
  WriteSpans(histogram.positive_spans, out);
  WriteSpans(histogram.negative_spans, out);
  WriteReals(histogram.positive_buckets, out);
  WriteReals(histogram.negative_buckets, out);
  WriteReals(histogram.custom_values, out);
}

HistogramPtr ReadHistogram(ByteReader& in) {
  base::FloatHistogram histogram;
  histogram.counter_reset_hint = static_cast<base::CounterResetHint>(in.Number() & 3);
  histogram.schema = static_cast<int32_t>(in.Signed());
  for (double* real : {&histogram.zero_threshold, &histogram.zero_count, &histogram.count, &histogram.sum}) {
    *real = in.Real();
  }
  histogram.positive_spans = ReadSpans(in);
  histogram.negative_spans = ReadSpans(in);
  histogram.positive_buckets = ReadReals(in);
  histogram.negative_buckets = ReadReals(in);
  histogram.custom_values = ReadReals(in);
  return std::make_shared<const base::FloatHistogram>(std::move(histogram));
}

bool SameValue(const Sample& a, const Sample& b) {
  if (!a.histogram || !b.histogram) return !a.histogram && !b.histogram && SameBits(a.value, b.value);
  const base::FloatHistogram& x = *a.histogram;
  const base::FloatHistogram& y = *b.histogram;
  return x.schema == y.schema && SameBits(x.zero_threshold, y.zero_threshold) && SameBits(x.zero_count, y.zero_count) &&
         SameBits(x.count, y.count) && SameBits(x.sum, y.sum) && x.positive_spans == y.positive_spans &&
         x.negative_spans == y.negative_spans && SameBits(x.positive_buckets, y.positive_buckets) &&
         SameBits(x.negative_buckets, y.negative_buckets) && SameBits(x.custom_values, y.custom_values);
}

void FloatRun::WriteTime(int64_t time) {
  const int64_t delta = Minus(time, last_);
  const int64_t change = Minus(delta, delta_);
  delta_ = delta;
  if (change == 0) {
    bits_.Write(0, 1);
  } else if (Fits(change, kSmall)) {
    bits_.Write(uint64_t{0b10} << kSmall | Low(change, kSmall), 2 + kSmall);
  } else if (Fits(change, kMiddle)) {
    bits_.Write(uint64_t{0b110} << kMiddle | Low(change, kMiddle), 3 + kMiddle);
  } else if (Fits(change, kLarge)) {
    bits_.Write(uint64_t{0b1110} << kLarge | Low(change, kLarge), 4 + kLarge);
  } else {
    bits_.Write(0b1111, 4);
    bits_.Write(static_cast<uint64_t>(change), 64);
  }
}

void FloatRun::WriteValue(uint64_t bits) {
  const uint64_t change = bits ^ last_bits_;
  if (change == 0) {
    bits_.Write(0, 1);
    return;
  }
  const int leading = std::min(std::countl_zero(change), 31);
  const int trailing = std::countr_zero(change);
  const int length = 64 - leading - trailing;
  const int window = 64 - leading_ - trailing_;
  const bool inside = leading >= leading_ && trailing >= trailing_;
  if (inside && window <= length + kWindowHeader) {
    bits_.Write(0b10, 2);
    bits_.Write(change >> trailing_, window);
    return;
  }
  leading_ = static_cast<uint8_t>(leading);
  trailing_ = static_cast<uint8_t>(trailing);
  bits_.Write(uint64_t{0b11} << kWindowHeader | static_cast<uint64_t>(leading) << 6 | static_cast<uint64_t>(length - 1),
              2 + kWindowHeader);
  bits_.Write(change >> trailing, length);
}

void FloatRun::Append(base::Timestamp time, double value) {
  const int64_t at = time.time_since_epoch().count();
  const auto bits = std::bit_cast<uint64_t>(value);
  if (count_ == 0) {
    first_ = at;
    bits_.Write(bits, 64);
  } else {
    WriteTime(at);
    WriteValue(bits);
  }
  last_ = at;
  last_bits_ = bits;
  ++count_;
}

ChunkPtr FloatRun::Close() {
  auto chunk = std::make_shared<const FloatChunk>(first_time(), last_time(), count_,
                                                  std::span<const uint8_t>(bits_.data(), bits_.size()));
  Clear();
  return chunk;
}

void FloatRun::Clear() {
  bits_.Clear();
  first_ = last_ = delta_ = 0;
  last_bits_ = 0;
  count_ = 0;
  leading_ = 0;
  trailing_ = 64;
}

void FloatRun::CopyTo(Copy& copy) const {
  copy.first = first_;
  copy.count = count_;
  std::copy_n(bits_.data(), bits_.size(), copy.bytes);
  std::fill_n(copy.bytes + bits_.size(), BitReader::kPadding, uint8_t{0});
}

void FloatRun::Read(const Copy& copy, TimeRange range, Samples& out) {
  if (copy.count > 0) DecodeFloats(copy.bytes, copy.first, copy.count, range, out);
}

ChunkPtr MakeHistogramChunk(std::vector<Sample> samples) {
  samples.shrink_to_fit();
  return std::make_shared<const HistogramChunk>(std::move(samples));
}

void ReadHistograms(std::span<const Sample> samples, TimeRange range, Samples& out) {
  for (const Sample& sample : samples) {
    if (sample.time < range.min) continue;
    if (sample.time > range.max) break;
    out.histograms.resize(out.size());
    out.times.push_back(sample.time);
    out.values.push_back(0);
    out.histograms.push_back(sample.histogram);
  }
}

size_t HistogramBytes(const Sample& sample) {
  const base::FloatHistogram& histogram = *sample.histogram;
  return sizeof sample + sizeof histogram +
         (histogram.positive_spans.size() + histogram.negative_spans.size()) * sizeof(base::HistogramSpan) +
         (histogram.positive_buckets.size() + histogram.negative_buckets.size() + histogram.custom_values.size()) *
             sizeof(double);
}

std::vector<ChunkPtr> PackChunks(std::span<const Sample> samples) {
  std::vector<ChunkPtr> chunks;
  while (!samples.empty()) {
    const bool histograms = samples.front().histogram != nullptr;
    const auto other = std::ranges::find_if(
        samples, [histograms](const Sample& sample) { return (sample.histogram != nullptr) != histograms; });
    auto count = static_cast<size_t>(other - samples.begin());
    if (count > kChunkSamples) count = std::min(kChunkSamples, (count + 1) / 2);
    const auto run = samples.first(count);
    samples = samples.subspan(count);
    if (histograms) {
      chunks.push_back(MakeHistogramChunk({run.begin(), run.end()}));
      continue;
    }
    FloatRun floats;
    for (const Sample& sample : run) floats.Append(sample.time, sample.value);
    chunks.push_back(floats.Close());
  }
  return chunks;
}

std::vector<Sample> ToSamples(const Samples& columns) {
  std::vector<Sample> samples(columns.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i] = {columns.times[i], columns.values[i], columns.histograms.empty() ? nullptr : columns.histograms[i]};
  }
  return samples;
}

}  // namespace store
