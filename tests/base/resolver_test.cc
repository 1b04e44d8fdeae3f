// What is checked: who is asked for a name and how often, that a lookup which hangs holds up nobody
// but those who wait for it and none of them past their deadline, and that a resolver can go while
// one hangs. Method: names that the test holds, on a core run by hand.

#include "base/resolver.h"

#include "base/on_core.h"
#include "base/task_group.h"
#include "tests/support/fake_names.h"
#include "tests/support/run_task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::ElementsAre;
using testing::HasSubstr;

class ResolverTest : public testing::Test {
 protected:
  using Ended = std::vector<Result<Addresses>>;

  ResolverTest() { remake(FakeNames::options(names_)); }

  void remake(ResolverOptions options) { resolver_ = std::make_unique<Resolver>(options); }

  /// Starts to resolve; the answer goes to `ended`.
  void spawn(const std::string& name, Ended& ended, Deadline deadline = kNever) {
    group_.spawn(resolve_into(*resolver_, core_, name, deadline, ended));
    drain(core_);
  }

  static Awaitable<void> resolve_into(Resolver& resolver, Core& core, std::string name,
                                      Deadline deadline, Ended& ended) {
    ended.push_back(co_await resolver.resolve(core, name, deadline));
  }

  Result<Addresses> resolve(const std::string& name) {
    return run_task(core_, resolver_->resolve(core_, name, kNever));
  }

  void run_until_ended(const Ended& ended, std::size_t count = 1) {
    run_until(core_, [&] { return ended.size() == count; });
  }

  TestCore test_core_;
  Core& core_ = test_core_.core;
  std::shared_ptr<FakeNames> names_ = std::make_shared<FakeNames>();
  std::unique_ptr<Resolver> resolver_;
  TaskGroup group_{core_};
};

TEST_F(ResolverTest, AsksOnceForAllWhoWait) {
  names_->hold("a.test");
  Ended ended;
  for (int i = 0; i < 3; ++i) spawn("a.test", ended);
  names_->wait_for_lookups(1);
  EXPECT_TRUE(ended.empty());
  names_->release("a.test");
  run_until_ended(ended, 3);
  for (const auto& answer : ended) {
    ASSERT_TRUE(answer) << answer.error().detail;
    EXPECT_EQ(answer.value().at(0).to_string(), "127.0.0.1");
  }
  EXPECT_THAT(names_->asked(), ElementsAre("a.test"));
}

TEST_F(ResolverTest, AnswersEveryCore) {
  CorePool cores(2);
  names_->hold("a.test");
  std::vector<std::future<void>> ended;
  Ended answers[2];
  for (std::size_t i = 0; i < cores.size(); ++i) {
    Core& core = cores.core(i);
    ended.push_back(boost::asio::co_spawn(
        core.executor(), resolve_into(*resolver_, core, "a.test", kNever, answers[i]),
        boost::asio::use_future));
  }
  names_->wait_for_lookups(1);
  names_->release("a.test");
  for (auto& one : ended) one.get();
  cores.stop();
  for (const Ended& answer : answers) EXPECT_TRUE(answer.at(0));
  EXPECT_THAT(names_->asked(), ElementsAre("a.test"));
}

TEST_F(ResolverTest, EachGivesUpAtItsOwnDeadline) {
  names_->hold("a.test");
  Ended hasty;
  Ended patient;
  spawn("a.test", patient);
  spawn("a.test", hasty, steady_clock::now() + milliseconds(20));
  run_until_ended(hasty);
  ASSERT_FALSE(hasty[0]);
  EXPECT_EQ(hasty[0].error().code, Errc::deadline_exceeded);
  EXPECT_EQ(hasty[0].error().detail, "resolving a.test took too long");
  EXPECT_TRUE(patient.empty());
  names_->release("a.test");
  run_until_ended(patient);
  EXPECT_TRUE(patient[0]);
}

