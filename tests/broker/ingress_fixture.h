#pragma once

#include "broker/ingress.h"

#include "base/on_core.h"
#include "tests/support/raw_client.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

/// Keeps events from any core; answers `status`, and 202 with `reply`.
class SharedSink final : public Sink {
 public:
  Awaitable<Attempt> send(EventPtr event, Deadline) override {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    if (status == 202) {
      Attempt accepted;
      accepted.status = 202;
      accepted.reply = reply;
      co_return accepted;
    }
    co_return failed_attempt(fail(refusal, "no room"));
  }
  Awaitable<BatchAttempt> send_all(std::vector<EventPtr> events, Deadline deadline) override {
    ++batches;
    if (status == 202) return Sink::send_all(std::move(events), deadline);
    return refuse_all();
  }
  const std::string& url() const noexcept override { return url_; }

  std::vector<EventPtr> events() {
    const std::lock_guard lock(mutex_);
    return events_;
  }

  std::atomic<int> batches{0};
  int status = 202;
  Errc refusal = Errc::resource_exhausted;
  EventPtr reply;

 private:
  /// As a broker does.
  Awaitable<BatchAttempt> refuse_all() {
    BatchAttempt batch;
    batch.outcome = failed_attempt(fail(refusal, "no room"));
    co_return batch;
  }

  std::mutex mutex_;
  std::vector<EventPtr> events_;
  std::string url_ = "http://127.0.0.1/default/b";
};

/// An ingress on a free loopback port, with a SharedSink at /default/b.
class IngressTest : public testing::Test {
 protected:
  void start(IngressLimits limits = {}) {
    ASSERT_TRUE(routes_.add("/default/b", sink_, "broker", "default", "b"));
    ingress_ = std::make_unique<Ingress>(pool_, routes_, models_, limits);
    port_ = run_on_core(pool_.core(0), open());
  }

  ~IngressTest() override {
    if (ingress_) {
      for (std::size_t i = 0; i < pool_.size(); ++i) {
        run_on_core(pool_.core(i), hurry(pool_.core(i)));
      }
      run_on_core(pool_.core(0), ingress_->stop());
    }
    pool_.stop();
  }

  Awaitable<std::uint16_t> open() {
    const auto port = ingress_->bind("127.0.0.1", 0);
    ingress_->start();
    co_return port.value();
  }

  static Awaitable<void> hurry(Core& core) {
    core.deadlines().hurry();
    co_return;
  }

  std::string answer_to(std::string_view bytes) {
    RawClient client(port_);
    client.send(bytes);
    return client.read_answer();
  }

  /// How many events of /default/b were answered with `code`.
  std::uint64_t counted(int code) {
    const IngressCounters& counters = routes_.find("/default/b")->counters;
    for (std::size_t i = 0; i < IngressCounters::kCodes.size(); ++i) {
      if (IngressCounters::kCodes[i] == code) return counters.at(i);
    }
    return 0;
  }

  CorePool pool_{2};
  RoutingTable routes_;
  ModelApi models_{"1"};
  std::shared_ptr<SharedSink> sink_ = std::make_shared<SharedSink>();
  std::unique_ptr<Ingress> ingress_;
  std::uint16_t port_ = 0;
};

inline std::string post(const std::string& headers, const std::string& body,
                        const std::string& path = "/default/b") {
  return "POST " + path + " HTTP/1.1\r\nHost: a\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline const std::string kEvent =
    "ce-specversion: 1.0\r\nce-id: 1\r\nce-source: /s\r\nce-type: t\r\n";
inline int status_of(const std::string& answer) {
  return answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0;
}

}  // namespace sluice
