#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "alertmanager/notify/integration.h"

namespace alertmanager {

// The body for a Slack incoming webhook: a first line as `text` (what phones show), below it one attachment with the
// severity's colour whose blocks list up to five alerts. Stays within Slack's limits (50 blocks, 3000 characters in a
// section, 12,000 in all). What comes from alerts is escaped, so that a label cannot call people; who is called says
// config.mention alone. Fails where a configured text cannot be rendered.
base::Result<std::string> SlackPayload(const Notification& notification, const SlackConfig& config);

// & < > escaped; at most `limit` characters afterwards, a cut text ends in "…".
std::string EscapeSlack(std::string_view text, size_t limit);

std::shared_ptr<const Integration> MakeSlack(const SlackConfig& config, const GlobalConfig& global);

}  // namespace alertmanager
