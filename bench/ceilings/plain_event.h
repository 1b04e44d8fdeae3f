#pragma once

#include <boost/beast/http/fields.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::bench {

/// A CloudEvent the plain way: a string an attribute. What a broker must at least do with a request
/// is to find these; the ceilings do this and no validation.
struct PlainEvent {
  std::string id, source, type, specversion, subject, time, datacontenttype;
  std::vector<std::pair<std::string, std::string>> extensions;
  std::string data;

  [[nodiscard]] bool complete() const {
    return !id.empty() && !source.empty() && !type.empty() && specversion == "1.0";
  }

  void set(std::string_view name, std::string_view value) {
    const std::pair<std::string_view, std::string*> known[] = {
        {"id", &id},     {"type", &type},       {"source", &source},
        {"time", &time}, {"subject", &subject}, {"specversion", &specversion},
    };
    for (const auto& [attribute, member] : known) {
      if (name == attribute) {
        member->assign(value);
        return;
      }
    }
    extensions.emplace_back(name, value);
  }

  /// The attributes in the header of a request in binary mode; names in lower case, as ours are.
  template <typename Fields>
  void read(const Fields& fields) {
    for (const auto& field : fields) {
      const std::string_view name(field.name_string().data(), field.name_string().size());
      const std::string_view value(field.value().data(), field.value().size());
      if (name.starts_with("ce-")) {
        set(name.substr(3), value);
      } else if (name == "content-type") {
        datacontenttype.assign(value);
      }
    }
  }

  /// Appends the head of a request that carries this event to a subscriber.
  void append_request_head(std::string& head) const {
    const auto line = [&head](std::string_view name, std::string_view value) {
      head.append(name).append(value).append("\r\n");
    };
    line("POST / HTTP/1.1\r\nhost: ", "127.0.0.1");
    line("ce-specversion: ", specversion);
    line("ce-id: ", id);
    line("ce-source: ", source);
    line("ce-type: ", type);
    if (!time.empty()) line("ce-time: ", time);
    if (!subject.empty()) line("ce-subject: ", subject);
    for (const auto& [name, value] : extensions) {
      head += "ce-";
      line(name, ": " + value);
    }
    line("content-type: ", datacontenttype);
    line("content-length: ", std::to_string(data.size()));
    head += "\r\n";
  }
};

}  // namespace sluice::bench
