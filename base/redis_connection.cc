// hiredis 0.14 has no Asio adapter and closes its descriptor itself, so the descriptor is released
// from Asio before (in ev.cleanup). Writing is tried at the end of the turn of the loop, once no
// answer to what was written before is awaited; only what the socket does not take then waits for
// room.

#include "base/redis_connection.h"

#include <boost/asio/post.hpp>
#include <boost/container/small_vector.hpp>
#include <hiredis/async.h>
#include <hiredis/sds.h>

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace sluice {
namespace {

// More than this is worth a write of its own.
constexpr std::size_t kGathered = 16 * 1024;

// The reply that a callback has taken over, which hiredis must not free.
thread_local const void* kept_reply = nullptr;

void free_unless_kept(void* reply) {
  if (reply == std::exchange(kept_reply, nullptr)) return;
  freeReplyObject(reply);
}

/// hiredis' own functions, but for one: freeing.
redisReplyObjectFunctions* keeping_functions(const redisReplyObjectFunctions& own) {
  static redisReplyObjectFunctions functions = [&own] {
    redisReplyObjectFunctions copy = own;
    copy.freeObject = free_unless_kept;
    return copy;
  }();
  return &functions;
}

}  // namespace

struct RedisConnection::Callbacks {
  static RedisConnection& of(void* self) { return *static_cast<RedisConnection*>(self); }

  static void add_read(void* self) {
    of(self).read_wanted_ = true;
    of(self).wait_to_read();
  }
  static void del_read(void* self) { of(self).read_wanted_ = false; }
  static void add_write(void* self) {
    of(self).write_wanted_ = true;
    if (of(self).connected_) {
      of(self).flush_soon();
    } else {
      of(self).wait_to_write();
    }
  }
  static void del_write(void* self) { of(self).write_wanted_ = false; }
  static void cleanup(void* self) { of(self).on_cleanup(); }

  static void connected(const redisAsyncContext* context, int status) {
    RedisConnection& self = of(context->data);
    if (status != REDIS_OK) return;  // cleanup() follows.
    self.connected_ = true;
    self.owner_.on_connected();
  }

  static void reply(redisAsyncContext* context, void* reply, void* whose) {
    RedisConnection& self = of(context->data);
    --self.in_flight_;
    const bool was_last = self.awaited_ > 0 && --self.awaited_ == 0;
    if (was_last && self.write_wanted_ && !self.closing_) self.flush_soon();
    kept_reply = reply;
    RedisReply owned(static_cast<redisReply*>(reply));
    self.owner_.on_reply(whose, std::move(owned));
  }
};

RedisConnection::RedisConnection(Core& core, WhenIdle idle, Owner& owner)
    : core_(core), owner_(owner), idle_(idle), descriptor_(core.executor()) {}

RedisConnection::~RedisConnection() { close(); }

Result<std::shared_ptr<RedisConnection>> RedisConnection::open(
    Core& core, const boost::asio::ip::address& address, std::uint16_t port, WhenIdle idle,
    Owner& owner) {
  // An address, not a name: hiredis would look a name up on this thread.
  redisAsyncContext* const context = redisAsyncConnect(address.to_string().c_str(), port);
  if (context == nullptr) return fail(Errc::resource_exhausted, "no memory for a connection");
  if (context->err != 0) {
    std::string why = context->errstr;
    redisAsyncFree(context);
    return fail(Errc::unavailable, std::move(why));
  }
  auto connection = std::make_shared<RedisConnection>(core, idle, owner);
  SLUICE_TRY(connection->attach(context));
  return connection;
}

Result<void> RedisConnection::attach(redisAsyncContext* context) {
  boost::system::error_code error;
  descriptor_.assign(context->c.fd, error);
  if (error) {
    redisAsyncFree(context);
    return fail(Errc::unavailable, error.message());
  }
  context_ = context;
  context->data = this;
  context->c.reader->fn = keeping_functions(*context->c.reader->fn);
  context->ev.data = this;
  context->ev.addRead = Callbacks::add_read;
  context->ev.delRead = Callbacks::del_read;
  context->ev.addWrite = Callbacks::add_write;
  context->ev.delWrite = Callbacks::del_write;
  context->ev.cleanup = Callbacks::cleanup;
  redisAsyncSetConnectCallback(context, Callbacks::connected);  // Asks for the first write.
  return boost::outcome_v2::success();
}

bool RedisConnection::send(std::span<const std::string_view> words, void* whose) {
  if (context_ == nullptr) return false;
  boost::container::small_vector<const char*, 64> texts;
  boost::container::small_vector<std::size_t, 64> sizes;
  for (const std::string_view word : words) {
    texts.push_back(word.empty() ? "" : word.data());
    sizes.push_back(word.size());
  }
  const int count = static_cast<int>(words.size());
  ++in_flight_;
  if (redisAsyncCommandArgv(context_, Callbacks::reply, whose, count, texts.data(), sizes.data()) !=
      REDIS_OK) {
    --in_flight_;
    return false;
  }
  wait_to_read();
  return true;
}

void RedisConnection::close() {
  if (context_ == nullptr) return;
  closing_ = true;
  redisAsyncFree(context_);
}

std::size_t RedisConnection::unsent() const noexcept {
  return context_ == nullptr ? 0 : sdslen(context_->c.obuf);
}

bool RedisConnection::is_stale() const noexcept {
  if (context_ == nullptr) return true;
  char byte = 0;
  const ssize_t size = ::recv(context_->c.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return size >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

void RedisConnection::wait_to_read() {
  if (!read_wanted_ || reading_ || context_ == nullptr) return;
  if (idle_ == WhenIdle::unwatched && connected_ && in_flight_ == 0) return;
  reading_ = true;
  descriptor_.async_wait(Descriptor::wait_read,
                         [self = shared_from_this()](const boost::system::error_code&) {
                           // Still counted as reading: what is asked for from inside comes below.
                           if (self->context_ != nullptr && self->read_wanted_) {
                             ++self->progress_;
                             redisAsyncHandleRead(self->context_);
                           }
                           self->reading_ = false;
                           self->wait_to_read();
                         });
}

void RedisConnection::wait_to_write() {
  if (writing_) return;
  writing_ = true;
  descriptor_.async_wait(Descriptor::wait_write,
                         [self = shared_from_this()](const boost::system::error_code&) {
                           ++self->progress_;
                           self->write_now();
                         });
}

void RedisConnection::flush_soon() {
  if (writing_ || (awaited_ > 0 && unsent() < kGathered)) return;
  writing_ = true;
  boost::asio::post(core_.executor(), [self = shared_from_this()] { self->write_now(); });
}

void RedisConnection::write_now() {
  // Still counted as writing: what is asked for from inside is what the socket has no room for.
  if (context_ != nullptr && write_wanted_) redisAsyncHandleWrite(context_);
  awaited_ = in_flight_;
  writing_ = false;
  if (context_ != nullptr && write_wanted_) wait_to_write();
}

void RedisConnection::on_cleanup() {
  const std::string why = context_->err != 0 ? context_->errstr : "the connection was closed";
  context_ = nullptr;
  descriptor_.release();  // Ends its waits. hiredis closes the descriptor.
  if (!closing_) owner_.on_lost(why);
}

}  // namespace sluice
