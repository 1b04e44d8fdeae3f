#pragma once

#include "inference/result.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::inference {

/// The element types we compute with. A file may hold others; only asking for such a tensor fails.
enum class DType : std::uint8_t { bf16, f16, f32, fp8, other };

/// "bf16", "f16", "f32", "fp8" (E4M3), "other".
[[nodiscard]] std::string_view to_string(DType dtype) noexcept;
/// Bytes of one element; 0 for other.
[[nodiscard]] std::size_t size_of(DType dtype) noexcept;

/// A tensor in memory that somebody else owns. Row-major.
struct TensorView {
  DType dtype = DType::bf16;
  std::vector<std::int64_t> shape;
  const std::byte* data = nullptr;  ///< Aligned to its element only, if at all.
  /// Of a matrix in fp8, what its elements are multiplied by: one for each square of kFp8Block rows
  /// and columns, the last ones smaller. In bf16, f16 or f32.
  std::shared_ptr<const TensorView> scales = nullptr;

  [[nodiscard]] std::int64_t num_elements() const noexcept;
};

/// A file mapped into memory, read-only. The pages belong to the page cache.
class MappedFile {
 public:
  /// Errors: not_found, unavailable.
  static Result<std::shared_ptr<const MappedFile>> open(const std::filesystem::path& path);

  MappedFile(const std::byte* data, std::size_t size) noexcept : data_(data), size_(size) {}
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  [[nodiscard]] const std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  const std::byte* data_;
  std::size_t size_;
};

/// One .safetensors file, checked as a whole: the header is JSON of the documented form without
/// double keys, and the tensors' bytes lie in the file one behind the other, without overlap or
/// hole. Views live as long as `file`.
struct SafetensorsFile {
  std::shared_ptr<const MappedFile> file;
  std::map<std::string, TensorView, std::less<>> tensors;

  /// Errors: not_found, unavailable; invalid_argument, naming the file and the tensor.
  static Result<SafetensorsFile> open(const std::filesystem::path& path);
};

/// Of a file's bytes. The views point into them.
/// Errors: invalid_argument, naming `what`, the file, and the tensor.
[[nodiscard]] Result<std::map<std::string, TensorView, std::less<>>> parse_safetensors(
    std::span<const std::byte> bytes, const std::string& what);

/// Of a header and `data_size` bytes behind it; for SafetensorsFile and the fuzzer. Offsets count
/// from `data`.
[[nodiscard]] Result<std::map<std::string, TensorView, std::less<>>> parse_safetensors_header(
    std::string_view header, const std::byte* data, std::size_t data_size, const std::string& what);

}  // namespace sluice::inference
