#include "manifest/redis_fields.h"

#include "base/redis_address.h"

namespace sluice {

std::string read_redis_address(const Value<std::string>& address, Findings& findings) {
  if (!address) return {};
  const auto parsed = parse_redis_address(*address);
  if (parsed) return *address;
  // Of a variable only the name stands in the line that a finding quotes.
  const bool secret = address->find('@') != std::string::npos && !address.node->expanded;
  std::string text = "'address': " + parsed.error().detail;
  std::string hint = "e.g. address: redis://127.0.0.1:6379";
  if (secret) {
    findings.secret_error(*address.node, std::move(text), std::move(hint));
  } else {
    findings.error(*address.node, std::move(text), std::move(hint));
  }
  return {};
}

}  // namespace sluice
