#include "store/index.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "store/regex_plan.h"

namespace store {
namespace {

using base::Labels;
using base::Matcher;
using base::MatchType;

Matcher Make(MatchType type, std::string name, std::string value) {
  return *Matcher::Make(type, std::move(name), std::move(value));
}

TEST(RegexPlan, WhatTheTextShows) {
  using Kind = RegexPlan::Kind;
  const struct {
    const char* pattern;
    Kind kind;
    std::vector<std::string> literals;
    std::string prefix;
    size_t more;
  } cases[] = {
      {"", Kind::literals, {""}, "", 0},
      {"abc", Kind::literals, {"abc"}, "", 0},
      {"^abc$", Kind::literals, {"abc"}, "", 0},
      {"b|a|b", Kind::literals, {"a", "b"}, "", 0},
      {"a|", Kind::literals, {"", "a"}, "", 0},
      {"(a|b)", Kind::literals, {"a", "b"}, "", 0},
      {"(?:a|b)", Kind::literals, {"a", "b"}, "", 0},
      {R"(10\.0\.0\.1:9100)", Kind::literals, {"10.0.0.1:9100"}, "", 0},
      {"größe", Kind::literals, {"größe"}, "", 0},
      {".*", Kind::anything, {}, "", 0},
      {"^.*$", Kind::anything, {}, "", 0},
      {"(.*)", Kind::anything, {}, "", 0},
      {".+", Kind::non_empty, {}, "", 1},
      {"abc.*", Kind::prefix, {}, "abc", 0},
      {"abc.+", Kind::prefix, {}, "abc", 1},
      {R"(a\.b.*)", Kind::prefix, {}, "a.b", 0},
      {"abc.*d", Kind::general, {}, "abc", 0},
      {"abc?", Kind::general, {}, "ab", 0},
      {"ab{2}", Kind::general, {}, "a", 0},
      {"gr\u00f6?", Kind::general, {}, "gr", 0},
      {"abc[de]", Kind::general, {}, "abc", 0},
      {"abc.*|d", Kind::general, {}, "", 0},
      {R"(a\|b)", Kind::general, {}, "", 0},
      {R"(\d+)", Kind::general, {}, "", 0},
      {R"(a\d)", Kind::general, {}, "a", 0},
      {R"(a\Qb\E*)", Kind::general, {}, "", 0},
      {"(?i)abc", Kind::general, {}, "", 0},
      {"(?i:abc)", Kind::general, {}, "", 0},
      {"(a)(b)", Kind::general, {}, "", 0},
      {"a(b|c)", Kind::general, {}, "", 0},
      {R"(abc\$)", Kind::literals, {"abc$"}, "", 0},
      {"a^b", Kind::general, {}, "a", 0},
  };
  for (const auto& test : cases) {
    SCOPED_TRACE(test.pattern);
    const RegexPlan plan = PlanRegex(test.pattern);
    EXPECT_EQ(plan.kind, test.kind);
    EXPECT_EQ(plan.literals, test.literals);
    EXPECT_EQ(plan.prefix, test.prefix);
    EXPECT_EQ(plan.more, test.more);
  }
}

// Table and index together, as the head keeps them, beside a plain list to judge them by.
class Indexed {
 public:
  void Add(const Labels& labels) {
    MemSeries* series = table_.Insert(index_.Share(labels), labels.Hash());
    index_.Add(SeriesTable::IdOf(series->ref()), series->shared_labels());
    all_.emplace_back(SeriesTable::IdOf(series->ref()), labels);
  }
  template <class Predicate>
  void RemoveIf(Predicate predicate) {
    std::vector<Index::Gone> gone;
    for (const auto& [id, labels] : all_) {
      if (predicate(labels)) gone.push_back({id, &table_.Get(id)->shared_labels()});
    }
    index_.Remove(gone);
    Epoch epoch;
    for (const auto& each : gone) table_.Erase(each.id, epoch);
    std::erase_if(all_, [&](const auto& each) { return predicate(each.second); });
  }
  SeriesIds Resolve(const std::vector<Matcher>& matchers) const { return index_.Resolve(matchers, table_); }
  SeriesIds Oracle(const std::vector<Matcher>& matchers) const {
    SeriesIds ids;
    for (const auto& [id, labels] : all_) {
      if (std::ranges::all_of(matchers, [&](const Matcher& matcher) { return matcher.Matches(labels); })) {
        ids.push_back(id);
      }
    }
    return ids;
  }
  const Index& index() const { return index_; }
  size_t size() const { return all_.size(); }

