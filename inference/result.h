#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace sluice::inference {

/// Why an operation did not happen. The same words as base/result.h has, which this folder does not
/// see: it builds without Boost.
enum class Errc {
  invalid_argument,    ///< The caller's data is wrong; retrying cannot help.
  not_found,           ///< No such file, model or tensor.
  resource_exhausted,  ///< A bound was hit (queue, KV blocks); retry later.
  unavailable,         ///< The device or a file failed; retry later.
  deadline_exceeded,   ///< The deadline passed before an answer came.
  cancelled,           ///< We are shutting down or the caller gave up.
  internal,            ///< A bug or a broken invariant.
};

/// An operating error: expected, returned, never thrown.
struct Error {
  Errc code = Errc::internal;
  std::string detail;  ///< One line; names the file, key or tensor, and the fix where there is one.
};

[[nodiscard]] inline Error fail(Errc code, std::string detail) { return {code, std::move(detail)}; }

/// Says on standard error what was taken for a value, then aborts; nullptr: a value for an error.
[[noreturn]] inline void wrong_side_was_read(const Error* error) noexcept {
  std::fprintf(stderr, "the wrong side of a Result was read: %s\n",
               error == nullptr ? "it has a value" : error->detail.c_str());
  std::abort();
}

/// A value or an Error. Reading the wrong side is a programming error: it aborts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  [[nodiscard]] T& value() & { return check<0>(), *std::get_if<0>(&state_); }
  [[nodiscard]] const T& value() const& { return check<0>(), *std::get_if<0>(&state_); }
  [[nodiscard]] T&& value() && { return check<0>(), std::move(*std::get_if<0>(&state_)); }
  [[nodiscard]] Error& error() & { return check<1>(), *std::get_if<1>(&state_); }
  [[nodiscard]] const Error& error() const& { return check<1>(), *std::get_if<1>(&state_); }
  [[nodiscard]] Error&& error() && { return check<1>(), std::move(*std::get_if<1>(&state_)); }

 private:
  template <std::size_t kSide>
  void check() const noexcept {
    if (state_.index() != kSide) wrong_side_was_read(std::get_if<1>(&state_));
  }

  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  [[nodiscard]] bool has_value() const noexcept { return !error_; }
  explicit operator bool() const noexcept { return has_value(); }
  void value() const noexcept {
    if (error_) wrong_side_was_read(&*error_);
  }
  [[nodiscard]] const Error& error() const& {
    if (!error_) wrong_side_was_read(nullptr);
    return *error_;
  }
  [[nodiscard]] Error&& error() && {
    if (!error_) wrong_side_was_read(nullptr);
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace sluice::inference

#define SLUICE_INFERENCE_JOIN_(a, b) a##b
#define SLUICE_INFERENCE_NAME_(line) SLUICE_INFERENCE_JOIN_(result_of_line_, line)
/// `INFERENCE_TRY(auto x, expr);` unwraps a Result or returns its error from this function.
#define INFERENCE_TRY(declaration, ...)                         \
  auto SLUICE_INFERENCE_NAME_(__LINE__) = (__VA_ARGS__);        \
  if (!SLUICE_INFERENCE_NAME_(__LINE__))                        \
    return std::move(SLUICE_INFERENCE_NAME_(__LINE__)).error(); \
  declaration = std::move(SLUICE_INFERENCE_NAME_(__LINE__)).value()
/// `INFERENCE_CHECK(expr);` for a Result<void>.
#define INFERENCE_CHECK(...)                                    \
  do {                                                          \
    if (auto checked_result_ = (__VA_ARGS__); !checked_result_) \
      return std::move(checked_result_).error();                \
  } while (false)
