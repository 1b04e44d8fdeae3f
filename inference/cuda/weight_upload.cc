#include "inference/cuda/weight_upload.h"

#include "inference/bf16.h"
#include "inference/cpu_model.h"
#include "inference/cuda/device_memory.h"
#include "inference/cuda/fp8_scales.h"
#include "inference/cuda/pack_weights.h"
#include "inference/cuda/tile_layout.h"
#include "inference/thread_pool.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <initializer_list>
#include <string>
#include <thread>

namespace sluice::inference::cuda {
namespace {

constexpr std::int64_t kSlotBytes = std::int64_t{16} << 20;
constexpr int kMaxThreads = 4;  // More copy no faster from the page cache.
constexpr std::int64_t kPage = 4096;

/// A tensor (rows, depth) of a matrix, from row `first_row` on or, of gate and up, as `order` says.
struct MatrixPart {
  const TensorView& tensor;
  std::int64_t rows;
  std::int64_t first_row = 0;
  RowOrder order = RowOrder::plain;
};

class Uploader {
 public:
  explicit Uploader(const Stream& stream)
      : stream_(stream),
        pool_(std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxThreads)) {}

  Uploader(const Uploader&) = delete;
  Uploader& operator=(const Uploader&) = delete;
  ~Uploader() {  // What an error left on its way reads and writes the slots.
    static_cast<void>(cudaStreamSynchronize(stream_.handle));
  }

  /// `widest` elements are the most of a row.
  Result<void> prepare(std::int64_t widest) {
    slot_bytes_ = std::max(kSlotBytes, widest * std::int64_t{sizeof(float)});
    for (Slot& slot : slots_) {
      INFERENCE_TRY(slot.host, PinnedMemory::make(slot_bytes_, "staging"));
      INFERENCE_TRY(slot.device, DeviceMemory::make(slot_bytes_, "staging"));
      INFERENCE_TRY(slot.done, make_event());
    }
    INFERENCE_TRY(nans_, DeviceMemory::make(sizeof(int), "staging"));
    return check(cudaMemsetAsync(nans_.as<void>(), 0, sizeof(int), stream_.handle), "staging");
  }

  /// All of a matrix, with the zeros that fill its last tile.
  Result<void> upload(const DeviceMatrix& to, std::initializer_list<MatrixPart> parts) {
    scales_.assign(static_cast<std::size_t>(to.fp8 == nullptr ? 0 : num_scales(to)), {});
    for (const MatrixPart& part : parts) {
      INFERENCE_CHECK(upload_part(part, to));
      if (to.fp8 == nullptr) continue;
      INFERENCE_CHECK(place_scales(part.tensor, part.order, part.first_row, scales_));
    }
    return scales_.empty() ? Result<void>() : upload_values(scales_, to.scales);
  }

  /// A tensor (size), converted on the way.
  Result<void> upload(const TensorView& tensor, std::int64_t size, Bf16* to) {
    return upload_vector(tensor, size, to, [](float value) { return Bf16{to_bf16(value)}; });
  }
  Result<void> upload(const TensorView& tensor, std::int64_t size, float* to) {
    return upload_vector(tensor, size, to, [](float value) { return value; });
  }

  /// Until all is there. Errors: also invalid_argument, where a weight was no number.
  Result<void> end() {
    int nans = 0;
    INFERENCE_CHECK(check(cudaMemcpyAsync(&nans, nans_.as<int>(), sizeof nans,
                                          cudaMemcpyDeviceToHost, stream_.handle),
                          "the weights"));
    INFERENCE_CHECK(check(cudaStreamSynchronize(stream_.handle), "the weights"));
    if (nans == 0) return {};
    return fail(Errc::invalid_argument, "a weight in fp8 is NaN");
  }

 private:
  /// What is on its way to the device, and where it arrives.
  struct Slot {
    PinnedMemory host;
    DeviceMemory device;
    OwnedEvent done;
  };

  /// One whose last content has been used.
  Result<Slot*> next_slot() {
    Slot& slot = slots_[next_];
    next_ = (next_ + 1) % slots_.size();
    INFERENCE_CHECK(check(cudaEventSynchronize(slot.done.get()), "the weights"));
    return &slot;
  }

  Result<void> send(const Slot& slot, void* to, std::int64_t bytes) {
    return check(cudaMemcpyAsync(to, slot.host.as<void>(), static_cast<std::size_t>(bytes),
                                 cudaMemcpyHostToDevice, stream_.handle),
                 "the weights");
  }

  Result<void> finish(const Slot& slot) {
    return check(cudaEventRecord(slot.done.get(), stream_.handle), "the weights");
  }

  Result<void> upload_part(const MatrixPart& part, const DeviceMatrix& to) {
    const TensorView& tensor = part.tensor;
    if (tensor.shape != std::vector<std::int64_t>{part.rows, to.depth} || !is_readable(tensor)) {
      return fail(Errc::invalid_argument, "a weight matrix is not (" + std::to_string(part.rows) +
                                              ", " + std::to_string(to.depth) +
                                              ") of bf16, f16, f32 or fp8 with its scales");
    }
    const bool is_widened = tensor.dtype == DType::fp8 && to.fp8 == nullptr;
    StagedRows staged;
    staged.dtype = is_widened ? DType::bf16 : tensor.dtype;
    staged.order = part.order;
    staged.matrix = to.data;
    staged.fp8 = to.fp8;
    staged.nans = nans_.as<int>();
    staged.depth = to.depth;
    const std::int64_t row_bytes = to.depth * static_cast<std::int64_t>(size_of(staged.dtype));
    const std::int64_t rows_at_once = slot_bytes_ / row_bytes;
    for (std::int64_t row = 0; row < part.rows; row += rows_at_once) {
      staged.num_rows = std::min(rows_at_once, part.rows - row);
      staged.first_row = part.first_row + row;
      const std::int64_t end = staged.first_row + staged.num_rows;
      const bool is_last = part.order == RowOrder::plain && end == to.rows;
      staged.num_zero_rows = is_last ? static_cast<int>(-end & (kTileRows - 1)) : 0;
      INFERENCE_TRY(Slot * slot, next_slot());
      if (is_widened) {
        widen(tensor, row, staged.num_rows, slot->host.as<Bf16>());
      } else {
        copy(tensor.data + row * row_bytes, staged.num_rows * row_bytes,
             slot->host.as<std::byte>());
      }
      staged.rows = slot->device.as<void>();
      INFERENCE_CHECK(send(*slot, slot->device.as<void>(), staged.num_rows * row_bytes));
      INFERENCE_CHECK(check(enqueue_pack_weights(stream_, staged), "the weights"));
      INFERENCE_CHECK(finish(*slot));
    }
    return {};
  }

