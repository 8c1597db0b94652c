#include "ingest/page_texts.h"

#include <algorithm>
#include <utility>

namespace ingest {
namespace {

// Seven bits a byte, low ones first; the last byte has the high bit clear.
void AppendNumber(std::string& bytes, size_t number) {
  for (; number >= 0x80; number >>= 7) bytes.push_back(static_cast<char>(number | 0x80));
  bytes.push_back(static_cast<char>(number));
}

size_t CommonStart(std::string_view a, std::string_view b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

size_t CommonEnd(std::string_view a, std::string_view b) {
  const auto differ = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  return static_cast<size_t>(differ.first - a.rbegin());
}

size_t TakeNumber(const std::string& bytes, size_t& at) {
  size_t number = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes[at++]);
    number |= size_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return number;
  }
}

}  // namespace

void PageTexts::Add(std::string_view text) {
  const bool whole = count_ % kGroup == 0;
  if (whole) whole_.push_back(static_cast<uint32_t>(bytes_.size()));
  const std::string_view before = whole ? std::string_view() : std::string_view(last_);
  const size_t start = CommonStart(before, text);
  const size_t end = CommonEnd(before.substr(start), text.substr(start));
  const std::string_view between = text.substr(start, text.size() - start - end);
  AppendNumber(bytes_, start);
  AppendNumber(bytes_, end);
  AppendNumber(bytes_, between.size());
  bytes_ += between;
  last_ = text;
  ++count_;
}

void PageTexts::Step(Place& place) const {
  if (place.next % kGroup == 0) place.text.clear();
  const size_t start = TakeNumber(bytes_, place.at);
  const size_t end = TakeNumber(bytes_, place.at);
  const size_t between = TakeNumber(bytes_, place.at);
  place.text.replace(start, place.text.size() - start - end, bytes_, place.at, between);
  place.at += between;
  ++place.next;
}

void PageTexts::MoveTo(Place& place, uint32_t number) const {
  const uint32_t first = number / kGroup * kGroup;
  if (place.next > number || place.next < first) {
    place.next = first;
    place.at = whole_[number / kGroup];
  }
  while (place.next <= number) Step(place);
}

std::string PageTexts::At(uint32_t number) const {
  Place place;
  MoveTo(place, number);
  return std::move(place.text);
}

std::string_view PageTexts::Show(uint32_t number) {
  if (shown_.next != number + 1) MoveTo(shown_, number);
  return shown_.text;
}

void PageTexts::Clear() { *this = PageTexts(); }

void PageTexts::GiveBack() {
  if (bytes_.capacity() > bytes_.size() + bytes_.size() / 8) bytes_.shrink_to_fit();
  if (whole_.capacity() > whole_.size() + whole_.size() / 8) whole_.shrink_to_fit();
  last_ = std::string();
  shown_ = Place();
}

}  // namespace ingest
