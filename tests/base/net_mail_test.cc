#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "base/net/http_client.h"
#include "tests/base/net_socket.h"
#include "tests/support/process.h"

namespace base {
namespace {

MailAttempt Mail(int port) {
  return {.host = "127.0.0.1",
          .port = port,
          .require_starttls = false,
          .hello = "tocsin.example.com",
          .from = "tocsin@example.com",
          .recipients = {"a@example.com", "b@example.com"},
          .message = "From: tocsin@example.com\r\nSubject: PAR_90 over limit\r\n\r\nfirst line\r\n.dot\r\n"};
}

class MailTest : public testing::Test {
 protected:
  test::TemporaryDirectory directory_;
  std::unique_ptr<HttpClient> client_ = HttpClient::Start("test/1");
};

TEST_F(MailTest, Plain) {
  const test::ScriptedSink sink("smtp_sink.py", {});
  const auto sent = client_->SendMail(Mail(sink.port()));
  ASSERT_TRUE(sent) << sent.error().message;
  ASSERT_TRUE(sink.WaitForRecords(1));
  const auto mail = nlohmann::json::parse(sink.Records()[0]);
  EXPECT_EQ(mail["from"], "tocsin@example.com");
  EXPECT_EQ(mail["to"], nlohmann::json({"a@example.com", "b@example.com"}));
  EXPECT_EQ(mail["hello"], "tocsin.example.com");
  EXPECT_EQ(mail["tls"], false);
  EXPECT_EQ(mail["raw"], Mail(0).message);
}

TEST_F(MailTest, StartTls) {
  const test::TestCertificate certificate(directory_.path());
  const test::ScriptedSink sink("smtp_sink.py", {"--tls-cert", certificate.cert_file, "--tls-key", certificate.key_file,
                                                 "--auth", "user:pass word"});
  MailAttempt mail = Mail(sink.port());
  mail.require_starttls = true;
  mail.username = "user";
  mail.password = "pass word";
  const auto untrusted = client_->SendMail(mail);
  ASSERT_FALSE(untrusted);
  EXPECT_EQ(untrusted.error().code, ErrorCode::unavailable);
  EXPECT_EQ(untrusted.error().message,
            "mail to 127.0.0.1:" + std::to_string(sink.port()) + ": SSL certificate problem: self-signed certificate");
  mail.tls.ca_file = certificate.cert_file;
  const auto trusted = client_->SendMail(mail);
  ASSERT_TRUE(trusted) << trusted.error().message;
  mail.tls.server_name = "mail.example.com";
  const auto by_name = client_->SendMail(mail);
  ASSERT_TRUE(by_name) << by_name.error().message;
  mail.tls.server_name = "other.example.com";
  EXPECT_FALSE(client_->SendMail(mail));
  mail.tls = {.insecure_skip_verify = true};
  mail.require_starttls = false;
  ASSERT_TRUE(client_->SendMail(mail)) << "used where offered";
  ASSERT_TRUE(sink.WaitForRecords(3));
  for (const std::string& record : sink.Records()) {
    const auto received = nlohmann::json::parse(record);
    EXPECT_EQ(received["tls"], true);
    EXPECT_EQ(received["user"], "user");
  }
}

TEST_F(MailTest, ImplicitTls) {
  const test::TestCertificate certificate(directory_.path());
  const test::ScriptedSink sink(
      "smtp_sink.py", {"--tls-cert", certificate.cert_file, "--tls-key", certificate.key_file, "--implicit-tls"});
  MailAttempt mail = Mail(sink.port());
  mail.implicit_tls = true;
  mail.require_starttls = true;
  mail.tls.ca_file = certificate.cert_file;
  const auto sent = client_->SendMail(mail);
  ASSERT_TRUE(sent) << sent.error().message;
  ASSERT_TRUE(sink.WaitForRecords(1));
  EXPECT_EQ(nlohmann::json::parse(sink.Records()[0])["tls"], true);
}

TEST_F(MailTest, StartTlsRequiredButNotOffered) {
  const test::ScriptedSink sink("smtp_sink.py", {});
  MailAttempt mail = Mail(sink.port());
  mail.require_starttls = true;
  const auto sent = client_->SendMail(mail);
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().message, "mail to 127.0.0.1:" + std::to_string(sink.port()) + ": STARTTLS not supported.");
  EXPECT_EQ(sent.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(sink.Records().empty());
}

TEST_F(MailTest, Login) {
  const test::ScriptedSink sink("smtp_sink.py", {"--auth", "user:right"});
  MailAttempt mail = Mail(sink.port());
  const std::string prefix = "mail to 127.0.0.1:" + std::to_string(sink.port()) + ": ";
  const auto anonymous = client_->SendMail(mail);
  ASSERT_FALSE(anonymous);
  EXPECT_EQ(anonymous.error().message, prefix + "the server refused: 530 5.7.0 Authentication required");
  EXPECT_EQ(anonymous.error().code, ErrorCode::invalid_argument);
  mail.username = "user";
  mail.password = "wrong";
  const auto wrong = client_->SendMail(mail);
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message, prefix + "the server refused: 535 5.7.8 Authentication credentials invalid");
  mail.password = "right";
  for (const char* mechanism : {"", "AUTH=PLAIN", "AUTH=LOGIN"}) {
    SCOPED_TRACE(mechanism);
    mail.login_options = mechanism;
    const auto sent = client_->SendMail(mail);
    EXPECT_TRUE(sent) << sent.error().message;
  }
}

TEST_F(MailTest, RefusedForNowOrForGood) {
  struct Case {
    std::string fail;
    ErrorCode code;
    std::string want;
  };
  for (const Case& test : {Case{"451:2", ErrorCode::unavailable, "451 refused on request"},
                           {"550:1", ErrorCode::invalid_argument, "550 refused on request"}}) {
    SCOPED_TRACE(test.fail);
    const test::ScriptedSink sink("smtp_sink.py", {"--fail", test.fail});
    for (int i = 0; i < test.fail.back() - '0'; ++i) {
      const auto refused = client_->SendMail(Mail(sink.port()));
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error().code, test.code);
      EXPECT_EQ(refused.error().message,
                "mail to 127.0.0.1:" + std::to_string(sink.port()) + ": the server refused: " + test.want);
    }
    EXPECT_TRUE(client_->SendMail(Mail(sink.port())));
  }
}

