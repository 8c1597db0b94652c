#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "alertmanager/config.h"
#include "tests/conformance/corpus.h"

namespace alertmanager {
namespace {

// Alertmanager's own test files: each loads, or says at a position what is wrong or not supported.
TEST(AlertmanagerConformance, Configurations) {
  const std::set<std::string> load = {"conf.group-by-all.yml", "conf.http-config.good.yml",
                                      "conf.slack-default-api-url-file.yml", "conf.smtp-no-username-or-password.yml",
                                      "conf.smtp-password-global-and-local.yml"};
  const std::set<std::string> wrong = {"conf.nil-match_re-route.yml",
                                       "conf.nil-source_match_re-inhibition.yml",
                                       "conf.nil-target_match_re-inhibition.yml",
                                       "conf.slack-both-file-and-url.yml",
                                       "conf.slack-no-api-url-or-token.yml",
                                       "conf.smtp-both-password-and-file.yml"};
  size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(conformance::Corpus("alertmanager-config"))) {
    const std::string name = entry.path().filename();
    SCOPED_TRACE(name);
    ++files;
    base::YamlErrors errors;
    ReadConfigFile(entry.path(), errors);
    EXPECT_EQ(errors.empty(), load.contains(name)) << errors.ToString();
    for (const base::Error& error : errors.errors()) {
      ASSERT_TRUE(error.where) << error.message;
      EXPECT_GT(error.where->line, 1);
    }
    if (load.contains(name)) continue;
    EXPECT_NE(errors.ToString().contains("not supported yet"), wrong.contains(name)) << errors.ToString();
  }
  EXPECT_EQ(files, 46U);
}

}  // namespace
}  // namespace alertmanager
