#include "manifest/input.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

namespace sluice {
namespace {

namespace fs = std::filesystem;

bool is_manifest(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

Error unreadable(const std::string& path, const std::string& why) {
  return fail(Errc::unavailable, path + ": cannot be read: " + why);
}

Result<std::vector<std::string>> files_below(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator walk(directory, error);
  if (error) return unreadable(directory, error.message());
  for (const auto end = fs::recursive_directory_iterator(); walk != end; walk.increment(error)) {
    if (is_hidden(walk->path())) {
      if (walk->is_directory(error)) walk.disable_recursion_pending();
    } else if (is_manifest(walk->path()) && walk->is_regular_file(error)) {
      files.push_back(walk->path().string());
    }
  }
  if (error) return unreadable(directory, error.message());
  if (files.empty()) {
    return fail(Errc::unavailable, directory + ": no manifest is below it (*.yaml, *.yml)");
  }
  std::ranges::sort(files);
  return files;
}

// One byte more than a file may have is enough to know.
std::string read_bounded(std::istream& in) {
  std::string text;
  char buffer[65536];
  while (in && text.size() <= YamlLimits::kMaxFileBytes) {
    in.read(buffer, sizeof buffer);
    text.append(buffer, static_cast<std::size_t>(in.gcount()));
  }
  return text;
}

Result<void> read_file(const std::string& path, YamlStore& store, Findings& findings) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return unreadable(path, std::strerror(errno));
  add_input(path, read_bounded(in), store, findings);
  return boost::outcome_v2::success();
}

// The first byte that no manifest may have; npos when the text is fine.
std::size_t first_control(std::string_view text) {
  const auto found = std::ranges::find_if(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\n' && c != '\r' && c != '\t') || byte == 0x7F;
  });
  return found == text.end() ? std::string_view::npos
                             : static_cast<std::size_t>(found - text.begin());
}

}  // namespace

void add_input(std::string name, std::string text, YamlStore& store, Findings& findings) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  const bool too_large = text.size() > YamlLimits::kMaxFileBytes;
  if (too_large) text.clear();
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  const std::size_t bad_utf8 = invalid_utf8_at(text);
  const std::size_t control = first_control(text);
  const auto& source =
      store.sources.emplace_back(std::move(name), std::move(text), store.sources.size());
  if (too_large) {
    findings.error_at(source, 0, "the file is larger than 16 MiB", "split it");
  } else if (bad_utf8 != std::string_view::npos) {
    findings.error_at(source, bad_utf8, "the file is not UTF-8 text", "save it as UTF-8");
  } else if (control != std::string_view::npos) {
    findings.error_at(source, control, "a control character stands here",
                      "write it as an escape in double quotes, e.g. \"\\u0007\"");
  } else {
    store.readable.push_back(&source);
  }
}

Result<void> read_inputs(const std::vector<std::string>& paths, YamlStore& store,
                         Findings& findings) {
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    std::error_code error;
    const bool standard_input = path == "-";
    if (!standard_input && !fs::exists(path, error)) {
      return fail(Errc::not_found, path + ": no such file or directory");
    }
    if (standard_input) {
      if (seen.insert(path).second) add_input("<stdin>", read_bounded(std::cin), store, findings);
      continue;
    }
    std::vector<std::string> files{path};
    if (fs::is_directory(path, error)) {
      SLUICE_TRY(files, files_below(path));
    }
    for (const std::string& file : files) {
      const std::string canonical = fs::weakly_canonical(file, error).string();
      if (!seen.insert(canonical.empty() ? file : canonical).second) continue;
      SLUICE_TRY(read_file(file, store, findings));
    }
  }
  return boost::outcome_v2::success();
}

}  // namespace sluice
