#include "inference/cuda/weight_upload.h"

#include "inference/bf16.h"
#include "inference/cpu_model.h"
#include "inference/cuda/device_memory.h"
#include "inference/cuda/pack_weights.h"
#include "inference/cuda/tile_layout.h"
#include "inference/thread_pool.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <thread>

namespace sluice::inference::cuda {
namespace {

constexpr std::int64_t kSlotBytes = std::int64_t{16} << 20;
constexpr int kMaxThreads = 4;  // More copy no faster from the page cache.
constexpr std::int64_t kPage = 4096;

class Uploader {
 public:
  explicit Uploader(const Stream& stream)
      : stream_(stream),
        pool_(std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxThreads)) {}

  /// `widest` elements are the most of a row.
  Result<void> prepare(std::int64_t widest) {
    slot_bytes_ = std::max(kSlotBytes, widest * std::int64_t{sizeof(float)});
    for (Slot& slot : slots_) {
      INFERENCE_TRY(slot.host, PinnedMemory::make(slot_bytes_, "staging"));
      INFERENCE_TRY(slot.device, DeviceMemory::make(slot_bytes_, "staging"));
      INFERENCE_TRY(slot.done, make_event());
    }
    return {};
  }

  /// A tensor (rows, to.depth), into the rows that `order` and `first_row` say; behind the last of
  /// the matrix, the zeros that fill its tile.
  Result<void> upload(const TensorView& tensor, std::int64_t rows, const DeviceMatrix& to,
                      RowOrder order = RowOrder::plain, std::int64_t first_row = 0) {
    const auto element = static_cast<std::int64_t>(size_of(tensor.dtype));
    if (element == 0 || tensor.shape != std::vector<std::int64_t>{rows, to.depth}) {
      return fail(Errc::invalid_argument, "a weight matrix is not (" + std::to_string(rows) + ", " +
                                              std::to_string(to.depth) + ") of bf16, f16 or f32");
    }
    const std::int64_t row_bytes = to.depth * element;
    const std::int64_t rows_at_once = slot_bytes_ / row_bytes;
    for (std::int64_t row = 0; row < rows; row += rows_at_once) {
      const std::int64_t num = std::min(rows_at_once, rows - row);
      INFERENCE_TRY(Slot * slot, next_slot());
      copy(tensor.data + row * row_bytes, num * row_bytes, slot->host.as<std::byte>());
      StagedRows staged;
      staged.rows = slot->device.as<void>();
      staged.dtype = tensor.dtype;
      staged.num_rows = num;
      staged.order = order;
      staged.first_row = first_row + row;
      const std::int64_t end = staged.first_row + num;
      const bool is_last = order == RowOrder::plain && end == to.rows;
      staged.num_zero_rows = is_last ? static_cast<int>(-end & (kTileRows - 1)) : 0;
      staged.matrix = to.data;
      staged.depth = to.depth;
      INFERENCE_CHECK(send(*slot, slot->device.as<void>(), num * row_bytes));
      INFERENCE_CHECK(check(enqueue_pack_weights(stream_, staged), "the weights"));
      INFERENCE_CHECK(finish(*slot));
    }
    return {};
  }

  /// A tensor (size), converted on the way.
  Result<void> upload(const TensorView& tensor, std::int64_t size, Bf16* to) {
    return upload_vector(tensor, size, to, [](float value) { return Bf16{to_bf16(value)}; });
  }
  Result<void> upload(const TensorView& tensor, std::int64_t size, float* to) {
    return upload_vector(tensor, size, to, [](float value) { return value; });
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

  void copy(const std::byte* from, std::int64_t bytes, std::byte* to) {
    pool_.run([&](int thread) {
      const Share share = share_of(bytes, kPage, thread, pool_.size());
      std::memcpy(to + share.first, from + share.first,
                  static_cast<std::size_t>(share.last - share.first));
    });
  }

  template <class T, class Convert>
  Result<void> upload_vector(const TensorView& tensor, std::int64_t size, T* to, Convert convert) {
    if (size_of(tensor.dtype) == 0 || tensor.shape != std::vector<std::int64_t>{size}) {
      return fail(Errc::invalid_argument,
                  "a norm's weight is not (" + std::to_string(size) + ") of bf16, f16 or f32");
    }
    floats_.resize(static_cast<std::size_t>(size));
    read_floats(tensor, 0, size, floats_.data());
    INFERENCE_TRY(Slot * slot, next_slot());
    std::ranges::transform(floats_, slot->host.as<T>(), convert);
    INFERENCE_CHECK(send(*slot, to, size * static_cast<std::int64_t>(sizeof(T))));
    return finish(*slot);
  }

  Stream stream_;
  ThreadPool pool_;
  std::int64_t slot_bytes_ = 0;
  std::array<Slot, 3> slots_;
  std::size_t next_ = 0;
  std::vector<float> floats_;
};

Result<void> upload_layer(const ModelConfig& config, const LayerWeights& from,
                          const DeviceLayer& to, Uploader& uploader) {
  const std::int64_t q = config.q_size();
  const std::int64_t kv = config.kv_size();
  INFERENCE_CHECK(uploader.upload(from.input_norm, config.hidden_size, to.input_norm));
  INFERENCE_CHECK(uploader.upload(from.q_proj, q, to.qkv));
  INFERENCE_CHECK(uploader.upload(from.k_proj, kv, to.qkv, RowOrder::plain, q));
  INFERENCE_CHECK(uploader.upload(from.v_proj, kv, to.qkv, RowOrder::plain, q + kv));
  INFERENCE_CHECK(uploader.upload(from.q_norm, config.head_dim, to.q_norm));
  INFERENCE_CHECK(uploader.upload(from.k_norm, config.head_dim, to.k_norm));
  INFERENCE_CHECK(uploader.upload(from.o_proj, config.hidden_size, to.o));
  INFERENCE_CHECK(
      uploader.upload(from.post_attention_norm, config.hidden_size, to.post_attention_norm));
  INFERENCE_CHECK(
      uploader.upload(from.gate_proj, config.intermediate_size, to.gate_up, RowOrder::gate));
  INFERENCE_CHECK(
      uploader.upload(from.up_proj, config.intermediate_size, to.gate_up, RowOrder::up));
  return uploader.upload(from.down_proj, config.hidden_size, to.down);
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
  INFERENCE_CHECK(uploader.upload(weights.lm_head, config.vocab_size, model.lm_head));
  if (!config.tie_word_embeddings) {
    INFERENCE_CHECK(uploader.upload(weights.embedding, config.vocab_size, model.embedding));
  }
  return check(cudaStreamSynchronize(stream.handle), "the weights");
}

}  // namespace sluice::inference::cuda
