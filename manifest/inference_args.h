#pragma once

#include "manifest/field_info.h"
#include "sinks/inference_spec.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// One flag of an InferenceService's `args`, named as in vLLM where vLLM has it.
struct InferenceArg {
  enum class Type : std::uint8_t { text, integer, bytes, word, boolean };
  std::string_view name;
  Type type;
  std::string_view fallback;
  std::string_view about;  ///< One sentence.
  std::int64_t min = 0;    ///< Of an integer or of bytes.
  std::int64_t max = 0;
  std::vector<std::string_view> words = {};
  std::string InferenceServiceSpec::*text_member = nullptr;
  std::int64_t InferenceServiceSpec::*number_member = nullptr;
  bool InferenceServiceSpec::*flag_member = nullptr;
};

[[nodiscard]] const std::vector<InferenceArg>& inference_args();

/// "a whole number from 1 to 64", "auto or cpu", for errors and the reference.
[[nodiscard]] std::string wanted_by(const InferenceArg& arg);

/// Reads `--name=value`, and `--name` with its value in the next element; underscores in a name
/// are dashes, as in vLLM. What is unknown, bad or there twice goes to `findings` at its element.
/// Answers with the element that gave the served model name; null when none did.
const YamlNode* read_inference_args(const StringList& args, InferenceServiceSpec& spec,
                                    Findings& findings);

}  // namespace sluice
