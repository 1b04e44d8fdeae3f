#include "manifest/inference_args.h"

#include "base/features.h"
#include "manifest/annotations.h"
#include "manifest/findings.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

namespace sluice {
namespace {

using Type = InferenceArg::Type;

// The elements of one flag.
struct Given {
  const InferenceArg* arg;
  std::string_view value;
  const YamlNode* at;  // Where the value stands.
};

class ArgReader {
 public:
  ArgReader(const StringList& args, InferenceServiceSpec& spec, Findings& findings)
      : args_(args), spec_(spec), findings_(findings) {}

  const YamlNode* run() {
    while (next_ < args_.size()) read_one();
    return name_at_;
  }

 private:
  void read_one() {
    const Value<std::string>& element = args_[next_++];
    const std::string_view text = *element;
    const std::size_t equals = text.find('=');
    std::string name(text.substr(0, equals));
    std::ranges::replace(name, '_', '-');
    const auto arg = std::ranges::find(inference_args(), name, &InferenceArg::name);
    if (arg == inference_args().end()) return refuse_name(element, name);
    Given given{&*arg, equals == text.npos ? "" : text.substr(equals + 1), element.node};
    if (equals == text.npos && !take_value(given)) return;
    if (!seen_.insert(arg->name).second) {
      findings_.error(*element.node, in_quotes(name) + " is there twice", "leave one of them out");
    } else if (!set(given)) {
      std::string hint = std::string(arg->about);
      if (arg->type == Type::word) hint = did_you_mean(given.value, arg->words, std::move(hint));
      const bool is_device = arg->text_member == &InferenceServiceSpec::device;
      if (is_device && given.value == "gpu") hint = "did you mean 'cuda'?";  // Not the nearest.
      if (arg->type == Type::text && !given.value.empty()) {
        hint = "a name is valid UTF-8 without control characters";
      }
      findings_.error(*given.at,
                      "'" + std::string(arg->name) + "' wants " + wanted_by(*arg) + ", not " +
                          (given.value.empty() ? "nothing" : in_quotes(given.value)),
                      std::move(hint));
    } else if (arg->text_member == &InferenceServiceSpec::model_name) {
      name_at_ = given.at;
    } else if (arg->text_member == &InferenceServiceSpec::device && !kHasCuda &&
               given.value == "cuda") {
      findings_.warning(*given.at, "this build has no CUDA backend: the model will not load",
                        "auto and cpu compute on the CPU");
    }
  }

  // The value in the next element. False, with a finding, when there is none.
  bool take_value(Given& given) {
    const bool last = next_ == args_.size();
    if (given.arg->type == Type::boolean) {  // Alone it means true.
      given.value = "true";
      const bool follows = !last && (*args_[next_] == "true" || *args_[next_] == "false");
      if (!follows) return true;
    } else if (last || args_[next_]->starts_with("--")) {
      const std::string name(given.arg->name);
      findings_.error(*given.at, "'" + name + "' has no value",
                      "write " + name + "=VALUE, or the value as the next element");
      return false;
    }
    given.value = *args_[next_];
    given.at = args_[next_].node;
    ++next_;
    return true;
  }

  void refuse_name(const Value<std::string>& element, const std::string& name) {
    const bool has_value = element->find('=') != std::string::npos;
    std::vector<std::string_view> names;
    for (const InferenceArg& arg : inference_args()) names.push_back(arg.name);
    std::string hint = did_you_mean(name, names, "known flags: " + joined(names));
    // What KServe's own runtime calls it.
    if (name == "--model-name") hint = "did you mean '--served-model-name'?";
    if (!name.starts_with("--")) {
      findings_.error(*element.node, in_quotes(name) + " stands where a flag is wanted",
                      "write --name=value, or --name and value as two elements");
      return;
    }
    if (name.find_first_of(" \t") != std::string::npos) {
      hint = "a flag and its value in one element are joined by '='";
    }
    findings_.error(*element.node, "unknown flag " + in_quotes(name), std::move(hint));
    const bool value_follows = !has_value && next_ < args_.size();
    if (value_follows && !args_[next_]->starts_with("--")) ++next_;
  }

