#include "event/content_encoding.h"

#include "base/encoding.h"
#include "base/http_head.h"
#include "base/utf8.h"

#include <memory>
#include <utility>

namespace sluice {
namespace {

constexpr std::string_view kEncoding = "datacontentencoding";

}  // namespace

Result<bool> take_content_encoding(EventBuilder& builder) {
  if (builder.specversion != SpecVersion::v0_3) return false;
  const Attribute* const encoding = builder.find(kEncoding);
  if (encoding == nullptr) return false;
  if (!iequals(encoding->value, "base64")) {
    return fail(Errc::invalid_argument, "attribute 'datacontentencoding' is " +
                                            in_quotes(encoding->value) + "; only base64 is known");
  }
  builder.remove(kEncoding);
  return true;
}

Result<void> set_base64_data(std::string_view member, std::string_view text,
                             EventBuilder& builder) {
  const std::size_t bound = base64_decoded_bound(text.size());
  auto buffer = std::make_unique_for_overwrite<char[]>(bound);
  const auto size = base64_decode_to(text, buffer.get());
  if (!size) {
    return fail(Errc::invalid_argument, "'" + std::string(member) + "' is " + size.error().detail);
  }
  const std::string_view bytes(buffer.get(), size.value());
  builder.adopt(std::move(buffer), bound, bytes, DataKind::bytes);
  return boost::outcome_v2::success();
}

}  // namespace sluice
