#include "inference/safetensors.h"

#include "inference/json_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

namespace sluice::inference {
namespace {

using nlohmann::json;
using Tensors = std::map<std::string, TensorView, std::less<>>;

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // The format's own limit.
constexpr std::size_t kMaxDimensions = 8;

/// dtype names of the format and the bytes of an element.
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 16> kElementBytes = {{
    {"BOOL", 1},
    {"U8", 1},
    {"I8", 1},
    {"F8_E4M3", 1},
    {"F8_E5M2", 1},
    {"F8_E8M0", 1},
    {"U16", 2},
    {"I16", 2},
    {"F16", 2},
    {"BF16", 2},
    {"U32", 4},
    {"I32", 4},
    {"F32", 4},
    {"U64", 8},
    {"I64", 8},
    {"F64", 8},
}};

DType dtype_of(std::string_view name) noexcept {
  if (name == "BF16") return DType::bf16;
  if (name == "F16") return DType::f16;
  if (name == "F32") return DType::f32;
  if (name == "F8_E4M3") return DType::fp8;
  return DType::other;
}

/// A non-negative JSON integer.
bool read_unsigned(const json& value, std::uint64_t& out) {
  if (!value.is_number_unsigned()) return false;
  out = value.get<std::uint64_t>();
  return true;
}

struct Extent {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string_view name;
};

Result<std::uint64_t> tensor_bytes(const json& entry, TensorView& view, const std::string& where) {
  const auto bad = [&](const std::string& what) {
    return fail(Errc::invalid_argument, where + " " + what);
  };
  const auto dtype = entry.find("dtype");
  if (dtype == entry.end() || !dtype->is_string()) return bad("has no dtype");
  const auto& dtype_name = dtype->get_ref<const std::string&>();
  const auto known = std::ranges::find(kElementBytes, std::string_view(dtype_name),
                                       [](const auto& pair) { return pair.first; });
  if (known == kElementBytes.end()) return bad("has the unknown dtype " + dtype->dump());
  view.dtype = dtype_of(dtype_name);
  const auto shape = entry.find("shape");
  if (shape == entry.end() || !shape->is_array()) return bad("has no shape");
  if (shape->size() > kMaxDimensions) return bad("has too many dimensions");
  std::uint64_t bytes = known->second;
  for (const json& dimension : *shape) {
    std::uint64_t size = 0;
    if (!read_unsigned(dimension, size)) return bad("has a dimension that is no size");
    if (size > std::numeric_limits<std::int64_t>::max()) return bad("has a shape that overflows");
    if (__builtin_mul_overflow(bytes, size, &bytes)) return bad("has a shape that overflows");
    view.shape.push_back(static_cast<std::int64_t>(size));
  }
  return bytes;
}

Result<Extent> read_entry(const json& entry, std::size_t data_size, TensorView& view,
                          const std::string& where) {
  const auto bad = [&](const std::string& what) {
    return fail(Errc::invalid_argument, where + " " + what);
  };
  if (!entry.is_object()) return bad("is not an object");
  INFERENCE_TRY(const std::uint64_t bytes, tensor_bytes(entry, view, where));
  const auto offsets = entry.find("data_offsets");
  Extent extent;
  if (offsets == entry.end() || !offsets->is_array() || offsets->size() != 2 ||
      !read_unsigned((*offsets)[0], extent.begin) || !read_unsigned((*offsets)[1], extent.end)) {
    return bad("has no data_offsets");
  }
  if (extent.begin > extent.end) return bad("ends before it begins");
  if (extent.end > data_size) {
    return bad("ends at " + std::to_string(extent.end) + ", the data at " +
               std::to_string(data_size));
  }
  if (extent.end - extent.begin != bytes) {
    return bad("has " + std::to_string(extent.end - extent.begin) + " bytes, its shape " +
               std::to_string(bytes));
  }
  return extent;
}

/// The tensors must tile the data: what overlaps or hides something was not written by an honest
/// writer.
Result<void> check_tiling(std::vector<Extent>& extents, std::size_t data_size,
                          const std::string& what) {
  std::ranges::sort(extents, {}, [](const Extent& e) { return std::pair(e.begin, e.end); });
  std::uint64_t at = 0;
  for (const Extent& extent : extents) {
    if (extent.begin != at) {
      return fail(Errc::invalid_argument, what + ": tensor " + std::string(extent.name) +
                                              " begins at " + std::to_string(extent.begin) +
                                              ", the one before it ends at " + std::to_string(at) +
                                              (extent.begin < at ? ": they overlap" : ": a hole"));
    }
    at = extent.end;
  }
  if (at != data_size) {
    return fail(Errc::invalid_argument, what + ": the tensors end at " + std::to_string(at) +
                                            ", the data at " + std::to_string(data_size));
  }
  return {};
}

}  // namespace

std::string_view to_string(DType dtype) noexcept {
  switch (dtype) {
    case DType::bf16:
      return "bf16";
    case DType::f16:
      return "f16";
    case DType::f32:
      return "f32";
    case DType::fp8:
      return "fp8";
    case DType::other:
      break;
  }
  return "other";
}

std::size_t size_of(DType dtype) noexcept {
  switch (dtype) {
    case DType::bf16:
    case DType::f16:
      return 2;
    case DType::f32:
      return 4;
    case DType::fp8:
      return 1;
    case DType::other:
      break;
  }
  return 0;
}

std::int64_t TensorView::num_elements() const noexcept {
  std::int64_t product = 1;
  for (const std::int64_t size : shape) product *= size;
  return product;
}

MappedFile::~MappedFile() {
  if (size_ > 0) ::munmap(const_cast<std::byte*>(data_), size_);
}

Result<std::shared_ptr<const MappedFile>> MappedFile::open(const std::filesystem::path& path) {
  const auto failed = [&](int error) {
    const Errc code = error == ENOENT ? Errc::not_found : Errc::unavailable;
    return fail(code, path.string() + ": " + std::strerror(error));
  };
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed(errno);
  struct stat info {};
  void* data = nullptr;
  int error = ::fstat(fd, &info) != 0 ? errno : 0;
  if (error == 0 && !S_ISREG(info.st_mode)) error = EINVAL;
  const auto size = static_cast<std::size_t>(info.st_size);
  if (error == 0 && size > 0) {
    data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) error = errno;
  }
  ::close(fd);
  if (error != 0) return failed(error);
  return std::make_shared<const MappedFile>(static_cast<const std::byte*>(data), size);
}

