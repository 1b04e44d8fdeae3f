#include "inference/json_file.h"

#include <fstream>
#include <set>
#include <system_error>
#include <vector>

namespace sluice::inference {
namespace {

constexpr int kMaxDepth = 64;

/// Sees every key while the text is parsed.
class KeyCheck {
 public:
  using Event = nlohmann::json::parse_event_t;

  bool operator()(int depth, Event event, const nlohmann::json& parsed) {
    if (depth > kMaxDepth && problem_.empty()) problem_ = "is nested too deeply";
    if (event == Event::object_start) {
      open_.emplace_back();
    } else if (event == Event::object_end) {
      open_.pop_back();
    } else if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!open_.back().insert(key).second && problem_.empty()) {
        problem_ = "has the key '" + key + "' twice";
      }
    }
    return depth <= kMaxDepth;
  }

  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  std::vector<std::set<std::string>> open_;
  std::string problem_;
};

}  // namespace

Result<std::string> read_text_file(const std::filesystem::path& path, std::int64_t max_bytes) {
  std::error_code code;
  const auto size = std::filesystem::file_size(path, code);
  if (code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory) {
    return fail(Errc::not_found, "no file " + path.string());
  }
  if (code) return fail(Errc::unavailable, path.string() + ": " + code.message());
  if (size > static_cast<std::uintmax_t>(max_bytes)) {
    return fail(Errc::invalid_argument, path.string() + " has " + std::to_string(size) +
                                            " bytes; at most " + std::to_string(max_bytes) +
                                            " are read");
  }
  std::ifstream file(path, std::ios::binary);
  std::string text(size, '\0');
  file.read(text.data(), static_cast<std::streamsize>(size));
  if (!file) return fail(Errc::unavailable, path.string() + " cannot be read");
  return text;
}

Result<nlohmann::json> parse_json_object(std::string_view text, const std::string& what) {
  KeyCheck check;
  nlohmann::json json;
  try {
    json = nlohmann::json::parse(text.begin(), text.end(), std::ref(check));
  } catch (const nlohmann::json::exception& e) {
    std::string detail = e.what();  // "[json.exception.parse_error.101] parse error at ...".
    detail.erase(0, detail.find("] ") + 2);
    return fail(Errc::invalid_argument, what + " is not JSON: " + detail);
  }
  if (!check.problem().empty()) {
    return fail(Errc::invalid_argument, what + " " + check.problem());
  }
  if (!json.is_object()) {
    return fail(Errc::invalid_argument, what + " is not a JSON object");
  }
  return json;
}

Result<nlohmann::json> read_json_object(const std::filesystem::path& path, std::int64_t max_bytes) {
  INFERENCE_TRY(const std::string text, read_text_file(path, max_bytes));
  return parse_json_object(text, path.string());
}

}  // namespace sluice::inference
