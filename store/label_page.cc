#include "store/label_page.h"

#include "store/packed.h"

namespace store {
namespace {

constexpr int kLevel = 6;
constexpr size_t kMostBytes = 64 << 20;  // far above what a full page can be

}  // namespace

void LabelPageWriter::Add(const base::Labels& labels) {
  ByteWriter one;
  for (const base::Label& label : labels) {
    one.Text(label.name);
    one.Text(label.value);
  }
  body_.Text(one.bytes());
}

std::string LabelPageWriter::Take() {
  const std::string body = body_.Take();
  return body.size() > kMostBytes ? Packer::Plain(body) : Packer(kLevel).Pack(body);
}

bool ReadLabelPage(std::span<const std::byte> page, const std::function<void(const base::Labels&)>& visit) {
  Unpacker unpacker;
  if (!unpacker.Unpack(page, kMostBytes)) return false;
  ByteReader in(unpacker.bytes());
  while (in.ok() && in.left() > 0) {
    const std::string_view one = in.Text();
    if (in.ok()) visit(ReadLabels(std::as_bytes(std::span(one))));
  }
  return in.ok();
}

base::Labels ReadLabels(std::span<const std::byte> bytes) {
  ByteReader in(bytes);
  base::LabelsBuilder labels;
  while (in.ok() && in.left() > 0) {
    const std::string_view name = in.Text();
    const std::string_view value = in.Text();
    if (in.ok()) labels.Set(name, value);
  }
  return in.ok() ? labels.Build() : base::Labels();
}

}  // namespace store
