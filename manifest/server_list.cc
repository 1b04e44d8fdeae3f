#include "manifest/server_list.h"

#include "base/host_port.h"
#include "base/utf8.h"

namespace sluice {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

Result<void> check_server(std::string_view server) {
  const auto bad = [&](const std::string& why) {
    return fail(Errc::invalid_argument, in_quotes(server) + " is not HOST:PORT: " + why);
  };
  if (server.empty()) return bad("it is empty");
  if (server.find("://") != std::string_view::npos) return bad("leave the protocol out");
  if (server.find_first_of(" \t\r\n;/") != std::string_view::npos) {
    return bad("several servers are separated by commas");
  }
  const auto parsed = parse_host_port(server);
  if (!parsed && server.find(':') == std::string_view::npos) {
    return bad("there is no port; write " + std::string(server) + ":9092");
  }
  if (!parsed) return fail(Errc::invalid_argument, parsed.error().detail);
  if (server.starts_with(':')) return bad("there is no host");
  if (parsed.value().port == 0) return bad("the port is 0");
  return boost::outcome_v2::success();
}

}  // namespace

Result<std::string> parse_server_list(std::string_view text) {
  std::string out;
  for (;;) {
    const std::size_t comma = text.find(',');
    const std::string_view server = trimmed(text.substr(0, comma));
    SLUICE_TRY(check_server(server));
    out += (out.empty() ? "" : ",") + std::string(server);
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace sluice
