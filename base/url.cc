#include "base/url.h"

// Boost.URL 1.81 compiled in here: Debian splits its library from the headers.
#include <boost/url/src.hpp>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace sluice {
namespace urls = boost::urls;

namespace {

/// Boost.URL 1.81 takes `http://host:port/` for an empty port and the path "port/": behind an
/// authority a path is empty or begins with a slash (RFC 3986, section 3.3).
bool has_sound_path(const urls::url_view& url) noexcept {
  const urls::string_view path = url.encoded_path();
  return !url.has_authority() || path.empty() || path.front() == '/';
}

}  // namespace

Result<HttpUrl> parse_http_url(std::string_view text) {
  const auto parsed = urls::parse_uri(urls::string_view(text.data(), text.size()));
  if (!parsed || !has_sound_path(*parsed)) {
    return fail(Errc::invalid_argument, "'" + std::string(text) + "' is not an absolute URL");
  }
  const urls::url_view& view = *parsed;
  if (view.scheme_id() == urls::scheme::https) {
    return fail(Errc::invalid_argument,
                "'" + std::string(text) +
                    "' is https, and this build's client has no TLS: put a proxy in front");
  }
  if (view.scheme_id() != urls::scheme::http) {
    return fail(Errc::invalid_argument, "'" + std::string(text) + "' is not an http URL");
  }
  HttpUrl url;
  url.text = std::string(text);
  url.host = view.host_address();
  if (url.host.empty()) return fail(Errc::invalid_argument, "'" + url.text + "' has no host");
  if (view.has_userinfo()) {
    return fail(Errc::invalid_argument,
                "'" + url.text + "' carries credentials; they are not sent");
  }
  if (view.has_port() && !view.port().empty()) {
    url.port = view.port_number();
    if (url.port == 0) return fail(Errc::invalid_argument, "'" + url.text + "' has a bad port");
  }
  url.authority =
      std::string(view.encoded_host_and_port().data(), view.encoded_host_and_port().size());
  url.target = std::string(view.encoded_path().data(), view.encoded_path().size());
  if (url.target.empty()) url.target = "/";
  if (view.has_query()) {
    url.target += '?';
    url.target.append(view.encoded_query().data(), view.encoded_query().size());
  }
  return url;
}

bool is_uri_reference(std::string_view text) noexcept {
  if (text.empty()) return false;
  const auto parsed = urls::parse_uri_reference(urls::string_view(text.data(), text.size()));
  return parsed && has_sound_path(*parsed);
}

bool is_absolute_uri(std::string_view text) noexcept {
  const auto parsed = urls::parse_uri(urls::string_view(text.data(), text.size()));
  return parsed && has_sound_path(*parsed);
}

}  // namespace sluice
