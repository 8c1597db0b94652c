#include "alertmanager/notify/email.h"

#include <fmt/format.h>

#include <algorithm>

#include "alertmanager/fingerprint.h"
#include "alertmanager/notify/mail_address.h"
#include "alertmanager/notify/message_text.h"
#include "alertmanager/notify/mime.h"
#include "base/text.h"

namespace alertmanager {
namespace {

constexpr size_t kSubjectLimit = 200;

// 16 hex digits that stand for a text.
std::string HashText(std::string_view text) {
  const base::Label label{"text", text};
  return FingerprintText(Fingerprint(base::Labels({label})));
}

std::string Subject(const Notification& notification) {
  const Headline headline = MakeHeadline(notification);
  std::string subject;
  if (headline.counts.empty()) {
    subject = fmt::format("{} {} ", headline.icon, headline.status);
  } else {
    subject = fmt::format("[{}] ", headline.counts);
    if (notification.Firing()) subject += headline.status + " ";
  }
  subject += headline.name;
  if (!headline.place.empty()) subject += " (" + headline.place + ")";
  return Shortened(subject, kSubjectLimit);
}

std::string AddressList(const std::vector<MailAddress>& addresses) {
  std::string list;
  for (const MailAddress& address : addresses) {
    if (!list.empty()) list += ", ";
    const std::string name = EncodeHeader(address.name);
    const bool encoded = name.starts_with("=?");
    list +=
        name.empty() ? address.address : fmt::format("{} <{}>", encoded ? name : "\"" + name + "\"", address.address);
  }
  return list;
}

using Headers = std::vector<std::pair<std::string, std::string>>;

void SetHeader(Headers& headers, const std::string& name, std::string value) {
  const auto known =
      std::ranges::find(headers, base::ToLower(name), [](const auto& header) { return base::ToLower(header.first); });
  if (known == headers.end()) {
    headers.emplace_back(name, std::move(value));
  } else {
    known->second = std::move(value);
  }
}

base::Result<void> SetConfigured(Headers& headers, const Notification& notification, const EmailConfig& config) {
  for (const auto& [name, text] : config.headers) {
    TRY(const std::string value, RenderText(text, notification));
    if (value.find_first_of("\r\n") != std::string::npos) {
      return base::Invalid("mail header " + base::Quote(name) + " would hold more than one line");
    }
    SetHeader(headers, name, EncodeHeader(value));
  }
  return {};
}

void SetThread(Headers& headers, const Notification& notification, const EmailConfig& config,
               const std::string& domain) {
  if (!config.threading) return;
  const std::string date = config.thread_by_date ? "-" + base::FormatRfc3339(notification.now).substr(0, 10) : "";
  const std::string root = fmt::format("<alert-{}{}@{}>", HashText(notification.group_key), date, domain);
  headers.emplace_back("In-Reply-To", root);
  headers.emplace_back("References", root);
}

struct Bodies {
  std::optional<std::string> text;
  std::optional<std::string> html;
};

base::Result<Bodies> MakeBodies(const Notification& notification, const EmailConfig& config) {
  Bodies bodies{MailText(notification), MailHtml(notification)};
  if (config.text) {
    TRY(bodies.text, RenderText(*config.text, notification));
  }
  if (config.html) {
    TRY(bodies.html, RenderText(*config.html, notification));
    if (bodies.html->empty()) bodies.html.reset();
  }
  if (bodies.text->empty() && bodies.html) bodies.text.reset();
  return bodies;
}

std::string Multipart(const Bodies& bodies, const std::string& boundary) {
  std::string body;
  const auto add = [&](std::string_view type, const std::optional<std::string>& content) {
    if (!content) return;
    body += fmt::format(
        "--{}\r\nContent-Type: {}; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}\r\n",
        boundary, type, QuotedPrintable(*content));
  };
  add("text/plain", bodies.text);
  add("text/html", bodies.html);
  return body + "--" + boundary + "--\r\n";
}

class Email : public Integration {
 public:
  explicit Email(const EmailConfig& config) : config_(config) {}