Result<Tensors> parse_safetensors_header(std::string_view header, const std::byte* data,
                                         std::size_t data_size, const std::string& what) {
  INFERENCE_TRY(const json object, parse_json_object(header, what + ": its header"));
  Tensors tensors;
  std::vector<Extent> extents;
  for (const auto& [name, entry] : object.items()) {
    if (name == "__metadata__") continue;
    TensorView view;
    INFERENCE_TRY(Extent extent, read_entry(entry, data_size, view, what + ": tensor " + name));
    view.data = data + extent.begin;
    const auto added = tensors.emplace(name, std::move(view)).first;
    extent.name = added->first;
    extents.push_back(extent);
  }
  INFERENCE_CHECK(check_tiling(extents, data_size, what));
  return tensors;
}

Result<Tensors> parse_safetensors(std::span<const std::byte> bytes, const std::string& what) {
  std::uint64_t header_size = 0;  // Little-endian in the file, as is every machine we run on.
  if (bytes.size() < sizeof header_size) {
    return fail(Errc::invalid_argument, what + " is too short to be a safetensors file");
  }
  std::memcpy(&header_size, bytes.data(), sizeof header_size);
  const std::size_t rest = bytes.size() - sizeof header_size;
  if (header_size > kMaxHeaderBytes || header_size > rest) {
    return fail(Errc::invalid_argument, what + ": the header has " + std::to_string(header_size) +
                                            " bytes, the file " + std::to_string(bytes.size()));
  }
  const std::byte* header = bytes.data() + sizeof header_size;
  return parse_safetensors_header({reinterpret_cast<const char*>(header), header_size},
                                  header + header_size, rest - header_size, what);
}

Result<SafetensorsFile> SafetensorsFile::open(const std::filesystem::path& path) {
  SafetensorsFile result;
  INFERENCE_TRY(result.file, MappedFile::open(path));
  INFERENCE_TRY(result.tensors,
                parse_safetensors({result.file->data(), result.file->size()}, path.string()));
  return result;
}

}  // namespace sluice::inference
