#include "alertmanager/notify/mail_address.h"

#include <algorithm>

#include "base/text.h"

namespace alertmanager {
namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool IsAddress(std::string_view text) {
  const size_t at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at + 1 == text.size()) return false;
  return text.find_first_of(" <>(),;:\"\\") == std::string_view::npos && text.find('@') == at;
}

// Splits at commas outside quotes.
std::vector<std::string_view> SplitList(std::string_view text) {
  std::vector<std::string_view> parts;
  bool quoted = false;
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] != ',' || quoted) continue;
    parts.push_back(text.substr(start, i - start));
    start = i + 1;
  }
  parts.push_back(text.substr(start));
  return parts;
}

base::Result<MailAddress> ParseOne(std::string_view text) {
  text = base::Trim(text);
  const auto wrong = [&] { return base::Invalid("not a mail address: " + base::Quote(text)); };
  MailAddress result;
  if (!text.ends_with('>')) {
    if (!IsAddress(text)) return wrong();
    result.address = text;
    return result;
  }
  const size_t open = text.rfind('<');
  if (open == std::string_view::npos) return wrong();
  const std::string_view address = text.substr(open + 1, text.size() - open - 2);
  std::string_view name = base::Trim(text.substr(0, open));
  if (name.size() >= 2 && name.starts_with('"') && name.ends_with('"')) name = name.substr(1, name.size() - 2);
  if (!IsAddress(address) || name.contains('"')) return wrong();
  result.address = address;
  result.name = name;
  return result;
}

}  // namespace

base::Result<std::vector<MailAddress>> ParseMailAddresses(std::string_view text) {
  if (std::ranges::any_of(text, IsControl)) return base::Invalid("a mail address must not hold control characters");
  std::vector<MailAddress> addresses;
  for (const std::string_view part : SplitList(text)) {
    TRY(MailAddress address, ParseOne(part));
    addresses.push_back(std::move(address));
  }
  return addresses;
}

}  // namespace alertmanager
