#pragma once

#include "inference/result.h"

#include <string>
#include <string_view>

namespace sluice::inference {

/// `text`, which is JSON, as Python's json.dumps(json.loads(text), ensure_ascii=False) writes it:
/// ", " and ": " between, keys in their order, characters unescaped, numbers as Python prints them.
/// Chat templates show tools to the model in this form.
/// Errors: invalid_argument (no JSON, a key given twice, a number beyond a double, deeper than
/// 256).
[[nodiscard]] Result<std::string> to_python_json(std::string_view text);

}  // namespace sluice::inference
