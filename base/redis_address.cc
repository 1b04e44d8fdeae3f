// The address of a Redis server, as redis-cli -u takes it. No error quotes what stands before the
// '@': it may be a password.

#include "base/redis_address.h"

#include "base/encoding.h"

#include <charconv>

namespace sluice {
namespace {

constexpr std::string_view kForm = "redis://[user:password@]host[:port][/db]";

Error bad(const std::string& why) {
  return fail(Errc::invalid_argument, why + "; want " + std::string(kForm));
}

/// The whole of `text` as a number that fits.
template <typename Number>
bool read_number(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end;
}

Result<void> read_user(std::string_view text, RedisAddress& address) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) {
    return bad("there is no password before the '@' (one without a user is ':password@')");
  }
  auto user = percent_decode(text.substr(0, colon));
  auto password = percent_decode(text.substr(colon + 1));
  if (!user || !password) {
    return bad("user or password has a '%' without two hexadecimal digits (write it as %25)");
  }
  address.user = std::move(user).value();
  address.password = std::move(password).value();
  return boost::outcome_v2::success();
}

Result<void> read_host(std::string_view text, RedisAddress& address) {
  std::string_view host = text;
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return bad("the host has no closing ']'");
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    has_port = port.starts_with(':');
    if (!port.empty() && !has_port) return bad("after ']' comes ':port' or '/db'");
    if (has_port) port.remove_prefix(1);
  } else if (const auto colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
    has_port = true;
  }
  if (host.empty()) return bad("there is no host");
  if (host.find_first_of(" \t\r\n%?#") != std::string_view::npos) {
    return bad("the host has a character that no host name has");
  }
  if (has_port && (!read_number(port, address.port) || address.port == 0)) {
    return bad("the port is not a number from 1 to 65535");
  }
  address.host = host;
  return boost::outcome_v2::success();
}

}  // namespace

Result<RedisAddress> parse_redis_address(std::string_view text) {
  constexpr std::string_view kScheme = "redis://";
  if (text.starts_with("rediss:")) {
    return fail(Errc::invalid_argument,
                "this build's Redis client has no TLS, so rediss:// is not possible: put stunnel "
                "(or the like) in front, and give its redis:// address");
  }
  if (!text.starts_with(kScheme)) return bad("the address does not begin with redis://");
  std::string_view rest = text.substr(kScheme.size());
  RedisAddress address;
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    SLUICE_TRY(read_user(rest.substr(0, at), address));
    rest.remove_prefix(at + 1);
  }
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return bad("the address has a '?' or '#' part (in a password write %3F, %23)");
  }
  address.shown = std::string(kScheme) + std::string(rest);
  if (address.shown.ends_with('/')) address.shown.pop_back();
  if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
    const std::string_view db = rest.substr(slash + 1);
    if (!db.empty() && !read_number(db, address.db)) {
      return bad("what follows the '/' is not the number of a database (in a password write %2F)");
    }
    rest = rest.substr(0, slash);
  }
  SLUICE_TRY(read_host(rest, address));
  return address;
}

}  // namespace sluice
