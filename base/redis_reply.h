#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

struct redisReply;

namespace sluice {

/// One value of a Redis reply: a view, which lives as long as its RedisReply. Whoever asks a value
/// for what it is not gets nothing: an empty text, 0, no elements. So a reply of an unexpected form
/// is read without a crash.
class RedisValue {
 public:
  RedisValue() = default;
  explicit RedisValue(const redisReply* reply) noexcept : reply_(reply) {}

  [[nodiscard]] bool is_nil() const noexcept;
  [[nodiscard]] bool is_error() const noexcept;
  [[nodiscard]] bool is_array() const noexcept;

  /// Of a string, a status or an error.
  [[nodiscard]] std::string_view text() const noexcept;
  /// Of an integer.
  [[nodiscard]] std::int64_t integer() const noexcept;
  /// Of an array.
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] RedisValue operator[](std::size_t index) const noexcept;

  /// In an array of names and values, as XINFO answers: the value of `name`, else nil.
  [[nodiscard]] RedisValue field(std::string_view name) const noexcept;

 private:
  const redisReply* reply_ = nullptr;
};

/// The answer to one command, as hiredis read it; not copied.
class RedisReply {
 public:
  RedisReply() = default;
  /// Takes ownership.
  explicit RedisReply(redisReply* reply) noexcept : reply_(reply) {}

  /// False where the connection was lost before an answer came.
  explicit operator bool() const noexcept { return reply_ != nullptr; }

  [[nodiscard]] RedisValue value() const noexcept { return RedisValue(reply_.get()); }

 private:
  struct Free {
    void operator()(redisReply* reply) const noexcept;
  };
  std::unique_ptr<redisReply, Free> reply_;
};

/// What an error reply means to us: OOM is resource_exhausted; what an operator can mend or time
/// does (LOADING, READONLY, MASTERDOWN, CLUSTERDOWN, MISCONF, NOAUTH, WRONGPASS, NOPERM) is
/// unavailable; anything else internal. The detail has the server's text.
[[nodiscard]] Error redis_error(std::string_view text);

/// Whether `error` came of a reply that begins with `word`, e.g. "NOGROUP".
[[nodiscard]] bool is_redis_error(const Error& error, std::string_view word) noexcept;

}  // namespace sluice