  void copy(const std::byte* from, std::int64_t bytes, std::byte* to) {
    pool_.run([&](int thread) {
      const Share share = share_of(bytes, kPage, thread, pool_.size());
      std::memcpy(to + share.first, from + share.first,
                  static_cast<std::size_t>(share.last - share.first));
    });
  }

  /// Rows of fp8 as the nearest bf16.
  void widen(const TensorView& tensor, std::int64_t first, std::int64_t num, Bf16* to) {
    const std::int64_t depth = tensor.shape[1];
    pool_.run([&](int thread) {
      const Share share = share_of(num, 1, thread, pool_.size());
      std::vector<float> row(static_cast<std::size_t>(depth));
      for (std::int64_t i = share.first; i < share.last; ++i) {
        read_floats(tensor, (first + i) * depth, depth, row.data());
        std::ranges::transform(row, to + i * depth,
                               [](float value) { return Bf16{to_bf16(value)}; });
      }
    });
  }

  template <class T, class Convert>
  Result<void> upload_vector(const TensorView& tensor, std::int64_t size, T* to, Convert convert) {
    if (tensor.shape != std::vector<std::int64_t>{size} || !is_readable(tensor)) {
      return fail(Errc::invalid_argument,
                  "a norm's weight is not (" + std::to_string(size) + ") of bf16, f16 or f32");
    }
    std::vector<float> floats(static_cast<std::size_t>(size));
    read_floats(tensor, 0, size, floats.data());
    std::vector<T> values(floats.size());
    std::ranges::transform(floats, values.begin(), convert);
    return upload_values(values, to);
  }

  template <class T>
  Result<void> upload_values(const std::vector<T>& values, T* to) {
    INFERENCE_TRY(Slot * slot, next_slot());
    std::ranges::copy(values, slot->host.as<T>());
    INFERENCE_CHECK(send(*slot, to, std::ssize(values) * static_cast<std::int64_t>(sizeof(T))));
    return finish(*slot);
  }

  Stream stream_;
  ThreadPool pool_;
  std::int64_t slot_bytes_ = 0;
  std::array<Slot, 3> slots_;
  std::size_t next_ = 0;
  std::vector<Bf16> scales_;  // Of the matrix that is on its way.
  DeviceMemory nans_;         // (1) int
};

Result<void> upload_layer(const ModelConfig& config, const LayerWeights& from,
                          const DeviceLayer& to, Uploader& uploader) {
  const std::int64_t q = config.q_size();
  const std::int64_t kv = config.kv_size();
  INFERENCE_CHECK(uploader.upload(from.input_norm, config.hidden_size, to.input_norm));
  INFERENCE_CHECK(
      uploader.upload(to.qkv, {{from.q_proj, q}, {from.k_proj, kv, q}, {from.v_proj, kv, q + kv}}));
  INFERENCE_CHECK(uploader.upload(from.q_norm, config.head_dim, to.q_norm));
  INFERENCE_CHECK(uploader.upload(from.k_norm, config.head_dim, to.k_norm));
  INFERENCE_CHECK(uploader.upload(to.o, {{from.o_proj, config.hidden_size}}));
  INFERENCE_CHECK(
      uploader.upload(from.post_attention_norm, config.hidden_size, to.post_attention_norm));
  INFERENCE_CHECK(
      uploader.upload(to.gate_up, {{from.gate_proj, config.intermediate_size, 0, RowOrder::gate},
                                   {from.up_proj, config.intermediate_size, 0, RowOrder::up}}));
  return uploader.upload(to.down, {{from.down_proj, config.hidden_size}});
}

}  // namespace

Result<void> upload_weights(const ModelConfig& config, const Weights& weights,
                            const DeviceModel& model, const Stream& stream) {
  if (weights.layers.size() != model.layers.size()) {
    return fail(Errc::invalid_argument, "the weights have not as many layers as the configuration");
  }
  Uploader uploader(stream);
  INFERENCE_CHECK(
      uploader.prepare(std::max({config.hidden_size, config.q_size(), config.intermediate_size})));
  for (std::size_t i = 0; i < weights.layers.size(); ++i) {
    INFERENCE_CHECK(upload_layer(config, weights.layers[i], model.layers[i], uploader));
  }
  INFERENCE_CHECK(uploader.upload(weights.norm, config.hidden_size, model.norm));
  INFERENCE_CHECK(uploader.upload(model.lm_head, {{weights.lm_head, config.vocab_size}}));
  if (!config.tie_word_embeddings) {
    INFERENCE_CHECK(uploader.upload(model.embedding, {{weights.embedding, config.vocab_size}}));
  }
  return uploader.end();
}

}  // namespace sluice::inference::cuda
