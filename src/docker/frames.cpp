#include "pgupgrade/docker/frames.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"

namespace pgupgrade::docker {
namespace {

constexpr std::size_t kHeaderBytes = 8;
constexpr unsigned char kStandardError = 2;
constexpr unsigned char kDaemonError = 3;
constexpr std::size_t kDaemonErrorLimit = 4096;

[[noreturn]] void fail(const std::string& message) {
  throw Error(ErrorKind::failed, "E-ENGINE-STREAM", message);
}

}  // namespace

FrameDemuxer::FrameDemuxer(Sink out, Sink err) : out_(std::move(out)), err_(std::move(err)) {}

void FrameDemuxer::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    if (remaining_ == 0) {
      const std::size_t length = std::min(kHeaderBytes - header_.size(), bytes.size());
      header_.append(bytes.substr(0, length));
      bytes.remove_prefix(length);
      if (header_.size() == kHeaderBytes) begin_frame();
    } else {
      const std::size_t length = std::min(remaining_, bytes.size());
      remaining_ -= length;
      deliver(bytes.substr(0, length));
      bytes.remove_prefix(length);
    }
  }
}

void FrameDemuxer::finish() const {
  if (!header_.empty()) fail("could not read the engine's output stream: it ends inside a frame's header");
  if (remaining_ != 0) {
    fail(fmt::format("could not read the engine's output stream: it ends {} before the end of a frame",
                     plural(remaining_, "byte")));
  }
}

void FrameDemuxer::begin_frame() {
  const auto byte = [this](std::size_t index) { return static_cast<unsigned char>(header_[index]); };
  type_ = byte(0);
  if (type_ > kDaemonError || byte(1) != 0 || byte(2) != 0 || byte(3) != 0) {
    fail(fmt::format(
        "could not read the engine's output stream: {:02x} {:02x} {:02x} {:02x} do not begin a frame", type_,
        byte(1), byte(2), byte(3)));
  }
  remaining_ =
      (std::size_t{byte(4)} << 24U) | (std::size_t{byte(5)} << 16U) | (std::size_t{byte(6)} << 8U) | byte(7);
  header_.clear();
  if (remaining_ == 0) deliver({});
}

void FrameDemuxer::deliver(std::string_view bytes) {
  if (type_ == kDaemonError) {
    daemon_error_.append(
        bytes.substr(0, kDaemonErrorLimit - std::min(kDaemonErrorLimit, daemon_error_.size())));
    if (remaining_ == 0)
      fail("the engine reports in its output stream: " + printable(trim(daemon_error_), 600));
    return;
  }
  const Sink& sink = type_ == kStandardError ? err_ : out_;
  if (sink && !bytes.empty()) sink(bytes);
}

}  // namespace pgupgrade::docker
