#include "inference/buffer.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace sluice::inference {

Buffer::~Buffer() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

Result<Buffer> Buffer::make(std::int64_t size, const char* what) {
  Buffer buffer;
  if (size == 0) return buffer;
  const auto bytes = static_cast<std::size_t>(size);
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) {
    return fail(Errc::resource_exhausted, std::string("no memory for ") + what + ", " +
                                              std::to_string(size) +
                                              " bytes: " + std::strerror(errno));
  }
  ::madvise(data, bytes, MADV_HUGEPAGE);  // Fewer TLB misses where the kernel has huge pages.
  buffer.data_ = static_cast<std::byte*>(data);
  buffer.size_ = bytes;
  return buffer;
}

}  // namespace sluice::inference
