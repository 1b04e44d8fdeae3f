#pragma once

#include "inference/result.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace sluice::inference {

/// A file's bytes. At most `max_bytes`: these files are written by strangers.
/// Errors: not_found; invalid_argument (too large); unavailable.
[[nodiscard]] Result<std::string> read_text_file(const std::filesystem::path& path,
                                                 std::int64_t max_bytes);

/// Parses one JSON object; `what` names the file in errors. A key that stands twice in one object
/// is refused: readers do not agree which of them counts.
/// Errors: invalid_argument.
[[nodiscard]] Result<nlohmann::json> parse_json_object(std::string_view text,
                                                       const std::string& what);

/// read_text_file() and parse_json_object().
[[nodiscard]] Result<nlohmann::json> read_json_object(const std::filesystem::path& path,
                                                      std::int64_t max_bytes);

}  // namespace sluice::inference
