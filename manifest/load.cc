#include "manifest/load.h"

#include "manifest/build.h"
#include "manifest/input.h"
#include "manifest/owners.h"
#include "manifest/strict_knative.h"

namespace sluice {
namespace {

LoadedManifests read_all(const ManifestOptions& options, YamlStore& store, Findings& findings) {
  std::vector<Resource> resources;
  std::vector<std::string_view> unread;
  const std::vector<const SourceText*> readable = store.readable;
  for (const SourceText* source : readable) {
    YamlFile file = read_yaml(*source, store, findings);
    unread.insert(unread.end(), file.unread.begin(), file.unread.end());
    for (YamlNode* root : file.documents) read_resources(*root, findings, resources);
  }
  leave_out_made(resources, findings);
  if (options.strict_knative) check_strict_knative(resources, findings);
  LoadedManifests loaded;
  loaded.files = store.sources.size();
  const ResourceIndex index(resources, findings);
  Build build{options, index, unread, store, findings, loaded.graph, {}, {}, {}};
  build_graph(resources, build);
  loaded.report = findings.report();
  return loaded;
}

}  // namespace

Result<LoadedManifests> load_manifests(const ManifestOptions& options) {
  YamlStore store;
  Findings findings;
  SLUICE_TRY(read_inputs(options.paths, store, findings));
  return read_all(options, store, findings);
}

LoadedManifests load_manifest_text(std::string text, std::string file,
                                   const ManifestOptions& options) {
  YamlStore store;
  Findings findings;
  add_input(std::move(file), std::move(text), store, findings);
  return read_all(options, store, findings);
}

}  // namespace sluice