 private:
  SeriesTable table_;
  Index index_;
  std::vector<std::pair<SeriesId, Labels>> all_;
};

std::string Describe(const std::vector<Matcher>& matchers) {
  std::string text;
  for (const Matcher& matcher : matchers) text += matcher.ToString() + " ";
  return text;
}

// Labels with few, some and many values, present in a part of the series.
void Populate(Indexed& indexed, size_t count, unsigned seed) {
  std::mt19937 random(seed);
  for (size_t i = 0; i < count; ++i) {
    base::LabelsBuilder labels;
    labels.Set("__name__", "metric_" + std::to_string(random() % 5));
    labels.Set("id", "id-" + std::to_string(i));
    if (random() % 2 == 0) labels.Set("job", random() % 2 == 0 ? "api" : "worker.a");
    if (random() % 3 == 0) labels.Set("zone", "zone-" + std::to_string(random() % 90));
    if (random() % 7 == 0) labels.Set("text", random() % 2 == 0 ? "größe" : "two\nlines");
    indexed.Add(labels.Build());
  }
}

Matcher RandomMatcher(std::mt19937& random) {
  static const std::vector<std::string> names = {"__name__", "id", "job", "zone", "text", "absent"};
  static const std::vector<std::string> values = {"",         "metric_1", "metric_9", "id-7",  "id-12",     "api",
                                                  "worker.a", "zone-3",   "zone-33",  "größe", "two\nlines"};
  static const std::vector<std::string> patterns = {"",
                                                    ".*",
                                                    ".+",
                                                    "metric_1|metric_3",
                                                    "metric_.*",
                                                    "metric_.+",
                                                    "id-1.*",
                                                    "id-1.+",
                                                    "id-[12]\\d?",
                                                    "id-\\d*7",
                                                    "api|",
                                                    "(api|db)",
                                                    "worker\\.a",
                                                    "worker.a",
                                                    "(?i)API",
                                                    "zone-3.*",
                                                    "zone-3.*|api",
                                                    "zone-(3|4)\\d",
                                                    ".*-3",
                                                    "gr.*",
                                                    "größ?e",
                                                    "two.lines",
                                                    "two.*",
                                                    "^api$",
                                                    "a?pi",
                                                    "nothing",
                                                    "nothing.*",
                                                    "x*"};
  const std::string& name = names[random() % names.size()];
  switch (random() % 4) {
    case 0:
      return Matcher::Equal(name, values[random() % values.size()]);
    case 1:
      return Make(MatchType::not_equal, name, values[random() % values.size()]);
    case 2:
      return Make(MatchType::regex, name, patterns[random() % patterns.size()]);
    default:
      return Make(MatchType::not_regex, name, patterns[random() % patterns.size()]);
  }
}

TEST(Index, EqualsBruteForceOnRandomMatchers) {
  Indexed indexed;
  Populate(indexed, 1500, 1);
  std::mt19937 random(2);
  for (int round = 0; round < 3000; ++round) {
    if (round == 1500) {
      indexed.RemoveIf([](const Labels& labels) {
        return labels.Get("job") == "api" || labels.Get("id").ends_with('7') || labels.Get("zone") == "zone-33";
      });
      for (int i = 0; i < 400; ++i) indexed.Add({{"__name__", "metric_1"}, {"id", "later-" + std::to_string(i)}});
    }
    std::vector<Matcher> matchers;
    for (size_t i = random() % 4; i > 0; --i) matchers.push_back(RandomMatcher(random));
    SCOPED_TRACE(Describe(matchers));
    ASSERT_EQ(indexed.Resolve(matchers), indexed.Oracle(matchers));
  }
}

TEST(Index, ForgetsNamesAndValuesWithTheirLastSeries) {
  Indexed indexed;
  Populate(indexed, 300, 3);
  indexed.RemoveIf([](const Labels& labels) { return labels.Has("zone"); });
  EXPECT_FALSE(indexed.index().names().contains("zone"));
  EXPECT_EQ(indexed.index().names().at("id").size(), indexed.size());
  indexed.RemoveIf([](const Labels&) { return true; });
  EXPECT_TRUE(indexed.index().names().empty());
  EXPECT_EQ(indexed.Resolve({}), SeriesIds());
}

TEST(ValueTable, FindsByPrefixWhileValuesComeAndGo) {
  ValueTable table;
  const auto add = [&](int first, int last) {
    for (int i = first; i < last; ++i) {
      const std::string text = "v" + std::to_string(i);
      table.GetOrAdd({"n", text}).postings().Add(static_cast<SeriesId>(i + 1));
    }
  };
  const auto expect_all = [&](int count) {
    for (const char* prefix : {"", "v", "v1", "v12", "v999", "w"}) {
      SCOPED_TRACE(prefix);
      size_t want = 0;
      for (int i = 0; i < count; ++i) want += ("v" + std::to_string(i)).starts_with(prefix);
      EXPECT_EQ(table.WithPrefix(prefix).size(), want);
    }
  };
  for (const int count : {10, 1000, 1100, 3000}) {
    add(static_cast<int>(table.size()), count);
    expect_all(count);
  }
  for (int i = 1000; i < 3000; ++i) {
    const std::string text = "v" + std::to_string(i);
    table.RemoveIfUnused(text);
    ASSERT_NE(table.Find(text), nullptr) << "still in use";
    const SeriesId id[] = {static_cast<SeriesId>(i + 1)};
    table.Find(text)->postings().Remove(id);
    table.RemoveIfUnused(text);
    ASSERT_EQ(table.Find(text), nullptr);
  }
  expect_all(1000);
}

TEST(Postings, KeepOrderWhateverComes) {
  Postings postings;
  std::mt19937 random(4);
  std::set<SeriesId> want;
  for (int round = 0; round < 2000; ++round) {
    const auto id = static_cast<SeriesId>(1 + random() % 300);
    if (random() % 3 == 0) {
      const SeriesId gone[] = {id};
      postings.Remove(gone);
      want.erase(id);
    } else if (want.insert(id).second) {
      postings.Add(id);
    }
    ASSERT_TRUE(std::ranges::equal(postings.ids(), want));
  }
}

TEST(SetOperations, EqualTheStandardOnes) {
  std::mt19937 random(5);
  const auto draw = [&](size_t count, unsigned span) {
    std::set<SeriesId> ids;
    while (ids.size() < count) ids.insert(static_cast<SeriesId>(1 + random() % span));
    return SeriesIds(ids.begin(), ids.end());
  };
  const struct {
    size_t a, b;
    unsigned span;
  } cases[] = {{0, 5, 10},      {5, 0, 10},  {5, 5, 10},   {3, 2000, 4000},
               {2000, 3, 4000}, {1, 40, 40}, {40, 40, 40}, {1000, 900, 2000}};
  for (const auto& test : cases) {
    SCOPED_TRACE(testing::Message() << test.a << " and " << test.b << " of " << test.span);
    for (int round = 0; round < 20; ++round) {
      const SeriesIds a = draw(test.a, test.span);
      const SeriesIds b = draw(test.b, test.span);
      SeriesIds both;
      SeriesIds rest;
      std::ranges::set_intersection(a, b, std::back_inserter(both));
      std::ranges::set_difference(a, b, std::back_inserter(rest));
      EXPECT_EQ(Intersect(a, b), both);
      EXPECT_EQ(Subtract(a, b), rest);
      std::vector<SeriesIds> parts(1 + random() % 20);
      for (const SeriesId id : a) parts[random() % parts.size()].push_back(id);
      EXPECT_EQ(UnionOfDisjoint(std::vector<std::span<const SeriesId>>(parts.begin(), parts.end())), a);
    }
  }
}

}  // namespace
}  // namespace store
