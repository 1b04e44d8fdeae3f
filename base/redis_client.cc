// Commands in flight are slots that hiredis hands back in order. A command whose waiter has given
// up keeps its slot until its answer comes, so that no answer meets another's command.

#include "base/redis_client.h"

#include <boost/container/small_vector.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstBackoff{50};
constexpr milliseconds kLongestBackoff{2'000};
constexpr std::chrono::seconds kConnectTimeout{5};
constexpr std::chrono::seconds kLookEvery{5};  // For another server behind the same name.
// More than a burst needs; what it grew to beyond is freed.
constexpr std::size_t kSpareSlots = 1024;

}  // namespace

RedisClient::RedisClient(Core& core, RedisAddress address, Kind kind)
    : core_(core),
      address_(std::move(address)),
      kind_(kind),
      group_(core),
      backoff_(kFirstBackoff) {}

RedisClient::~RedisClient() {
  if (connection_) connection_->close();
}

void RedisClient::start() {
  if (kind_ == Kind::standing) group_.spawn(keep_connected());
}

Task<RedisReply> RedisClient::command(std::span<const std::string_view> words, Deadline deadline) {
  // On demand, the peer may have closed meanwhile, and nobody has looked.
  const bool idle = kind_ == Kind::on_demand && in_flight_ == 0 && state_ == State::up;
  if (idle && connection_->is_stale()) drop("the connection was closed");
  if (state_ != State::up) {
    const auto ready = co_await make_ready(deadline);
    if (!ready) co_return ready.error();
  }
  co_return co_await request(words, deadline);
}

Awaitable<bool> RedisClient::connected(Deadline deadline) {
  while (state_ != State::up && state_ != State::closed) {
    const bool told = co_await changed_.wait(core_, deadline);
    if (!told) break;
  }
  co_return state_ == State::up;
}

void RedisClient::drop(const std::string& why) {
  if (!connection_) return;
  connection_->close();
  on_lost(why);
}

Awaitable<void> RedisClient::close() {
  if (state_ != State::closed) {
    enter(State::closed, "");
    pause_.notify_all();
    if (connection_) std::exchange(connection_, nullptr)->close();
    open_ = false;
    DeadlineWheel::cancel(watch_);
  }
  co_await group_.join();
}

std::string RedisClient::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void RedisClient::on_connected() {
  open_ = true;
  changed_.notify_all();
}

void RedisClient::on_reply(void* whose, RedisReply reply) {
  if (--in_flight_ == 0) DeadlineWheel::cancel(watch_);
  std::unique_ptr<Slot> slot(static_cast<Slot*>(whose));
  if (!slot->abandoned) {
    slot->reply = std::move(reply);
    slot->done = true;
    slot.release()->answered.notify_one();  // The waiter's from now on.
  } else if (spare_.size() < kSpareSlots) {
    slot->abandoned = false;
    spare_.push_back(std::move(slot));
  }
}

void RedisClient::on_lost(const std::string& why) {
  connection_ = nullptr;
  open_ = false;
  if (state_ == State::closed) return;
  enter(State::down, address_.shown + ": " + why);
  pause_.notify_all();
}

void RedisClient::on_watch() {
  if (in_flight_ == 0 || !connection_) return;
  if (connection_->progress() == progress_seen_)
    return drop("no answer for " + std::to_string(kSilence.count()) + " s");
  progress_seen_ = connection_->progress();
  core_.deadlines().schedule(watch_, steady_clock::now() + kSilence);
}

/// Connects, and again whenever the connection is lost, ever more slowly while that fails.
Awaitable<void> RedisClient::keep_connected() {
  while (state_ != State::closed) {
    const auto connected = co_await connect();
    if (state_ == State::closed) break;
    if (connected) {
      backoff_ = kFirstBackoff;
      enter(State::up, "");
      co_await pause_.wait(core_, kNever);  // Until it is lost.
      continue;
    }
    enter(State::down, connected.error().detail);
    const auto jitter = milliseconds(core_.random() % static_cast<std::uint64_t>(backoff_.count()));
    const Deadline again = steady_clock::now() + backoff_ / 2 + jitter / 2;
    backoff_ = std::min(backoff_ * 2, kLongestBackoff);
    co_await pause_.wait(core_, again);
  }
}

/// Waits for, or makes, the connection that a command needs.
Task<void> RedisClient::make_ready(Deadline deadline) {
  while (state_ == State::starting && (kind_ == Kind::standing || connecting_)) {
    const bool told = co_await changed_.wait(core_, deadline);
    if (!told) co_return fail(Errc::unavailable, address_.shown + ": no connection yet");
  }
  const bool may_try = kind_ == Kind::on_demand && !connecting_ && state_ != State::closed &&
                       state_ != State::up && steady_clock::now() >= retry_at_;
  if (may_try) {
    connecting_ = true;
    if (state_ == State::down) enter(State::starting, trouble());
    const auto connected = co_await connect();
    connecting_ = false;
    if (connected) {
      backoff_ = kFirstBackoff;
      if (state_ != State::closed) enter(State::up, "");
    } else if (state_ != State::closed) {
      retry_at_ = steady_clock::now() + backoff_;
      backoff_ = std::min(backoff_ * 2, kLongestBackoff);
      enter(State::down, connected.error().detail);
    }
  }
  if (state_ != State::up) co_return not_connected();
  co_return boost::outcome_v2::success();
}

