#include "runtime.h"

#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <vector>

namespace cuda_on_host {

using Work = std::function<void()>;

struct Event {
  Stream* stream = nullptr;
  std::uint64_t number = 0;  // Of the stream's work before it.
};

struct Graph {
  std::vector<Work> work;
};

struct Stream {
  std::deque<Work> waiting;
  std::uint64_t enqueued = 0;
  std::uint64_t done = 0;
  std::unique_ptr<Graph> capture;
};

namespace {

constexpr std::size_t kAlignment = 256;

struct Device {
  std::recursive_mutex mutex;
  cudaError_t next_call = cudaSuccess;
  cudaError_t next_work = cudaSuccess;
  cudaError_t sticky = cudaSuccess;
  cudaError_t last = cudaSuccess;
  std::size_t total = std::size_t{1} << 30;
  std::size_t allocated = 0;
  int allocations = 0;
  bool refuses_resets = false;
  cudaError_t code = cudaSuccess;
  std::map<void*, std::size_t> memory;
};

Device& device() {
  static Device the;
  return the;
}

bool is_sticky(cudaError_t error) {
  return error == cudaErrorIllegalAddress || error == cudaErrorLaunchFailure;
}

cudaError_t result(cudaError_t error) {
  Device& all = device();
  if (all.sticky != cudaSuccess) error = all.sticky;
  if (error == cudaSuccess) error = std::exchange(all.next_call, cudaSuccess);
  if (is_sticky(error)) all.sticky = error;
  if (error != cudaSuccess) all.last = error;
  return error;
}

/// Runs a stream's work up to `number`.
cudaError_t run(Stream& stream, std::uint64_t number) {
  Device& all = device();
  while (stream.done < number) {
    const Work work = std::move(stream.waiting.front());
    stream.waiting.pop_front();
    ++stream.done;
    if (all.next_work != cudaSuccess) all.sticky = std::exchange(all.next_work, cudaSuccess);
    if (all.sticky == cudaSuccess) work();
  }
  return result(cudaSuccess);
}

void* take_memory(std::size_t bytes) {
  const std::size_t rounded =
      (std::max<std::size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
  void* memory = std::aligned_alloc(kAlignment, rounded);
  if (memory == nullptr) throw std::bad_alloc();
  std::memset(memory, 0xff, rounded);
  return memory;
}

}  // namespace

cudaError_t enqueue(Stream* stream, Work work) {
  const std::scoped_lock lock(device().mutex);
  if (const cudaError_t error = result(cudaSuccess); error != cudaSuccess) return error;
  if (stream->capture) {
    stream->capture->work.push_back(std::move(work));
  } else {
    stream->waiting.push_back(std::move(work));
    ++stream->enqueued;
  }
  return cudaSuccess;
}

void fail_next_call(cudaError_t error) { device().next_call = error; }
void fail_next_work(cudaError_t error) { device().next_work = error; }
void refuse_resets() {
  const std::scoped_lock lock(device().mutex);
  device().refuses_resets = true;
}

void set_code(cudaError_t error) { device().code = error; }
void set_device_memory(std::size_t bytes) { device().total = bytes; }
std::size_t allocated_bytes() { return device().allocated; }
int num_allocations() { return device().allocations; }

}  // namespace cuda_on_host

using namespace cuda_on_host;

const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidDeviceFunction:
      return "cudaErrorInvalidDeviceFunction";
    case cudaErrorNoKernelImageForDevice:
      return "cudaErrorNoKernelImageForDevice";
    case cudaErrorNoDevice:
      return "cudaErrorNoDevice";
    case cudaErrorInsufficientDriver:
      return "cudaErrorInsufficientDriver";
    case cudaErrorIllegalAddress:
      return "cudaErrorIllegalAddress";
    case cudaErrorLaunchFailure:
      return "cudaErrorLaunchFailure";
    default:
      return "cudaError";
  }
}

const char* cudaGetErrorString(cudaError_t error) { return cudaGetErrorName(error); }

cudaError_t cudaGetLastError() { return std::exchange(device().last, cudaSuccess); }

