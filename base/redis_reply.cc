// Redis replies: views over hiredis' trees, and what error replies mean.

#include "base/redis_reply.h"

#include <hiredis/hiredis.h>

#include <algorithm>
#include <array>

namespace sluice {
namespace {

constexpr std::string_view kAnswered = "Redis answered: ";

// The first word of an error whose cause passes, or that an operator can mend.
constexpr std::array<std::string_view, 12> kUnavailable = {
    "LOADING", "READONLY",  "MASTERDOWN", "CLUSTERDOWN", "MISCONF", "NOAUTH",
    "NOPERM",  "WRONGPASS", "NOREPLICAS", "TRYAGAIN",    "BUSY",    "UNBLOCKED"};

bool is_text(const redisReply* reply) {
  return reply != nullptr &&
         (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS ||
          reply->type == REDIS_REPLY_ERROR);
}

}  // namespace

bool RedisValue::is_nil() const noexcept {
  return reply_ == nullptr || reply_->type == REDIS_REPLY_NIL;
}

bool RedisValue::is_error() const noexcept {
  return reply_ != nullptr && reply_->type == REDIS_REPLY_ERROR;
}

bool RedisValue::is_array() const noexcept {
  return reply_ != nullptr && reply_->type == REDIS_REPLY_ARRAY;
}

std::string_view RedisValue::text() const noexcept {
  if (!is_text(reply_)) return {};
  return {reply_->str, reply_->len};
}

std::int64_t RedisValue::integer() const noexcept {
  return reply_ != nullptr && reply_->type == REDIS_REPLY_INTEGER ? reply_->integer : 0;
}

std::size_t RedisValue::size() const noexcept { return is_array() ? reply_->elements : 0; }

RedisValue RedisValue::operator[](std::size_t index) const noexcept {
  return index < size() ? RedisValue(reply_->element[index]) : RedisValue();
}

RedisValue RedisValue::field(std::string_view name) const noexcept {
  for (std::size_t i = 0; i + 1 < size(); i += 2) {
    if ((*this)[i].text() == name) return (*this)[i + 1];
  }
  return {};
}

void RedisReply::Free::operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }

Error redis_error(std::string_view text) {
  const std::string_view word = text.substr(0, text.find(' '));
  std::string detail = std::string(kAnswered) + std::string(text);
  if (word == "OOM") return fail(Errc::resource_exhausted, std::move(detail));
  const bool passes = std::ranges::find(kUnavailable, word) != kUnavailable.end();
  return fail(passes ? Errc::unavailable : Errc::internal, std::move(detail));
}

bool is_redis_error(const Error& error, std::string_view word) noexcept {
  const std::string_view detail = error.detail;
  return detail.starts_with(kAnswered) && detail.substr(kAnswered.size()).starts_with(word);
}

}  // namespace sluice
