#pragma once

// For tests that repeat something at random: under a sanitizer they do so less often, as each time takes so much
// longer.

namespace test {

// About how many times longer than usual code takes in this build.
#if defined(__SANITIZE_THREAD__)
inline constexpr int kSlowness = 10;
#elif defined(__SANITIZE_ADDRESS__)
inline constexpr int kSlowness = 3;
#else
inline constexpr int kSlowness = 1;
#endif

}  // namespace test
