#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>
#include <boost/outcome/try.hpp>

#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// Why an operation did not happen. Protocol-neutral on purpose: the HTTP status and the metric
/// label are derived from it in base/result.cc, nowhere else.
enum class Errc {
  invalid_argument,    ///< The caller's data is wrong; retrying cannot help.
  not_found,           ///< No such broker, trigger, channel or model.
  resource_exhausted,  ///< A bound was hit (queue, pool, body size); retry later.
  unavailable,         ///< The peer refused or vanished; retry later.
  deadline_exceeded,   ///< The deadline passed before an answer came.
  cancelled,           ///< We are shutting down or the caller gave up.
  internal,            ///< A bug or a broken invariant reported by a dependency.
};

/// An operating error: expected, returned, never thrown.
struct Error {
  Errc code;
  std::string detail;  ///< For the log and the operator, one line, no secrets.
};

/// A value or an Error. Reading the wrong side is a programming error: it terminates.
template <typename T>
using Result = boost::outcome_v2::basic_result<T, Error, boost::outcome_v2::policy::terminate>;

[[nodiscard]] inline Error fail(Errc code, std::string detail) { return {code, std::move(detail)}; }

/// The HTTP status that says `code` to a producer, e.g. 429 for resource_exhausted.
[[nodiscard]] int http_status(Errc code) noexcept;

/// The word for logs and metric labels, e.g. "resource_exhausted".
[[nodiscard]] std::string_view to_string(Errc code) noexcept;

}  // namespace sluice

/// `SLUICE_TRY(auto x, expr)` unwraps a Result or returns its error from this function.
#define SLUICE_TRY(...) BOOST_OUTCOME_TRY(__VA_ARGS__)
/// The same inside a coroutine.
#define SLUICE_CO_TRY(...) BOOST_OUTCOME_CO_TRY(__VA_ARGS__)
