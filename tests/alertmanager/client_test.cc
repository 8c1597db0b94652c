#include <gtest/gtest.h>
#include <prometheus/registry.h>

#include <nlohmann/json.hpp>

#include "alertmanager/alertmanager_client.h"
#include "tests/alertmanager/world.h"
#include "tests/support/support.h"

namespace alertmanager {
namespace {

using namespace std::chrono_literals;

base::Alert Numbered(int number, const std::string& version = "1") {
  return MakeAlert({{"n", std::to_string(number)}}, {{"v", version}});
}

std::string Numbers(const std::vector<base::Alert>& alerts) {
  std::string text;
  for (const base::Alert& alert : alerts) {
    text += std::string(alert.labels.Get("n")) + "v" + std::string(alert.annotations.Get("v")) + " ";
  }
  return text;
}

TEST(AlertQueue, ANewerVersionTakesTheOlderOnesPlace) {
  AlertQueue queue(10);
  const base::Alert alerts[] = {Numbered(1), Numbered(2), Numbered(1, "2")};
  EXPECT_EQ(queue.Push(alerts), 0U);
  EXPECT_EQ(Numbers(queue.Take(10)), "1v2 2v1 ");
  EXPECT_EQ(queue.size(), 0U);
}

TEST(AlertQueue, AFullQueueLosesItsOldest) {
  AlertQueue queue(2);
  const base::Alert alerts[] = {Numbered(1), Numbered(2), Numbered(3)};
  EXPECT_EQ(queue.Push(alerts), 1U);
  EXPECT_EQ(Numbers(queue.Take(10)), "2v1 3v1 ");
}

TEST(AlertQueue, WhatComesBackStandsInFrontUnlessOutdated) {
  AlertQueue queue(3);
  const base::Alert first[] = {Numbered(1), Numbered(2), Numbered(3)};
  queue.Push(first);
  auto taken = queue.Take(3);
  const base::Alert second[] = {Numbered(2, "2"), Numbered(4)};
  queue.Push(second);
  EXPECT_EQ(queue.Return(std::move(taken)), 1U);
  EXPECT_EQ(Numbers(queue.Take(10)), "3v1 2v2 4v1 ");
}

class ClientTest : public ::testing::Test {
 protected:
  void Start(std::vector<std::string> urls) {
    AlertingConfig config;
    for (std::string& url : urls) config.peers.push_back({std::move(url), {}, 5s});
    client_ = std::make_unique<AlertmanagerClient>(
        config,
        AlertmanagerClient::Options{
            .clock = clock_, .client = transport_, .metrics = metrics_, .first_pause = 1ms, .longest_pause = 1ms});
  }
  test::FakeClock clock_{At(0)};
  FakeTransport transport_;
  prometheus::Registry registry_;
  Metrics metrics_{registry_};
  std::unique_ptr<AlertmanagerClient> client_;
};

TEST_F(ClientTest, EveryPeerGetsBatchesOfTwoHundredAndFiftySix) {
  Start({"http://a:9093", "http://b:9093/am"});
  std::vector<base::Alert> alerts;
  for (int i = 0; i < 300; ++i) alerts.push_back(Numbered(i));
  client_->Send(alerts);
  EXPECT_TRUE(client_->Stop(2min));
  std::map<std::string, std::vector<size_t>> sizes;
  for (const base::HttpClientRequest& request : transport_.requests()) {
    EXPECT_TRUE(request.status_decides);
    sizes[request.url].push_back(nlohmann::json::parse(request.body).size());
  }
  EXPECT_EQ(sizes, (std::map<std::string, std::vector<size_t>>{{"http://a:9093/api/v2/alerts", {256, 44}},
                                                               {"http://b:9093/am/api/v2/alerts", {256, 44}}}));
}

TEST_F(ClientTest, WhatWasNotTakenIsSentAgain) {
  transport_.Script({base::Unavailable("connection refused"), base::HttpClientResponse{503, {}, ""},
                     base::HttpClientResponse{200, {}, ""}});
  Start({"http://a"});
  const base::Alert alert = Numbered(1);
  client_->Send({&alert, 1});
  EXPECT_TRUE(client_->Stop(2min));
  EXPECT_EQ(transport_.requests().size(), 3U);
}

TEST_F(ClientTest, ARefusedBatchIsDropped) {
  transport_.Script({base::HttpClientResponse{400, {}, "bad"}, base::HttpClientResponse{200, {}, ""}});
  Start({"http://a"});
  const base::Alert first = Numbered(1);
  client_->Send({&first, 1});
  ASSERT_TRUE(test::WaitFor([&] { return transport_.requests().size() == 1; }));
  const base::Alert second = Numbered(2);
  client_->Send({&second, 1});
  EXPECT_TRUE(client_->Stop(2min));
  ASSERT_EQ(transport_.requests().size(), 2U);
  EXPECT_EQ(nlohmann::json::parse(transport_.requests()[1].body)[0]["labels"]["n"], "2");
}

TEST_F(ClientTest, AReloadLosesNothingOfWhatWaits) {
  transport_.Script(
      {base::HttpClientResponse{503, {{"Retry-After", "3600"}}, ""}, base::HttpClientResponse{200, {}, ""}});
  Start({"http://a", "http://b"});
  const auto old = std::move(client_);
  const base::Alert alerts[] = {Numbered(1), Numbered(2)};
  old->Send(alerts);
  ASSERT_TRUE(test::WaitFor([&] { return transport_.requests().size() == 2; }));
  EXPECT_FALSE(old->Stop(0s));
  Start({"http://a", "http://b", "http://c"});
  client_->TakeOver(*old);
  EXPECT_TRUE(client_->Stop(20s));
  ASSERT_EQ(transport_.requests().size(), 3U) << "to the one that did not take them";
  EXPECT_EQ(nlohmann::json::parse(transport_.requests()[2].body).size(), 2U);
}

TEST_F(ClientTest, NoPeersNoWork) {
  Start({});
  const base::Alert alert = Numbered(1);
  client_->Send({&alert, 1});
  EXPECT_TRUE(client_->Stop(0s));
}

}  // namespace
}  // namespace alertmanager
