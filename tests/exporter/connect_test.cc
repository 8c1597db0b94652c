#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <thread>

#include "exporter/connect_attempt.h"
#include "exporter/socket_deadline.h"
#include "tests/support/support.h"

// What bounds the waits on a database, without one.

namespace exporter {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

class SocketPair {
 public:
  SocketPair() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets_), 0); }
  ~SocketPair() {
    close(sockets_[0]);
    close(sockets_[1]);
  }
  SocketPair(const SocketPair&) = delete;
  SocketPair& operator=(const SocketPair&) = delete;
  int ours() const { return sockets_[0]; }
  // Waits for the peer; the bytes read, 0 for the end of the connection.
  ssize_t Read() const {
    char byte = 0;
    return read(sockets_[0], &byte, 1);
  }
  void PeerWrites() const { EXPECT_EQ(write(sockets_[1], "x", 1), 1); }

 private:
  int sockets_[2] = {-1, -1};
};

TEST(SocketDeadline, ReadingEndsAtTheDeadline) {
  const SocketPair pair;
  SocketDeadline deadline(pair.ours());
  deadline.Arm(steady_clock::now() + milliseconds(20));
  EXPECT_EQ(pair.Read(), 0);
  EXPECT_TRUE(deadline.expired());
}

TEST(SocketDeadline, ANearerDeadlineCountsAtOnce) {
  const SocketPair pair;
  SocketDeadline deadline(pair.ours());
  deadline.Arm(steady_clock::now() + hours(1));
  deadline.Arm(steady_clock::now() + milliseconds(20));
  EXPECT_EQ(pair.Read(), 0);
  EXPECT_TRUE(deadline.expired());
}

TEST(SocketDeadline, ADisarmedOneHarmsNothing) {
  const SocketPair pair;
  SocketDeadline deadline(pair.ours());
  deadline.Arm(steady_clock::now() + hours(1));
  deadline.Disarm();
  pair.PeerWrites();
  EXPECT_EQ(pair.Read(), 1);
  EXPECT_FALSE(deadline.expired());
}

TEST(SocketDeadline, ExpireEndsReadingFromAnotherThread) {
  const SocketPair pair;
  SocketDeadline deadline(pair.ours());
  const std::jthread other([&] { deadline.Expire(); });
  EXPECT_EQ(pair.Read(), 0);
  EXPECT_TRUE(deadline.expired());
}

TEST(SocketDeadline, ANumberThatIsUsedAgainIsNotHit) {
  auto first = std::make_unique<SocketPair>();
  SocketDeadline deadline(first->ours());
  const int number = first->ours();
  first.reset();  // as libpq does with a connection it finds broken
  const SocketPair second;
  ASSERT_EQ(second.ours(), number);
  deadline.Expire();
  second.PeerWrites();
  EXPECT_EQ(second.Read(), 1);
}

// Says when it is destroyed.
class FakeSession : public Session {
 public:
  explicit FakeSession(std::promise<void>& closed) : closed_(closed) {}
  ~FakeSession() override { closed_.set_value(); }
  FakeSession(const FakeSession&) = delete;
  FakeSession& operator=(const FakeSession&) = delete;
  Dialect dialect() const override { return Dialect::sqlite; }
  int server_version() const override { return 0; }
  QueryResult<void> Query(const std::string&, const QueryLimits&, RowSink&) override { return {}; }
  QueryResult<void> Ping(SteadyTime) override { return {}; }
  bool broken() const override { return false; }
  void Cancel() override {}

 private:
  std::promise<void>& closed_;
};

TEST(ConnectAttempt, ItsOutcomeIsHandedOver) {
  std::promise<void> closed;
  const auto good =
      ConnectAttempt::Start([&]() -> ConnectAttempt::Opened { return std::make_unique<FakeSession>(closed); });
  ASSERT_TRUE(good->Wait(steady_clock::now() + hours(1)));
  EXPECT_TRUE(good->ended());
  EXPECT_FALSE(good->failed());
  EXPECT_TRUE(good->Take().has_value());
  const auto bad = ConnectAttempt::Start(
      []() -> ConnectAttempt::Opened { return std::unexpected(QueryError{FailureClass::dns, "no such host"}); });
  ASSERT_TRUE(bad->Wait(steady_clock::now() + hours(1)));
  EXPECT_TRUE(bad->failed());
  EXPECT_EQ(bad->Take().error().message, "no such host");
}

TEST(ConnectAttempt, NobodyWaitsForOneThatHangsAndWhatItMakesLateIsClosed) {
  std::promise<void> release;
  std::promise<void> closed;
  auto attempt = ConnectAttempt::Start([&, released = release.get_future().share()]() -> ConnectAttempt::Opened {
    released.wait();
    return std::make_unique<FakeSession>(closed);
  });
  EXPECT_FALSE(attempt->Wait(steady_clock::now()));
  const std::jthread other([&] { attempt->Interrupt(); });
  EXPECT_FALSE(attempt->Wait(steady_clock::now() + hours(1)));
  EXPECT_FALSE(attempt->ended());
  const std::shared_ptr<ConnectAttempt> kept = attempt;
  attempt.reset();
  release.set_value();
  ASSERT_TRUE(test::WaitFor([&] { return kept->ended(); }));
  kept->Take();
  closed.get_future().wait();
}

}  // namespace
}  // namespace exporter