  bool set(const Given& given) {
    const InferenceArg& arg = *given.arg;
    const std::string_view value = given.value;
    switch (arg.type) {
      case Type::boolean:
        spec_.*arg.flag_member = value == "true";
        return value == "true" || value == "false";
      case Type::text:
        spec_.*arg.text_member = value;
        return !value.empty() && check_text(value).fault == TextFault::none;
      case Type::word:
        spec_.*arg.text_member = value;
        return std::ranges::find(arg.words, value) != arg.words.end();
      case Type::integer:
      case Type::bytes:
        break;
    }
    const auto number = number_of(arg.type, value);
    if (!number || *number < arg.min || *number > arg.max) return false;
    spec_.*arg.number_member = *number;
    return true;
  }

  static std::optional<std::int64_t> number_of(Type type, std::string_view text) {
    if (type == Type::bytes) {
      const auto amount = parse_quantity(text);
      if (!amount) return std::nullopt;
      return static_cast<std::int64_t>(amount.value());  // parse_quantity() stops at 9e15.
    }
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || rest != end) return std::nullopt;
    return number;
  }

  const StringList& args_;
  InferenceServiceSpec& spec_;
  Findings& findings_;
  std::size_t next_ = 0;
  std::set<std::string_view> seen_;
  const YamlNode* name_at_ = nullptr;
};

InferenceArg word(std::string_view name, std::string InferenceServiceSpec::*member,
                  std::vector<std::string_view> words, std::string_view about) {
  InferenceArg arg{name, Type::word, words.front() == "auto" ? "auto" : "the checkpoint's", about};
  arg.words = std::move(words);
  arg.text_member = member;
  return arg;
}

InferenceArg number(InferenceArg arg, std::int64_t InferenceServiceSpec::*member) {
  arg.number_member = member;
  return arg;
}

std::vector<InferenceArg> make_args() {
  using Spec = InferenceServiceSpec;
  InferenceArg model_name{"--served-model-name", Type::text, "the resource's name",
                          "What requests to the model APIs call the model."};
  model_name.text_member = &Spec::model_name;
  InferenceArg thinking{"--enable-thinking", Type::boolean, "false",
                        "Whether the model thinks first where a request does not say; alone it "
                        "means true."};
  thinking.flag_member = &Spec::enable_thinking;
  InferenceArg determinism = word("--determinism", &Spec::determinism, {"strict", "fast"},
                                  "Whether a GPU, too, answers the same whatever else runs, or "
                                  "as fast as it can; a CPU is always strict.");
  determinism.fallback = "strict";
  return {
      model_name,
      number({"--max-model-len", Type::integer, "what the model and the cache allow",
              "The most tokens that a prompt and its completion may have together.", 1, 16'777'216},
             &Spec::max_model_len),
      number({"--max-num-seqs", Type::integer, "64", "How many completions are written at a time.",
              1, 65'536},
             &Spec::max_num_seqs),
      number({"--max-num-queued", Type::integer, "256",
              "How many requests wait for their turn; past that they get 429.", 1, 1'000'000},
             &Spec::max_num_queued),
      word("--dtype", &Spec::dtype, {"auto", "bfloat16", "float32", "fp8", "int8"},
           "What the weights are computed in."),
      word("--device", &Spec::device, {"auto", "cpu", "cuda"},
           "Where the model runs; auto takes a GPU that it fits on, else the CPU."),
      determinism,
      number({"--kv-cache-bytes", Type::bytes, "what the engine takes by itself",
              "The memory for the keys and values of running completions.", 1LL << 20U, 1LL << 50U},
             &Spec::kv_cache_bytes),
      number({"--threads", Type::integer, "what the engine takes by itself",
              "How many threads compute on the CPU.", 1, 1024},
             &Spec::threads),
      thinking,
      word("--chat-template", &Spec::chat_template,
           {"qwen3", "qwen3-instruct-2507", "qwen3-thinking-2507", "qwen3-nonthinking"},
           "How a chat becomes a prompt, where it is not what the checkpoint says."),
  };
}

}  // namespace

const std::vector<InferenceArg>& inference_args() {
  static const std::vector<InferenceArg> args = make_args();
  return args;
}

std::string wanted_by(const InferenceArg& arg) {
  switch (arg.type) {
    case Type::text:
      return "a name";
    case Type::boolean:
      return "true or false";
    case Type::word:
      return one_of(arg.words);
    case Type::integer:
      return "a whole number from " + std::to_string(arg.min) + " to " + std::to_string(arg.max);
    case Type::bytes:
      return "a quantity of at least 1Mi, e.g. 512Mi or 4Gi";
  }
  return {};
}

const YamlNode* read_inference_args(const StringList& args, InferenceServiceSpec& spec,
                                    Findings& findings) {
  return ArgReader(args, spec, findings).run();
}

}  // namespace sluice