TEST_F(ResolverTest, JoinsALookupThatOthersGaveUpOn) {
  names_->hold("a.test");
  Ended first;
  spawn("a.test", first, steady_clock::now());
  run_until_ended(first);
  EXPECT_FALSE(first[0]);
  Ended second;
  spawn("a.test", second);
  names_->release("a.test");
  run_until_ended(second);
  EXPECT_TRUE(second[0]);
  EXPECT_THAT(names_->asked(), ElementsAre("a.test"));
}

TEST_F(ResolverTest, ASlowNameHoldsUpNoOther) {
  names_->hold("slow.test");
  Ended slow;
  spawn("slow.test", slow);
  EXPECT_TRUE(resolve("b.test"));
  EXPECT_TRUE(resolve("c.test"));
  EXPECT_TRUE(slow.empty());
  names_->release("slow.test");
  run_until_ended(slow);
}

TEST_F(ResolverTest, QueuesWhatHasNoThreadYet) {
  ResolverOptions options = FakeNames::options(names_);
  options.threads = 1;
  remake(options);
  names_->hold("slow.test");
  Ended slow;
  Ended queued;
  Ended hasty;
  spawn("slow.test", slow);
  spawn("b.test", queued);
  spawn("c.test", hasty, steady_clock::now() + milliseconds(20));
  run_until_ended(hasty);
  EXPECT_EQ(hasty[0].error().code, Errc::deadline_exceeded);
  EXPECT_THAT(names_->wait_for_lookups(1), ElementsAre("slow.test"));
  names_->release("slow.test");
  run_until_ended(queued);
  EXPECT_TRUE(queued[0]);
  run_until_ended(slow);
}

TEST_F(ResolverTest, KeepsAnAnswerAsLongAsItsOptionsSay) {
  struct {
    std::chrono::milliseconds found_for;
    std::chrono::milliseconds failed_for;
    std::vector<std::string> asked;  ///< By two lookups of each name.
  } const table[] = {
      {std::chrono::hours(1), std::chrono::hours(1), {"a.test", "b.invalid"}},
      {std::chrono::hours(1), milliseconds(0), {"a.test", "b.invalid", "b.invalid"}},
      {milliseconds(0), std::chrono::hours(1), {"a.test", "a.test", "b.invalid"}},
  };
  for (const auto& row : table) {
    names_ = std::make_shared<FakeNames>();
    ResolverOptions options = FakeNames::options(names_);
    options.found_for = row.found_for;
    options.failed_for = row.failed_for;
    remake(options);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(resolve("a.test"));
    for (int i = 0; i < 2; ++i) EXPECT_FALSE(resolve("b.invalid"));
    EXPECT_EQ(names_->asked(), row.asked);
  }
}

TEST_F(ResolverTest, TellsWhyANameHasNoAddress) {
  const auto answer = resolve("b.invalid");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::unavailable);
  EXPECT_EQ(answer.error().detail, "cannot resolve b.invalid: unknown");
}

TEST(Resolver, GoesWhileALookupHangs) {
  std::promise<void> forgotten;
  std::shared_ptr<FakeNames> names(new FakeNames, [&forgotten](FakeNames* ended) {
    delete ended;
    forgotten.set_value();
  });
  names->hold("a.test");
  {
    TestCore core;
    Resolver resolver(FakeNames::options(names));
    const auto answer = run_task(core.core, resolver.resolve(core.core, "a.test", Deadline()));
    EXPECT_FALSE(answer);
    names->wait_for_lookups(1);
  }
  names->release("a.test");  // Comes back to nobody.
  names.reset();
  forgotten.get_future().wait();
}

TEST(LookUpHost, AsksTheSystem) {
  const auto found = look_up_host("127.0.0.1");  // A name would want an /etc/hosts.
  ASSERT_TRUE(found) << found.error().detail;
  ASSERT_FALSE(found.value().empty());
  for (const auto& address : found.value()) EXPECT_TRUE(address.is_loopback()) << address;

  const auto none = look_up_host("no host has blanks");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Errc::unavailable);
  EXPECT_THAT(none.error().detail, HasSubstr("cannot resolve no host has blanks: "));
}

}  // namespace
}  // namespace sluice
