#include "base/redis_address.h"

#include "base/encoding.h"
#include "base/host_port.h"
#include "base/utf8.h"

#include <charconv>

namespace sluice {
namespace {

constexpr std::string_view kScheme = "redis://";
constexpr int kMostDatabase = 16'383;

Error bad(std::string_view why) {
  return fail(Errc::invalid_argument,
              "not a Redis address: " + std::string(why) + "; write redis://HOST:PORT");
}

// "user:password", ":password" or "password", each percent-encoded.
Result<void> read_user(std::string_view text, RedisAddress& out) {
  const std::size_t colon = text.find(':');
  const std::string_view user = colon == std::string_view::npos ? "" : text.substr(0, colon);
  const auto decoded_user = percent_decode(user);
  const auto password =
      percent_decode(text.substr(colon == std::string_view::npos ? 0 : colon + 1));
  if (!decoded_user || !password) {
    return bad("the user or password has a '%' that is no escape (write %25)");
  }
  if (password.value().empty()) return bad("there is an '@' and no password before it");
  out.user = decoded_user.value();
  out.password = password.value();
  return boost::outcome_v2::success();
}

Result<void> read_host(std::string_view text, RedisAddress& out) {
  if (text.empty()) return bad("there is no host");
  if (text.find_first_of(" \t,") != std::string_view::npos) return bad("it names one server only");
  const bool has_port = text.ends_with(']') ? false : text.find(':') != std::string_view::npos;
  const std::string whole = std::string(text) + (has_port ? "" : ":6379");
  const auto parsed = parse_host_port(whole);
  if (!parsed) return bad(parsed.error().detail);
  if (whole.starts_with(':')) return bad("there is no host");
  if (parsed.value().port == 0) return bad("the port is 0");
  out.host = parsed.value().host;
  out.port = parsed.value().port;
  return boost::outcome_v2::success();
}

Result<void> read_database(std::string_view text, RedisAddress& out) {
  if (text.empty()) return boost::outcome_v2::success();
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out.database);
  if (error != std::errc() || stop != end || out.database < 0 || out.database > kMostDatabase) {
    return bad("behind the '/' the number of a database is wanted");
  }
  return boost::outcome_v2::success();
}

}  // namespace

Result<RedisAddress> parse_redis_address(std::string_view text) {
  if (text.starts_with("rediss://")) {
    return fail(Errc::invalid_argument,
                "rediss://: this build's Redis client has no TLS; put stunnel in front of the "
                "server and write redis://");
  }
  if (!text.starts_with(kScheme)) return bad("it does not begin with redis://");
  text.remove_prefix(kScheme.size());
  RedisAddress address;
  // A password may have an '@' that is not encoded: the last one ends it.
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos) {
    SLUICE_TRY(read_user(text.substr(0, at), address));
    text.remove_prefix(at + 1);
  }
  const std::size_t slash = text.find('/');
  SLUICE_TRY(read_host(text.substr(0, slash), address));
  if (slash != std::string_view::npos) {
    SLUICE_TRY(read_database(text.substr(slash + 1), address));
  }
  return address;
}

}  // namespace sluice
