#pragma once

#include "manifest/build.h"

#include <optional>
#include <string>
#include <string_view>

namespace sluice {

/// A key of a Secret, as Kubernetes' secretKeyRef.
struct SecretKeyFields {
  Value<std::string> name;
  Value<std::string> key;
};

struct SecretKeyRefFields {
  Value<SecretKeyFields> ref;
};

template <>
const Shape<SecretKeyFields>& shape_of();
template <>
const Shape<SecretKeyRefFields>& shape_of();

/// The Secret of that name; null, with a finding at `name`, when it is not declared.
[[nodiscard]] const Resource* find_secret(const Value<std::string>& name, const std::string& ns,
                                          const Resource& owner, Build& build);

/// The bytes of `key`, of `stringData` before `data`; nullopt where there is none.
[[nodiscard]] std::optional<std::string> secret_value(const Resource& secret, std::string_view key);

/// "its keys are: a, b".
[[nodiscard]] std::string secret_keys_hint(const Resource& secret);

/// What `field` refers to; nullopt, with a finding, when the Secret or its key lacks or is empty.
[[nodiscard]] std::optional<std::string> read_secret_key(const Value<SecretKeyRefFields>& field,
                                                         const Resource& owner, Build& build);

}  // namespace sluice
