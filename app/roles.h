#pragma once

namespace app {

// Which of the three roles a process plays.
struct Roles {
  bool exporter = false;
  bool rules = false;
  bool alertmanager = false;
};

inline constexpr Roles kAllRoles = {.exporter = true, .rules = true, .alertmanager = true};

}  // namespace app
