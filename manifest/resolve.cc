// References: what a Destination means, seen from the resource that it stands in.

#include "base/url.h"
#include "manifest/build.h"

#include <boost/url/parse.hpp>
#include <boost/url/url.hpp>

#include <algorithm>
#include <iterator>

namespace sluice {
namespace {

namespace urls = boost::urls;

constexpr std::string_view kUrl = "sluice.dev/url";
constexpr std::string_view kModel = "InferenceService";

std::string title(std::string_view kind, const std::string& ns, const std::string& name) {
  return std::string(kind) + " '" + ns + "/" + name + "'";
}

const std::string& namespace_of(const RefFields& ref, const Resource& owner) {
  return ref.ns ? *ref.ns : owner.ns;
}

// Whether `name` stands in a document that could not be read: then it may well be declared.
bool may_be_unread(const std::string& name, const Build& build) {
  return std::ranges::any_of(build.unread, [&](std::string_view text) {
    return text.find(name) != std::string_view::npos;
  });
}

void report_dangling(const RefFields& ref, const std::string& kind, const Resource& owner,
                     Build& build) {
  const std::string& ns = namespace_of(ref, owner);
  if (may_be_unread(*ref.name, build)) return;
  const auto same = build.index.names(kind, ns);
  std::string hint = did_you_mean(*ref.name, same);
  const auto elsewhere = build.index.namespaces(kind, *ref.name);
  if (hint.empty() && !elsewhere.empty()) {
    hint = "there is one in the namespace '" + std::string(elsewhere.front()) + "'";
  }
  if (hint.empty() && !same.empty() && same.size() <= 5) {
    hint = "declared in '" + ns + "': " + joined(same);
  }
  if (hint.empty()) hint = "declare it in the manifests that are read together";
  build.findings.error(*ref.name.node, title(kind, ns, *ref.name) + " is not declared", hint);
}

// Where a Service is: at its own URL, at that of the command line, at the InferenceService of its
// name, or at one made of its name; "" when there is none.
std::string service_address(const RefFields& ref, const Resource& owner, Build& build) {
  const std::string& ns = namespace_of(ref, owner);
  const auto* kind = find_kind("Service");
  std::vector<std::string_view> versions = {*ref.api_version};
  versions.insert(versions.end(), kind->api_versions.begin(), kind->api_versions.end());
  for (const std::string_view version : versions) {
    const Resource* service = build.index.find("Service", ns, *ref.name, version);
    if (service == nullptr) continue;
    build.referenced.insert(service);
    const auto url = service->annotations.find(std::string(kUrl));
    if (url != service->annotations.end()) return *url->second;
  }
  const auto given = build.options.services.find(ns + "/" + *ref.name);
  if (given != build.options.services.end()) return given->second;
  if (const Resource* model = build.index.find(kModel, ns, *ref.name)) {
    build.referenced.insert(model);
    return path_of(*model);
  }
  if (build.options.cluster_domain.empty()) return {};
  return "http://" + *ref.name + "." + ns + "." + build.options.cluster_domain;
}

std::optional<Destination> resolve_service(const RefFields& ref, const Resource& owner,
                                           Build& build) {
  const std::string& ns = namespace_of(ref, owner);
  std::string address = service_address(ref, owner, build);
  if (!address.empty()) return Destination{std::move(address)};
  if (may_be_unread(*ref.name, build)) return std::nullopt;
  const bool declared = build.index.find("Service", ns, *ref.name) != nullptr;
  const std::string option = " --resolve " + ns + "/" + *ref.name + "=URL";
  std::string hint = "give it the annotation sluice.dev/url: http://HOST:PORT, or say" + option;
  if (!declared) {
    auto names = build.index.names("Service", ns);
    std::ranges::copy(build.index.names(kModel, ns), std::back_inserter(names));
    hint = did_you_mean(*ref.name, names,
                        "declare the Service with the annotation sluice.dev/url: "
                        "http://HOST:PORT, or say" +
                            option + " or --cluster-domain svc.cluster.local");
  }
  build.findings.error(
      *ref.name.node,
      title("Service", ns, *ref.name) + (declared ? " has no address" : " is not declared"), hint);
  return std::nullopt;
}

// The kind of a ref; null, with a finding, when it cannot be meant.
const KindInfo* read_ref_kind(const RefFields& ref, Findings& findings) {
  const KindInfo* kind = find_kind(*ref.kind);
  if (kind == nullptr) {
    findings.error(
        *ref.kind.node, "unknown kind " + in_quotes(*ref.kind),
        did_you_mean(*ref.kind, kind_names(), "this version has: " + joined(kind_names())));
    return nullptr;
  }
  if (!check_api_version(*kind, *ref.api_version.node, *ref.api_version, findings)) return nullptr;
  return kind;
}

// "a Broker, a Channel, ... or a Service": what a ref may lead to.
std::string addressable_kinds() {
  std::vector<std::string> words;
  for (const KindInfo& kind : all_kinds()) {
    if (kind.addressing != Addressing::none) words.push_back(with_article(kind.kind));
  }
  return one_of(std::vector<std::string_view>(words.begin(), words.end()));
}

// As in Knative, a Channel is backed by a channel of its own name: the one of its template's kind.
const Resource* channel_behind(const KindInfo& kind, const std::string& ns, const std::string& name,
                               const Build& build) {
  if (!kind.is_channel()) return nullptr;
  const Resource* channel = build.index.find("Channel", ns, name);
  if (channel == nullptr) return nullptr;
  std::string_view backing = "InMemoryChannel";
  if (channel->spec != nullptr) {
    const auto* made = channel->spec->find("channelTemplate");
    const auto* its_kind = made == nullptr ? nullptr : made->value->find("kind");
    if (its_kind != nullptr) backing = its_kind->value->text;
  }
  return backing == kind.kind ? channel : nullptr;
}

bool is_complete(const Value<RefFields>& ref) {
  return ref && ref->api_version && ref->kind && ref->name && !ref->name->empty();
}

std::optional<Destination> resolve_ref(const Value<RefFields>& value, const Resource& owner,
                                       Build& build) {
  if (!is_complete(value)) return std::nullopt;  // Reported when it was read.
  const RefFields& ref = *value;
  const KindInfo* kind = read_ref_kind(ref, build.findings);
  if (kind == nullptr) return std::nullopt;
  const std::string& ns = namespace_of(ref, owner);
  const std::string name(kind->kind);
  const Resource* found = build.index.find(name, ns, *ref.name, *ref.api_version);
  switch (kind->addressing) {
    case Addressing::url:
      return resolve_service(ref, owner, build);
    case Addressing::local:
      break;
    case Addressing::none:
      build.findings.error(*ref.kind.node, with_article(name) + " cannot receive events",
                           "refer to " + addressable_kinds() + ", or give a uri");
      return std::nullopt;
  }
  if (found == nullptr) found = channel_behind(*kind, ns, *ref.name, build);
  if (found == nullptr) {
    report_dangling(ref, name, owner, build);
    return std::nullopt;
  }
  build.referenced.insert(found);
  return Destination{path_of(*found)};
}

// A relative uri against the ref's address (RFC 3986, 5.2).
std::optional<std::string> join(const std::string& base, const std::string& relative) {
  const auto base_url = urls::parse_uri(urls::string_view(base.data(), base.size()));
  const auto reference =
      urls::parse_uri_reference(urls::string_view(relative.data(), relative.size()));
  if (!base_url || !reference) return std::nullopt;
  urls::url out;
  if (!urls::resolve(*base_url, *reference, out)) return std::nullopt;
  return std::string(out.c_str(), out.size());
}

std::optional<Destination> resolve_uri(const std::string& uri, const YamlNode& at,
                                       Findings& findings) {
  const auto url = parse_http_url(uri);
  if (url) return Destination{uri};
  const bool relative = is_uri_reference(uri) && !is_absolute_uri(uri);
  findings.error(at,
                 relative ? "the uri " + in_quotes(uri) + " is relative, and there is no ref"
                          : "uri: " + url.error().detail,
                 "write an absolute URL, e.g. http://127.0.0.1:9000/");
  return std::nullopt;
}

}  // namespace

std::string path_of(const Resource& resource) {
  return ingress_path(resource.ns, resource.kind->plural, resource.name);
}

const Resource* find_ref(const Value<RefFields>& value, std::string_view what,
                         const std::vector<std::string_view>& kinds, const Resource& owner,
                         Build& build) {
  if (!is_complete(value)) return nullptr;
  const RefFields& ref = *value;
  const KindInfo* kind = read_ref_kind(ref, build.findings);
  if (kind == nullptr) return nullptr;
  const std::string& ns = namespace_of(ref, owner);
  const Resource* found = build.index.find(*ref.kind, ns, *ref.name, *ref.api_version);
  if (std::ranges::find(kinds, kind->kind) == kinds.end()) {
    build.findings.error(*ref.kind.node, std::string(what) + " wants " +
                                             with_article(one_of(kinds)) + ", not " +
                                             with_article(*ref.kind));
    return nullptr;
  }
  if (found == nullptr) found = channel_behind(*kind, ns, *ref.name, build);
  if (found == nullptr) {
    report_dangling(ref, *ref.kind, owner, build);
    return nullptr;
  }
  build.referenced.insert(found);
  return found;
}

std::optional<Destination> resolve(const DestinationFields& fields, const YamlNode& at,
                                   const Resource& owner, Build& build) {
  if (!fields.ref && !fields.uri) {
    // A ref or uri that is there and could not be read was reported already.
    const bool silent = at.kind != YamlNode::Kind::mapping || at.find("ref") != nullptr ||
                        at.find("uri") != nullptr;
    if (!silent) {
      build.findings.error(at, "a destination wants 'ref' or 'uri'",
                           "e.g. uri: http://127.0.0.1:9000/");
    }
    return std::nullopt;
  }
  if (!fields.ref) return resolve_uri(*fields.uri, *fields.uri.node, build.findings);
  auto base = resolve_ref(fields.ref, owner, build);
  if (!fields.uri) return base;
  const YamlNode& uri = *fields.uri.node;
  if (is_absolute_uri(*fields.uri)) {
    build.findings.error(uri, "with a ref, the uri must be relative to it",
                         "leave one of the two out");
    return std::nullopt;
  }
  if (!base) return std::nullopt;
  if (base->is_local()) {
    build.findings.error(
        uri,
        with_article(*fields.ref->kind) + " has one address only; a uri cannot be relative to it",
        "leave the uri out");
    return std::nullopt;
  }
  const auto url = join(base->address, *fields.uri);
  if (!url) {
    build.findings.error(uri, in_quotes(*fields.uri) + " is not a URI reference");
    return std::nullopt;
  }
  return Destination{*url};
}

std::optional<Destination> resolve(const Value<DestinationFields>& fields, const Resource& owner,
                                   Build& build) {
  if (!fields) return std::nullopt;
  return resolve(*fields, *fields.node, owner, build);
}

}  // namespace sluice