  Outcome Send(const Notification& notification, const SendContext& context) const override {
    const auto mail = BuildMail(notification, config_);
    if (!mail) return Outcome::Failed(mail.error().message);
    auto attempt = MakeAttempt(*mail);
    if (!attempt) return Outcome::Failed(attempt.error().message);
    attempt->timeout = std::max(std::min(attempt->timeout, context.time_left), base::Duration(1));
    const auto sent = context.client.SendMail(std::move(*attempt), context.stop);
    if (sent) return Outcome::Delivered();
    switch (sent.error().code) {
      case base::ErrorCode::invalid_argument:
        return Outcome::Failed(sent.error().message, "clientError");
      case base::ErrorCode::timeout:
        return Outcome::Retry(sent.error().message, "contextDeadlineExceeded");
      case base::ErrorCode::cancelled:
        return Outcome::Retry(sent.error().message, "contextCanceled");
      default:
        return Outcome::Retry(sent.error().message, "other");
    }
  }

 private:
  base::Result<base::MailAttempt> MakeAttempt(const Mail& mail) const {
    base::MailAttempt attempt;
    const size_t colon = config_.smarthost.rfind(':');
    attempt.host = config_.smarthost.substr(0, colon);
    if (attempt.host.starts_with('[') && attempt.host.ends_with(']')) {
      attempt.host = attempt.host.substr(1, attempt.host.size() - 2);
    }
    attempt.port = static_cast<int>(base::ParseInteger(config_.smarthost.substr(colon + 1)).value_or(25));
    attempt.implicit_tls = config_.force_implicit_tls.value_or(attempt.port == 465);
    attempt.require_starttls = !attempt.implicit_tls && config_.require_tls.value_or(true);
    TRY(attempt.tls, base::ReadTlsFiles(config_.tls.value_or(base::TlsOptions())));
    attempt.hello = config_.hello.empty() ? "localhost" : config_.hello;
    attempt.username = config_.auth_username.value_or("");
    if (!attempt.username.empty()) {
      TRY(attempt.password, config_.auth_password.Read());
      if (attempt.password.empty() && !config_.auth_secret.empty()) {
        TRY(attempt.password, config_.auth_secret.Read());
        attempt.login_options = "AUTH=CRAM-MD5";
      }
    }
    attempt.from = mail.from;
    attempt.recipients = mail.recipients;
    attempt.message = mail.message;
    return attempt;
  }

  EmailConfig config_;
};

}  // namespace

base::Result<Mail> BuildMail(const Notification& notification, const EmailConfig& config) {
  TRY(const std::vector<MailAddress> from, ParseMailAddresses(config.from));
  TRY(const std::vector<MailAddress> to, ParseMailAddresses(config.to));
  Mail mail;
  mail.from = from.front().address;
  for (const MailAddress& address : to) mail.recipients.push_back(address.address);

  const std::string domain = mail.from.substr(mail.from.rfind('@') + 1);
  const std::string millis = std::to_string(notification.now.time_since_epoch().count());
  const std::string hash = HashText(notification.group_key + "\n" + notification.receiver + "\n" + config.to + millis);
  Headers headers = {{"From", AddressList(from)},
                     {"To", AddressList(to)},
                     {"Subject", EncodeHeader(Subject(notification))},
                     {"Date", MailDate(notification.now)},
                     {"Message-ID", fmt::format("<{}.{}@{}>", millis, hash, domain)}};
  SetThread(headers, notification, config, domain);
  headers.emplace_back("Auto-Submitted", "auto-generated");
  TRY_VOID(SetConfigured(headers, notification, config));
  TRY(const Bodies bodies, MakeBodies(notification, config));
  // quoted-printable never writes "=_"
  const std::string boundary = "=_" + hash;
  headers.emplace_back("MIME-Version", "1.0");
  headers.emplace_back("Content-Type", fmt::format("multipart/alternative; boundary=\"{}\"", boundary));
  for (const auto& [name, value] : headers) {
    mail.message.append(name).append(": ").append(value).append("\r\n");
  }
  mail.message += "\r\n" + Multipart(bodies, boundary);
  return mail;
}

std::shared_ptr<const Integration> MakeEmail(const EmailConfig& config, const GlobalConfig&) {
  return std::make_shared<Email>(config);
}

}  // namespace alertmanager
