// InferenceService (serving.kserve.io/v1beta1): a checkpoint that is served inside this process.
// The fields are KServe's; what only a cluster can do is accepted and said to have no effect.

#include "base/encoding.h"
#include "manifest/build.h"
#include "manifest/inference_args.h"

#include <algorithm>
#include <filesystem>

namespace sluice {

enum class ModelFormat { huggingface };

template <>
std::span<const std::string_view> words_of<ModelFormat>() {
  static constexpr std::string_view kWords[] = {"huggingface"};
  return kWords;
}

namespace {

namespace fs = std::filesystem;

struct ModelFormatFields {
  Value<ModelFormat> name;
};

struct ModelFields {
  Value<ModelFormatFields> format;
  Value<std::string> storage_uri;
  Value<StringList> args;
  Value<std::string> runtime;
  Value<std::string> protocol_version;
  Value<AnyYaml> resources;
};

struct PredictorFields {
  Value<ModelFields> model;
  Value<std::int64_t> min_replicas;
  Value<std::int64_t> max_replicas;
};

struct InferenceServiceFields {
  Value<PredictorFields> predictor;
};

void refuse_scheme(const Value<std::string>& uri, const std::string& scheme, Findings& findings) {
  std::string hint =
      "bring the checkpoint to this machine and write file:///DIR, or a path relative to this file";
  if (scheme == "hf") {
    hint = "fetch it first, e.g. huggingface-cli download " + uri->substr(5) +
           " --local-dir DIR, and write file:///DIR";
  }
  findings.error(*uri.node, "'storageUri': " + in_quotes(*uri) + " is not on this machine", hint);
}

// Whether the home directory is meant as a shell has it; with a finding.
bool refuse_tilde(const Value<std::string>& uri, Findings& findings) {
  const std::string scheme = uri->starts_with("file://") ? "file://" : "";
  const std::string path = uri->substr(scheme.size());
  if (path != "~" && !path.starts_with("~/")) return false;
  findings.error(*uri.node, "'storageUri': the ~ of " + in_quotes(*uri) + " is not expanded",
                 "write $HOME as a variable: " + scheme + "${HOME}" + path.substr(1));
  return true;
}

// The directory that a storageUri means: absolute, or relative to the process. Empty, with a
// finding, when there is none.
std::string directory_of(const Value<std::string>& uri, Findings& findings) {
  std::string text = *uri;
  if (text.empty()) {
    findings.error(*uri.node, "'storageUri' is empty", "write file:///DIR");
    return {};
  }
  if (refuse_tilde(uri, findings)) return {};
  const std::size_t scheme = text.find("://");
  if (scheme != std::string::npos && !text.starts_with("file:") && text.find('/') > scheme) {
    refuse_scheme(uri, text.substr(0, scheme), findings);
    return {};
  }
  if (text.starts_with("file:")) {
    text.erase(0, text.starts_with("file://") ? 7 : 5);
    const auto path = percent_decode(text);
    if (!path || !path.value().starts_with('/')) {
      findings.error(*uri.node,
                     "'storageUri': " + in_quotes(*uri) + " does not name an absolute directory",
                     "write file:///DIR with three slashes, or a path relative to this file");
      return {};
    }
    text = path.value();
  }
  fs::path path(text);
  if (path.is_relative()) path = fs::path(uri.node->source->name()).parent_path() / path;
  std::string out = path.lexically_normal().string();
  while (out.size() > 1 && out.ends_with('/')) out.pop_back();
  return out;
}

// The process starts without a model all the same.
void warn_if_not_there(const std::string& directory, const YamlNode& at, Findings& findings) {
  constexpr const char* kHint =
      "requests to it will fail, and /readyz will say why, until it is there and Sluice is started "
      "again";
  std::error_code error;
  if (directory.empty()) return;
  if (!fs::is_directory(directory, error)) {
    findings.warning(at, "there is no directory " + in_quotes(directory), kHint);
  } else if (!fs::exists(fs::path(directory) / "config.json", error)) {
    findings.warning(at, in_quotes(directory) + " has no config.json: it is no checkpoint", kHint);
  }
}

void warn_of_no_effect(const PredictorFields& predictor, Findings& findings) {
  const ModelFields& model = *predictor.model;
  if (predictor.min_replicas && *predictor.min_replicas > 1) {
    findings.warning(*predictor.min_replicas.node,
                     "'minReplicas' has no effect: one engine runs in each process",
                     "--max-num-seqs says how many completions it writes at a time");
  }
  if (model.resources) {
    findings.warning(*model.resources.node, "'resources' has no effect: nothing is limited by it",
                     "--threads and --kv-cache-bytes in 'args' bound what the engine takes");
  }
  if (model.protocol_version && *model.protocol_version != "v2") {
    findings.warning(*model.protocol_version.node,
                     "'protocolVersion' has no effect: OpenAI's API and KServe V2 are served");
  }
}

// A resource that is there twice was reported as such.
bool is_twin(const Resource& resource, const Build& build) {
  return build.index.find("InferenceService", resource.ns, resource.name) != &resource;
}

void check_model_name(const InferenceServiceSpec& spec, const YamlNode& at, Build& build) {
  const auto& services = build.graph.inference_services;
  const auto same = std::ranges::find(services, spec.model_name, &InferenceServiceSpec::model_name);
  if (same == services.end()) return;
  build.findings.error(at,
                       "the model name " + in_quotes(spec.model_name) +
                           " is that of InferenceService '" + same->ns + "/" + same->name +
                           "' already",
                       "give one of them another --served-model-name in 'args'");
}

void build_inference_service(const Resource& resource, Build& build) {
  const auto fields = build.read_spec<InferenceServiceFields>(resource);
  const PredictorFields& predictor = *fields.predictor;
  const ModelFields& model = *predictor.model;
  InferenceServiceSpec spec;
  spec.ns = resource.ns;
  spec.name = resource.name;
  spec.model_name = resource.name;
  const YamlNode* name_at = read_inference_args(*model.args, spec, build.findings);
  if (model.storage_uri) {
    spec.model_dir = directory_of(model.storage_uri, build.findings);
    warn_if_not_there(spec.model_dir, *model.storage_uri.node, build.findings);
  }
  warn_of_no_effect(predictor, build.findings);
  if (!is_twin(resource, build)) {
    check_model_name(spec, name_at == nullptr ? *resource.at : *name_at, build);
  }
  build.graph.inference_services.push_back(std::move(spec));
}

}  // namespace

template <>
const Shape<ModelFormatFields>& shape_of() {
  static const Shape<ModelFormatFields> shape(
      "modelFormat", {field<&ModelFormatFields::name>(
                         {"name", "A Hugging Face checkpoint is all that is read.", true})});
  return shape;
}

template <>
const Shape<ModelFields>& shape_of() {
  using Fields = ModelFields;
  static const Shape<Fields> shape(
      "model",
      {
          field<&Fields::format>({"modelFormat", "What kind of checkpoint it is.", true}),
          field<&Fields::storage_uri>(
              {"storageUri",
               "The directory of the checkpoint: `file:///DIR`, or a path relative to the manifest "
               "(from standard input: to the working directory).",
               true}),
          field<&Fields::args>(
              {"args", "How it is served; see [args](#args-of-an-inferenceservice)."}),
          field<&Fields::runtime>({"runtime", "Accepted and ignored: Sluice is the runtime."}),
          field<&Fields::protocol_version>(
              {"protocolVersion",
               "Accepted and ignored, with a warning for anything but `v2`: OpenAI's API and "
               "KServe V2 are served."}),
          field<&Fields::resources>(
              {"resources", "Accepted, with a warning, and ignored: nothing is limited by it."}),
      });
  return shape;
}

template <>
const Shape<PredictorFields>& shape_of() {
  using Fields = PredictorFields;
  static const Shape<Fields> shape(
      "predictor",
      {
          field<&Fields::model>({"model", "What is served.", true}),
          field<&Fields::min_replicas>(
              {"minReplicas", "Accepted, with a warning above 1, and ignored: one engine runs."}),
          field<&Fields::max_replicas>({"maxReplicas", "Accepted and ignored: one engine runs."}),
      });
  return shape;
}

template <>
const Shape<InferenceServiceFields>& shape_of() {
  static const Shape<InferenceServiceFields> shape(
      "InferenceService spec", {field<&InferenceServiceFields::predictor>(
                                   {"predictor", "The model and how it is served.", true})});
  return shape;
}

KindInfo inference_service_kind() {
  KindInfo info;
  info.kind = "InferenceService";
  info.api_versions = {"serving.kserve.io/v1beta1"};
  info.about =
      "Serves a Qwen3 checkpoint inside this process: it answers the events that it gets at "
      "`/NAMESPACE/inferenceservices/NAME`, and the model APIs' requests for its model.";
  info.addressing = Addressing::local;
  info.plural = "inferenceservices";
  info.spec = &shape_info<InferenceServiceFields>;
  info.build = build_inference_service;
  return info;
}

}  // namespace sluice
