#include "cli/read_file.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace sluice {
namespace {

Error unreadable(const std::string& path, const char* why) {
  return fail(Errc::not_found, "cannot read '" + path + "': " + why);
}

}  // namespace

Result<std::string> read_file(const std::string& path) {
  using Bytes = std::istreambuf_iterator<char>;
  if (path == "-") return std::string(Bytes(std::cin), Bytes());
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return unreadable(path, "it is a directory");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return unreadable(path, std::strerror(errno));
  return std::string(Bytes(in), Bytes());
}

}  // namespace sluice
