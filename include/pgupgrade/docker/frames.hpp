#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "pgupgrade/base/streams.hpp"

namespace pgupgrade::docker {

// Splits the multiplexed stream of attach, exec and logs: frames of an 8-byte header {type, 0, 0, 0,
// big-endian length} and payload, cut anywhere by the transport. Types: 0 stdin, 1 stdout, 2 stderr,
// 3 an error of the daemon.
class FrameDemuxer {
 public:
  FrameDemuxer(Sink out, Sink err);  // an empty sink discards

  // Throws Error(failed, "E-ENGINE-STREAM") for an unknown type, non-zero padding, or a type 3 frame (whose
  // text is in the message).
  void feed(std::string_view bytes);
  // Throws Error(failed, "E-ENGINE-STREAM") when the stream ended inside a frame.
  void finish() const;

 private:
  void begin_frame();
  void deliver(std::string_view bytes);

  Sink out_;
  Sink err_;
  std::string header_;         // up to 8 bytes
  std::size_t remaining_ = 0;  // of the payload
  unsigned char type_ = 0;
  std::string daemon_error_;
};

}  // namespace pgupgrade::docker