cudaError_t cudaGetDeviceCount(int* count) {
  *count = device().total > 0 ? 1 : 0;
  return result(*count > 0 ? cudaSuccess : cudaErrorNoDevice);
}

cudaError_t cudaSetDevice(int index) {
  return result(index == 0 && device().total > 0 ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaDriverGetVersion(int* version) {
  *version = device().total > 0 ? CUDART_VERSION : 0;
  return result(cudaSuccess);
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  *value = attribute == cudaDevAttrComputeCapabilityMajor ? 9
           : attribute == cudaDevAttrMultiProcessorCount  ? 4
                                                          : 0;
  return result(cudaSuccess);
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {"a processor", 9, 0, 4, device().total, std::size_t{227} << 10};
  return result(cudaSuccess);
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *total = device().total;
  *free = device().total - device().allocated;
  return result(cudaSuccess);
}

cudaError_t cudaDeviceReset() {
  const std::scoped_lock lock(device().mutex);
  if (device().refuses_resets) return device().sticky;
  for (const auto& [memory, bytes] : device().memory) std::free(memory);
  device().memory.clear();
  device().allocated = 0;
  device().sticky = device().last = cudaSuccess;
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  const std::scoped_lock lock(device().mutex);
  Device& all = device();
  if (const cudaError_t error = result(cudaSuccess); error != cudaSuccess) return error;
  if (bytes > all.total - all.allocated) return result(cudaErrorMemoryAllocation);
  *memory = take_memory(bytes);
  all.memory[*memory] = bytes;
  all.allocated += bytes;
  ++all.allocations;
  return cudaSuccess;
}

cudaError_t cudaFree(void* memory) {
  const std::scoped_lock lock(device().mutex);
  if (memory == nullptr) return cudaSuccess;
  const auto found = device().memory.find(memory);
  if (found == device().memory.end()) return result(cudaErrorInvalidValue);
  device().allocated -= found->second;
  device().memory.erase(found);
  std::free(memory);
  return result(cudaSuccess);
}

cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned) {
  if (const cudaError_t error = result(cudaSuccess); error != cudaSuccess) return error;
  *memory = take_memory(bytes);
  ++device().allocations;
  return cudaSuccess;
}

cudaError_t cudaFreeHost(void* memory) {
  std::free(memory);
  return result(cudaSuccess);
}

cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind) {
  std::memcpy(to, from, bytes);
  return result(cudaSuccess);
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind,
                            cudaStream_t stream) {
  return enqueue(stream, [=] { std::memcpy(to, from, bytes); });
}

cudaError_t cudaMemset(void* to, int value, std::size_t bytes) {
  std::memset(to, value, bytes);
  return result(cudaSuccess);
}

cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t stream) {
  return enqueue(stream, [=] { std::memset(to, value, bytes); });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = nullptr;
  if (const cudaError_t error = result(cudaSuccess); error != cudaSuccess) return error;
  *stream = new Stream;
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return result(cudaSuccess);
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const std::scoped_lock lock(device().mutex);
  return run(*stream, stream->enqueued);
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  const Event at = *event;
  return enqueue(stream, [at] {
    if (at.stream != nullptr) run(*at.stream, at.number);
  });
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  stream->capture = std::make_unique<Graph>();
  return result(cudaSuccess);
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = stream->capture.release();
  return result(cudaSuccess);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = nullptr;
  if (const cudaError_t error = result(cudaSuccess); error != cudaSuccess) return error;
  *event = new Event;
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return result(cudaSuccess);
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  *event = {stream, stream->enqueued};
  return result(cudaSuccess);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const std::scoped_lock lock(device().mutex);
  return event->stream == nullptr ? result(cudaSuccess) : run(*event->stream, event->number);
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long) {
  *executable = new Graph(*graph);
  return result(cudaSuccess);
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  return enqueue(stream, [executable] {
    for (const Work& work : executable->work) work();
  });
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return result(cudaSuccess);
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return result(cudaSuccess);
}

cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) {
  return result(cudaSuccess);
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* attributes, const void*) {
  attributes->ptxVersion = 90;
  return result(device().code);
}

cudaError_t cudaDeviceSynchronize() { return result(cudaSuccess); }
