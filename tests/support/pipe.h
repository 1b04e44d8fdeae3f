#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace sluice {

/// A pipe that the test reads when it likes.
class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  }
  ~Pipe() {
    close_reading_end();
    ::close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] int writing_end() const noexcept { return ends_[1]; }

  void close_reading_end() {
    const int end = std::exchange(ends_[0], -1);
    if (end >= 0) ::close(end);
  }

  void set_non_blocking() const { ::fcntl(ends_[1], F_SETFL, O_NONBLOCK); }

  /// What is there, without waiting.
  [[nodiscard]] std::string read_now() const {
    ::fcntl(ends_[0], F_SETFL, O_NONBLOCK);
    std::string text;
    while (read_some(text, kChunk)) {
    }
    ::fcntl(ends_[0], F_SETFL, 0);
    return text;
  }

  /// Waits for `end`, and reads nothing behind it.
  [[nodiscard]] std::string read_until(const std::string& end) const {
    std::string text;
    while (!text.ends_with(end) && read_some(text, 1)) {
    }
    return text;
  }

  /// Waits for `size` bytes.
  std::string read_exactly(std::size_t size) const {
    std::string text;
    while (text.size() < size && read_some(text, size - text.size())) {
    }
    return text;
  }

 private:
  static constexpr std::size_t kChunk = 65536;

  bool read_some(std::string& text, std::size_t at_most) const {
    std::array<char, kChunk> buffer;
    const ssize_t got = ::read(ends_[0], buffer.data(), std::min(at_most, buffer.size()));
    if (got > 0) text.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0;
  }

  std::array<int, 2> ends_{};
};

}  // namespace sluice