TEST_F(MailTest, SilentServers) {
  std::promise<void> release;
  const auto released = release.get_future().share();
  const test::RawServer server([&](const test::RawConnection&) { released.wait(); });
  MailAttempt mail = Mail(server.port());
  mail.timeout = std::chrono::milliseconds(200);
  const auto late = client_->SendMail(mail);
  EXPECT_EQ(late.error().code, ErrorCode::timeout);
  std::stop_source stop;
  stop.request_stop();
  mail.timeout = std::chrono::seconds(30);
  EXPECT_EQ(client_->SendMail(mail, stop.get_token()).error().code, ErrorCode::cancelled);
  release.set_value();
  mail.port = test::FreePort();
  EXPECT_EQ(client_->SendMail(mail).error().message,
            "mail to 127.0.0.1:" + std::to_string(mail.port) + ": Connection refused");
}

TEST_F(MailTest, ACancelledMailIsNotEndedAsIfItWereWhole) {
  std::promise<void> in_the_middle;
  std::promise<std::string> rest;
  const test::RawServer server([&](const test::RawConnection& connection) {
    connection.Write("220 hello\r\n");
    for (const char* answer : {"250 hello\r\n", "250 ok\r\n", "250 ok\r\n", "250 ok\r\n", "354 go on\r\n"}) {
      connection.ReadUntil("\r\n");
      connection.Write(answer);
    }
    std::string text = connection.Read();
    in_the_middle.set_value();
    text += connection.ReadAll();
    rest.set_value(text);
  });
  std::stop_source stop;
  std::jthread stopper([&] {
    in_the_middle.get_future().wait();
    stop.request_stop();
  });
  MailAttempt mail = Mail(server.port());
  mail.message = "Subject: long\r\n\r\n" + std::string(50'000'000, 'x') + "\r\n";
  EXPECT_EQ(client_->SendMail(mail, stop.get_token()).error().code, ErrorCode::cancelled);
  EXPECT_FALSE(rest.get_future().get().ends_with("\r\n.\r\n"));
}

TEST_F(MailTest, MalformedAddresses) {
  MailAttempt mail = Mail(1);
  mail.recipients = {"a@b>\r\nDATA"};
  EXPECT_EQ(client_->SendMail(mail).error().message, "mail to 127.0.0.1:1: malformed recipient");
  mail.recipients = {};
  EXPECT_EQ(client_->SendMail(mail).error().message, "mail to 127.0.0.1:1: no recipient");
}

}  // namespace
}  // namespace base