Task<void> RedisClient::connect() {
  const Deadline deadline = steady_clock::now() + kConnectTimeout;
  auto found = co_await addresses(deadline);
  if (!found) co_return fail(Errc::unavailable, address_.shown + ": " + found.error().detail);
  Error last = fail(Errc::unavailable, "no address for " + address_.host);
  for (const auto& address : found.value()) {
    if (state_ == State::closed) break;
    auto connected = co_await connect_to(address, deadline);
    if (connected) co_return boost::outcome_v2::success();
    last = std::move(connected).error();
  }
  last.detail.insert(0, address_.shown + ": ");
  co_return last;
}

Task<Addresses> RedisClient::addresses(Deadline deadline) {
  boost::system::error_code error;
  const auto literal = boost::asio::ip::make_address(address_.host, error);
  if (!error) co_return Addresses(1, literal);
  co_return co_await resolver_.resolve(core_, address_.host, deadline);
}

Task<void> RedisClient::connect_to(const boost::asio::ip::address& address, Deadline deadline) {
  const auto idle = kind_ == Kind::standing ? RedisConnection::WhenIdle::watched
                                            : RedisConnection::WhenIdle::unwatched;
  auto opened = RedisConnection::open(core_, address, address_.port, idle, *this);
  if (!opened) co_return opened.error();
  connection_ = std::move(opened).value();
  const auto connection = connection_;  // It may be another's before this is looked at again.
  while (connection_ == connection && !open_) {
    const bool told = co_await changed_.wait(core_, deadline);
    if (!told && connection_ == connection && !open_) drop("no connection within 5 s");
  }
  if (connection_ != connection) {
    const std::string why = trouble();  // on_lost() has put the address in front.
    const std::size_t behind = std::min(why.size(), address_.shown.size() + 2);
    co_return fail(Errc::unavailable, why.substr(behind));
  }
  auto greeted = co_await greet(deadline);
  if (connection_ != connection) co_return fail(Errc::unavailable, "the connection was lost");
  if (!greeted) {
    std::exchange(connection_, nullptr)->close();
    open_ = false;
  }
  co_return greeted;
}

/// Who we are, and which database.
Task<void> RedisClient::greet(Deadline deadline) {
  if (!address_.password.empty()) {
    boost::container::small_vector<std::string_view, 3> words;
    words.push_back("AUTH");
    if (!address_.user.empty()) words.push_back(address_.user);
    words.push_back(address_.password);
    auto reply = co_await request(words, deadline);
    if (!reply) {
      Error error = std::move(reply).error();
      error.code = Errc::unavailable;
      error.detail.insert(0, "user or password in the address: ");
      co_return error;
    }
  }
  const std::string db = std::to_string(address_.db);
  const std::array<std::string_view, 2> select = {"SELECT", db};
  // Also where it is 0: it shows that commands are taken at all.
  auto reply = co_await request(select, deadline);
  if (!reply) {
    Error error = std::move(reply).error();
    error.code = Errc::unavailable;
    if (is_redis_error(error, "NOAUTH")) {
      error.detail += " (write redis://user:password@host into the address)";
    }
    co_return error;
  }
  co_return boost::outcome_v2::success();
}

Task<RedisReply> RedisClient::request(std::span<const std::string_view> words, Deadline deadline) {
  Slot* const slot = take_slot();
  if (!connection_ || !connection_->send(words, slot)) {
    spare_.emplace_back(slot);
    co_return not_connected();
  }
  if (++in_flight_ == 1) {
    progress_seen_ = connection_->progress();
    core_.deadlines().schedule(watch_, steady_clock::now() + kSilence);
  }
  co_await slot->answered.wait(core_, deadline);
  if (!slot->done) {
    slot->abandoned = true;
    co_return fail(Errc::deadline_exceeded, address_.shown + ": no answer in time");
  }
  RedisReply reply = std::move(slot->reply);
  slot->done = false;
  spare_.emplace_back(slot);
  if (!reply) co_return not_connected();
  if (!reply.value().is_error()) co_return reply;
  Error error = redis_error(reply.value().text());
  if (is_redis_error(error, "READONLY")) look_for_the_master();
  co_return error;
}

/// A failover leaves the connection to what is a replica now; the name may lead to another by now.
void RedisClient::look_for_the_master() {
  const auto now = steady_clock::now();
  if (now < look_again_at_) return;
  look_again_at_ = now + kLookEvery;
  drop("the server is a replica that takes no writes");
}

void RedisClient::enter(State state, const std::string& trouble) {
  state_ = state;
  {
    const std::lock_guard lock(mutex_);
    trouble_ = trouble;
  }
  changed_.notify_all();
}

Error RedisClient::not_connected() const {
  if (state_ == State::closed) return fail(Errc::cancelled, "the Redis client is closed");
  std::string why = trouble();
  return fail(Errc::unavailable, why.empty() ? address_.shown + ": no connection" : why);
}

RedisClient::Slot* RedisClient::take_slot() {
  if (spare_.empty()) return new Slot;
  Slot* const slot = spare_.back().release();
  spare_.pop_back();
  return slot;
}

}  // namespace sluice
