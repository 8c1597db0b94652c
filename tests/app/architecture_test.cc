#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "base/text.h"
#include "tests/support/support.h"

// The arrows between the rooms, and where heavy headers may stand. docs/architecture.md has the picture.

namespace {

const std::filesystem::path kSource = test::ProjectFile("");

const std::map<std::string, std::set<std::string>>& Arrows() {
  static const std::map<std::string, std::set<std::string>> arrows = {
      {"base", {}},
      {"exporter", {"base"}},
      {"store", {"base"}},
      {"ingest", {"base", "store/appender.h", "store/sample.h"}},
      {"remote",
       {"base", "ingest/config_fields.h", "ingest/protobuf_reader.h", "ingest/relabel.h", "ingest/remote_write.h",
        "store/bit_stream.h", "store/head.h", "store/querier.h", "store/sample.h", "store/sample_log.h",
        "store/series.h"}},
      {"promql", {"base", "store/edges.h", "store/querier.h", "store/sample.h"}},
      {"rules", {"base", "promql", "store/exemplars.h", "store/querier.h", "store/appender.h", "store/sample.h"}},
      {"alertmanager", {"base"}},
  };
  return arrows;
}

// Expensive to compile: a .cc each, never a header.
const std::vector<std::string>& HeavyHeaders() {
  static const std::vector<std::string> heavy = {"spdlog/", "yaml-cpp/", "nlohmann/", "pqxx/", "civetweb.h",
                                                 "curl/",   "sqlite3.h", "re2/",      "regex"};
  return heavy;
}

// Headers that only the .cc files beside them include.
const std::set<std::string>& PrivateHeaders() {
  static const std::set<std::string> headers = {"base/net/curl_loop.h"};
  return headers;
}

struct Include {
  std::string file;
  std::string target;
  bool quoted = false;
};

std::vector<Include> IncludesOf(const std::string& room) {
  std::vector<Include> includes;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource / room)) {
    const std::string extension = entry.path().extension();
    if (extension != ".h" && extension != ".cc") continue;
    std::istringstream text(test::ReadFile(entry.path()));
    for (std::string line; std::getline(text, line);) {
      const std::string_view trimmed = base::Trim(line);
      if (!trimmed.starts_with("#include ")) continue;
      const std::string_view name = trimmed.substr(9);
      const size_t end = name.find_first_of("\">", 1);
      includes.push_back({std::filesystem::relative(entry.path(), kSource), std::string(name.substr(1, end - 1)),
                          name.starts_with('"')});
    }
  }
  return includes;
}

TEST(ArchitectureTest, IncludesFollowTheArrows) {
  for (const auto& [room, allowed] : Arrows()) {
    const std::vector<Include> includes = IncludesOf(room);
    EXPECT_FALSE(includes.empty()) << room;
    for (const Include& include : includes) {
      if (!include.quoted) continue;
      const std::string target_room = include.target.substr(0, include.target.find('/'));
      EXPECT_TRUE(target_room == room || allowed.contains(target_room) || allowed.contains(include.target))
          << include.file << " includes " << include.target << ", which " << room << " may not";
    }
  }
}

TEST(ArchitectureTest, HeavyHeadersStayInsideSourceFiles) {
  for (const auto& [room, allowed] : Arrows()) {
    for (const Include& include : IncludesOf(room)) {
      if (include.quoted || !include.file.ends_with(".h") || PrivateHeaders().contains(include.file)) continue;
      for (const std::string& heavy : HeavyHeaders()) {
        EXPECT_FALSE(include.target.starts_with(heavy)) << include.file << " includes <" << include.target << ">";
      }
    }
  }
}

TEST(ArchitectureTest, EveryHeaderIsGuarded) {
  for (const auto& [room, allowed] : Arrows()) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(kSource / room)) {
      if (entry.path().extension() != ".h") continue;
      EXPECT_TRUE(test::ReadFile(entry.path()).contains("#pragma once")) << entry.path();
    }
  }
}

}  // namespace
