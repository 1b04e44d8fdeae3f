#pragma once

#include "base/http_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include <string>
#include <string_view>

/// Only for http_parser.cc and chunked_body.cc: what drives Beast's parser.
namespace sluice {

namespace beast = boost::beast;
namespace http = boost::beast::http;

inline std::string_view to_std(beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

inline bool within(std::string_view part, std::string_view whole) noexcept {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

/// Collects the head of one message, and the body where it is chunked.
template <bool isRequest>
class Collector final : public http::basic_parser<isRequest> {
 public:
  explicit Collector(HttpFields& fields) : fields_(fields) {
    fields_.clear();
    this->header_limit(HttpLimits::kMaxHeaderBytes);
    this->body_limit(boost::none);
  }

  std::string_view input;  // What put() is given, to tell views into it from copies.
  std::string_view method;
  std::string_view target;
  std::string body;
  std::string fault;  // The guard that refused; empty: Beast did.
  int status = 0;
  int version = 11;
  int content_lengths = 0;  // Beast takes the list "2, 2" for 2: that counts as two.
  int hosts = 0;
  int transfer_encodings = 0;
  bool only_chunked = true;
  bool expects_continue = false;
  bool too_many_fields = false;
  bool extension_too_long = false;

 private:
  using error_code = beast::error_code;
  using string_view = beast::string_view;

  void on_request_impl(http::verb, string_view method_text, string_view target_text,
                       int http_version, error_code&) override {
    method = to_std(method_text);
    target = to_std(target_text);
    version = http_version;
  }

  void on_response_impl(int code, string_view, int http_version, error_code&) override {
    status = code;
    version = http_version;
  }

  void on_field_impl(http::field name, string_view name_text, string_view value_text,
                     error_code& ec) override {
    if (in_body_) return;  // A trailer: dropped.
    const HttpField field{to_std(name_text), to_std(value_text)};
    if (!field.value.empty() && !within(field.value, input)) {
      refuse("a header line is folded (obs-fold)", ec);  // Beast unfolds into a copy.
      return;
    }
    if (!fields_.add(field)) {
      too_many_fields = true;
      refuse("more than 128 header lines", ec);
      return;
    }
    const bool list = field.value.find(',') != std::string_view::npos;
    if (name == http::field::content_length) content_lengths += list ? 2 : 1;
    if (name == http::field::host) ++hosts;
    if (name == http::field::expect) expects_continue |= iequals(field.value, "100-continue");
    if (name == http::field::transfer_encoding) {
      ++transfer_encodings;
      only_chunked = only_chunked && iequals(field.value, "chunked");
    }
  }

  void refuse(const char* why, error_code& ec) {
    fault = why;
    ec = http::error::bad_field;
  }

  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {
    in_body_ = true;
  }
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }

  void on_chunk_header_impl(std::uint64_t, string_view extensions, error_code& ec) override {
    if (extensions.size() <= HttpLimits::kMaxChunkExtensionBytes) return;
    refuse("a chunk extension is longer than 1 KiB", ec);
  }

  std::size_t on_chunk_body_impl(std::uint64_t, string_view part, error_code&) override {
    body.append(part.data(), part.size());
    return part.size();
  }

  void on_finish_impl(error_code&) override {}

  HttpFields& fields_;
  bool in_body_ = false;
};

}  // namespace sluice
