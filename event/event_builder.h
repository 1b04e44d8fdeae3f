#pragma once

#include "event/attribute.h"

#include <boost/container/small_vector.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace sluice {

/// Collects what an event is made of, as views, and makes the event in one allocation. The views
/// must live until build(). Says nothing about validity: event/validation.h does.
class EventBuilder {
 public:
  SpecVersion specversion = SpecVersion::v1_0;

  /// Sets an attribute other than specversion; replaces it where it is set already. The name is
  /// lower case.
  EventBuilder& set(std::string_view name, std::string_view value,
                    AttributeType type = AttributeType::string);
  /// The same for an attribute that is not set yet; false, and nothing done, where it is.
  [[nodiscard]] bool add(std::string_view name, std::string_view value,
                         AttributeType type = AttributeType::string);
  EventBuilder& remove(std::string_view name);
  EventBuilder& header(std::string_view name, std::string_view value);
  EventBuilder& remove_header(std::string_view name);
  EventBuilder& data(std::string_view bytes, DataKind kind);
  /// `bytes` points into `buffer`, which the event keeps instead of copying.
  EventBuilder& adopt(std::unique_ptr<char[]> buffer, std::size_t buffer_size,
                      std::string_view bytes, DataKind kind);

  /// The value of an attribute set so far; null when absent.
  [[nodiscard]] const Attribute* find(std::string_view name) const noexcept;

  /// The number of attributes set so far, id, source and type among them.
  [[nodiscard]] std::size_t size() const noexcept { return required_.size() + rest_.size(); }
  [[nodiscard]] std::string_view data() const noexcept { return data_; }
  [[nodiscard]] DataKind data_kind() const noexcept { return data_kind_; }

  /// Everything of `event`, its stamps and headers included.
  [[nodiscard]] static EventBuilder copy_of(const Event& event);

  /// id, source and type must be set. The builder is spent afterwards.
  [[nodiscard]] EventPtr build();

 private:
  std::array<Attribute, 3> required_{Attribute{"id", {}}, Attribute{"source", {}},
                                     Attribute{"type", {}}};
  boost::container::small_vector<Attribute, 8> rest_;
  boost::container::small_vector<PassedHeader, 4> headers_;
  std::string_view data_;
  DataKind data_kind_ = DataKind::none;
  std::unique_ptr<char[]> adopted_;
  std::size_t adopted_size_ = 0;
};

/// The event with the broker's extensions set: `knativearrivaltime` where `arrival_time` is not
/// empty (at most 35 bytes), and `knativebrokerttl`. In place when the caller's is the only
/// reference, else on a copy.
[[nodiscard]] EventPtr stamped(EventPtr event, std::string_view arrival_time,
                               std::optional<std::int32_t> hops);

}  // namespace sluice
