#pragma once

#include <memory>
#include <string>
#include <vector>

#include "alertmanager/notify/integration.h"

namespace alertmanager {

// A mail ready for the wire: envelope and text, CRLF line ends.
struct Mail {
  std::string from;
  std::vector<std::string> recipients;
  std::string message;
};

// multipart/alternative: the alerts as plain text, then as an HTML card (inline CSS, no remote pictures), both
// quoted-printable. A notification always gives the same mail, its Message-ID too, so that a mail sent again after a
// lost answer can be told as the same. Mails of one group refer to a made-up first mail and so form a thread. Fails
// where an address is malformed, a configured text cannot be rendered, or a header would break its line.
base::Result<Mail> BuildMail(const Notification& notification, const EmailConfig& config);

// The two parts.
std::string MailText(const Notification& notification);
std::string MailHtml(const Notification& notification);

std::shared_ptr<const Integration> MakeEmail(const EmailConfig& config, const GlobalConfig& global);

}  // namespace alertmanager
