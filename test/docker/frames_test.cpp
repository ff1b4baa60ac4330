#include "pgupgrade/docker/frames.hpp"

#include <random>
#include <string>
#include <vector>

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"

using namespace pgupgrade;
using namespace pgupgrade::docker;

namespace {

std::string frame(char type, const std::string& payload) {
  std::string bytes{type, 0, 0, 0};
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    bytes += static_cast<char>((payload.size() >> shift) & 0xFFU);
  return bytes + payload;
}

struct Output {
  std::string out;
  std::string err;
  bool operator==(const Output&) const = default;
};

Output demux(const std::vector<std::string>& pieces) {
  Output output;
  FrameDemuxer demuxer([&](std::string_view bytes) { output.out += bytes; },
                       [&](std::string_view bytes) { output.err += bytes; });
  for (const std::string& piece : pieces) demuxer.feed(piece);
  demuxer.finish();
  return output;
}

std::string error_of(const std::vector<std::string>& pieces) {
  try {
    demux(pieces);
  } catch (const Error& error) {
    return error.code() + ": " + error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("frames come out the same wherever the transport cuts them") {
  std::mt19937 random(20240917);  // NOLINT: the same frames in every run
  std::uniform_int_distribution<int> type(0, 2);
  std::uniform_int_distribution<int> length(0, 40);
  std::uniform_int_distribution<int> byte(0, 255);
  for (int round = 0; round < 20; ++round) {
    std::string stream;
    Output expected;
    for (int count = 0; count < 6; ++count) {
      std::string payload(static_cast<std::size_t>(length(random)), '\0');
      for (char& letter : payload) letter = static_cast<char>(byte(random));
      const int chosen = type(random);
      stream += frame(static_cast<char>(chosen), payload);
      (chosen == 2 ? expected.err : expected.out) += payload;
    }
    REQUIRE(demux({stream}) == expected);
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
      REQUIRE(demux({stream.substr(0, cut), stream.substr(cut)}) == expected);
    }
    std::vector<std::string> single_bytes;
    for (const char letter : stream) single_bytes.emplace_back(1, letter);
    REQUIRE(demux(single_bytes) == expected);
  }
}

TEST_CASE("a frame longer than 64 KiB keeps its length") {
  const std::string payload(70'000, 'x');
  REQUIRE(demux({frame(1, payload), frame(2, "end")}) == Output{payload, "end"});
}

TEST_CASE("a stream that ends inside a header or a frame is an error") {
  const std::string bytes = frame(1, "hello");
  for (std::size_t length = 1; length < bytes.size(); ++length) {
    const std::string expected = length < 8 ? "it ends inside a frame's header"
                                            : "it ends " + std::to_string(bytes.size() - length) +
                                                  (bytes.size() - length == 1 ? " byte" : " bytes") +
                                                  " before the end of a frame";
    REQUIRE(error_of({bytes.substr(0, length)}) ==
            "E-ENGINE-STREAM: could not read the engine's output stream: " + expected);
  }
}

TEST_CASE("what is no frame is an error that shows its first bytes") {
  REQUIRE(error_of({std::string("\x04\0\0\0\0\0\0\1x", 9)}) ==
          "E-ENGINE-STREAM: could not read the engine's output stream: 04 00 00 00 do not begin a frame");
  REQUIRE(error_of({"plain text"}) ==
          "E-ENGINE-STREAM: could not read the engine's output stream: 70 6c 61 69 do not begin a frame");
  REQUIRE(error_of({std::string("\1\0\1\0\0\0\0\1x", 9)}) ==
          "E-ENGINE-STREAM: could not read the engine's output stream: 01 00 01 00 do not begin a frame");
}

TEST_CASE("an error frame of the daemon is thrown with its text") {
  REQUIRE(error_of({frame(1, "rows"), frame(3, "disk \x1b[31mgone\n")}) ==
          "E-ENGINE-STREAM: the engine reports in its output stream: disk ?[31mgone");
  REQUIRE(error_of({frame(3, "")}) == "E-ENGINE-STREAM: the engine reports in its output stream: ");
}

TEST_CASE("an empty sink discards its stream") {
  std::string out;
  FrameDemuxer demuxer([&](std::string_view bytes) { out += bytes; }, {});
  demuxer.feed(frame(2, "noise") + frame(1, "kept"));
  demuxer.finish();
  REQUIRE(out == "kept");
}
