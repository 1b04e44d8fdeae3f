#include "event/event.h"

#include "base/assert.h"
#include "event/core_attribute.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <new>

namespace sluice {
namespace {

/// Lets one make_shared-like allocation carry `extra` bytes behind the control block and the
/// event, and tells where they start.
template <typename T>
struct TrailingAllocator {
  using value_type = T;

  TrailingAllocator(std::size_t bytes, char** where) : extra(bytes), tail(where) {}
  template <typename U>
  TrailingAllocator(const TrailingAllocator<U>& other)  // NOLINT: allocators rebind implicitly
      : extra(other.extra), tail(other.tail) {}

  T* allocate(std::size_t count) {
    auto* block = static_cast<char*>(::operator new(count * sizeof(T) + extra));
    *tail = block + count * sizeof(T);
    return reinterpret_cast<T*>(block);
  }
  void deallocate(T* block, std::size_t) noexcept { ::operator delete(block); }

  template <typename U>
  bool operator==(const TrailingAllocator<U>&) const noexcept {
    return true;
  }

  std::size_t extra;
  char** tail;  // Written by allocate() only; dangles afterwards.
};

constexpr std::size_t kRequiredCount = 3;  // id, source, type: always there, and first.

// Control block and malloc's own header, for size_bytes().
constexpr std::size_t kAllocationOverhead = 48;

std::string_view copy_to(char*& cursor, std::string_view text) noexcept {
  char* const start = cursor;
  if (!text.empty()) std::memcpy(cursor, text.data(), text.size());
  cursor += text.size();
  return {start, text.size()};
}

/// Each thread takes a block at a time, so that making events shares nothing between cores.
std::uint64_t next_serial() noexcept {
  constexpr std::uint64_t kBlock = 1 << 20;
  static std::atomic<std::uint64_t> next_block{kBlock};  // 0 is nobody's.
  thread_local std::uint64_t next = 0;
  if (next % kBlock == 0) next = next_block.fetch_add(kBlock, std::memory_order_relaxed);
  return next++;
}

}  // namespace

template <std::size_t Capacity>
void Event::ShortText<Capacity>::assign(std::string_view text) noexcept {
  SLUICE_ASSERT(text.size() <= Capacity);
  size = static_cast<std::uint8_t>(text.size());
  if (!text.empty()) std::memcpy(bytes, text.data(), text.size());
}

std::string_view Event::name_of(std::size_t index) const noexcept {
  return {bytes_ + slots_[index].offset, slots_[index].name_size};
}

std::string_view Event::value_of(std::size_t index) const noexcept {
  const Slot& slot = slots_[index];
  return {bytes_ + slot.offset + slot.name_size, slot.value_size};
}

bool Event::overridden(std::string_view name) const noexcept {
  return (arrival_time_.size > 0 && name == kArrivalTime) || (hops_.size > 0 && name == kHops);
}

std::optional<std::string_view> Event::attribute(std::string_view name) const noexcept {
  switch (core_attribute(name)) {
    case CoreAttribute::id:
      return id();
    case CoreAttribute::source:
      return source();
    case CoreAttribute::type:
      return type();
    case CoreAttribute::specversion:
      return to_string(specversion_);
    default:
      break;
  }
  if (arrival_time_.size > 0 && name == kArrivalTime) return arrival_time_.view();
  if (hops_.size > 0 && name == kHops) return hops_.view();
  for (std::size_t i = kRequiredCount; i < attribute_count_; ++i) {
    if (name_of(i) == name) return value_of(i);
  }
  return std::nullopt;
}

// Apart from attribute(), which is asked far more often: with the type it would cost twice as much.
std::optional<Attribute> Event::find(std::string_view name) const noexcept {
  const auto value = attribute(name);
  if (!value) return std::nullopt;
  Attribute found{name, *value};
  if (value->data() == hops_.bytes) found.type = AttributeType::integer;
  for (std::size_t i = kRequiredCount; i < attribute_count_; ++i) {
    // The value itself, so that no name is compared again.
    if (value_of(i).data() == value->data()) found.type = slots_[i].type;
  }
  return found;
}

std::optional<std::string_view> Event::header(std::string_view name) const noexcept {
  for (std::size_t i = attribute_count_; i < std::size_t{attribute_count_} + header_count_; ++i) {
    if (name_of(i) == name) return value_of(i);
  }
  return std::nullopt;
}

std::optional<std::int32_t> Event::hops() const noexcept {
  const auto text = attribute(kHops);
  if (!text) return std::nullopt;
  std::int32_t value = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

EventBuilder& EventBuilder::set(std::string_view name, std::string_view value, AttributeType type) {
  const auto index = static_cast<std::size_t>(core_attribute(name));
  if (index < required_.size()) {
    required_[index].value = value;
    return *this;
  }
  const auto it = std::ranges::find(rest_, name, &Attribute::name);
  if (it == rest_.end()) {
    rest_.push_back({name, value, type});
  } else {
    *it = {name, value, type};
  }
  return *this;
}

bool EventBuilder::add(std::string_view name, std::string_view value, AttributeType type) {
  const auto index = static_cast<std::size_t>(core_attribute(name));
  if (index < required_.size()) {
    if (!required_[index].value.empty()) return false;
    required_[index].value = value;
    return true;
  }
  if (std::ranges::find(rest_, name, &Attribute::name) != rest_.end()) return false;
  rest_.push_back({name, value, type});
  return true;
}

EventBuilder& EventBuilder::remove(std::string_view name) {
  const auto it = std::ranges::find(rest_, name, &Attribute::name);
  if (it != rest_.end()) rest_.erase(it);
  return *this;
}

EventBuilder& EventBuilder::header(std::string_view name, std::string_view value) {
  headers_.push_back({name, value});
  return *this;
}

EventBuilder& EventBuilder::remove_header(std::string_view name) {
  const auto has_name = [name](const PassedHeader& header) { return header.name == name; };
  headers_.erase(std::remove_if(headers_.begin(), headers_.end(), has_name), headers_.end());
  return *this;
}

EventBuilder& EventBuilder::data(std::string_view bytes, DataKind kind) {
  data_ = bytes;
  data_kind_ = kind;
  adopted_.reset();
  adopted_size_ = 0;
  return *this;
}

EventBuilder& EventBuilder::adopt(std::unique_ptr<char[]> buffer, std::size_t buffer_size,
                                  std::string_view bytes, DataKind kind) {
  adopted_ = std::move(buffer);
  adopted_size_ = buffer_size;
  data_ = bytes;
  data_kind_ = kind;
  return *this;
}

const Attribute* EventBuilder::find(std::string_view name) const noexcept {
  const auto index = static_cast<std::size_t>(core_attribute(name));
  if (index < required_.size()) return required_[index].value.empty() ? nullptr : &required_[index];
  const auto it = std::ranges::find(rest_, name, &Attribute::name);
  return it == rest_.end() ? nullptr : &*it;
}

EventBuilder EventBuilder::copy_of(const Event& event) {
  EventBuilder copy;
  copy.specversion = event.specversion();
  event.for_each_attribute([&](const Attribute& attribute) {
    copy.set(attribute.name, attribute.value, attribute.type);
  });
  event.for_each_header(
      [&](const PassedHeader& header) { copy.header(header.name, header.value); });
  copy.data(event.data(), event.data_kind());
  return copy;
}

EventPtr EventBuilder::build() {
  const std::size_t count = required_.size() + rest_.size() + headers_.size();
  std::size_t text_bytes = adopted_ ? 0 : data_.size();
  for (const Attribute& attribute : required_) {
    text_bytes += attribute.name.size() + attribute.value.size();
  }
  for (const Attribute& attribute : rest_) {
    text_bytes += attribute.name.size() + attribute.value.size();
  }
  for (const PassedHeader& header : headers_)
    text_bytes += header.name.size() + header.value.size();

  const std::size_t extra = count * sizeof(Event::Slot) + text_bytes;
  char* tail = nullptr;
  auto event = std::allocate_shared<Event>(TrailingAllocator<Event>(extra, &tail));
  static_assert(alignof(Event) % alignof(Event::Slot) == 0, "the table follows the event unpadded");

  auto* slots = reinterpret_cast<Event::Slot*>(tail);
  char* const bytes = tail + count * sizeof(Event::Slot);
  char* cursor = bytes;
  std::size_t index = 0;
  const auto add = [&](std::string_view name, std::string_view value, AttributeType type) {
    const auto offset = static_cast<std::uint32_t>(cursor - bytes);
    copy_to(cursor, name);
    copy_to(cursor, value);
    new (slots + index++) Event::Slot{offset, static_cast<std::uint32_t>(value.size()),
                                      static_cast<std::uint16_t>(name.size()), type};
  };
  for (const Attribute& attribute : required_) add(attribute.name, attribute.value, attribute.type);
  for (const Attribute& attribute : rest_) add(attribute.name, attribute.value, attribute.type);
  for (const PassedHeader& header : headers_) add(header.name, header.value, AttributeType::string);

  event->specversion_ = specversion;
  event->attribute_count_ = static_cast<std::uint16_t>(required_.size() + rest_.size());
  event->header_count_ = static_cast<std::uint16_t>(headers_.size());
  event->slots_ = slots;
  event->bytes_ = bytes;
  event->data_kind_ = data_kind_;
  event->data_ = adopted_ ? data_ : copy_to(cursor, data_);
  event->adopted_ = std::move(adopted_);
  event->serial_ = next_serial();
  event->size_bytes_ = sizeof(Event) + kAllocationOverhead + extra + adopted_size_;
  return event;
}

EventPtr stamped(EventPtr event, std::string_view arrival_time, std::optional<std::int32_t> hops) {
  if (event.use_count() != 1) event = EventBuilder::copy_of(*event).build();
  // Ours alone, and made non-const by EventBuilder: nobody can see this write.
  auto& mine = const_cast<Event&>(*event);
  if (!arrival_time.empty()) mine.arrival_time_.assign(arrival_time);
  if (hops) {
    const auto [end, error] =
        std::to_chars(mine.hops_.bytes, mine.hops_.bytes + sizeof mine.hops_.bytes, *hops);
    SLUICE_ASSERT(error == std::errc());
    mine.hops_.size = static_cast<std::uint8_t>(end - mine.hops_.bytes);
  }
  return event;
}

std::string_view to_string(SpecVersion version) noexcept {
  return version == SpecVersion::v0_3 ? "0.3" : "1.0";
}

}  // namespace sluice
