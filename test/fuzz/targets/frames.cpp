#include "pgupgrade/docker/frames.hpp"
#include "fuzz/targets.hpp"
#include "pgupgrade/base/error.hpp"

namespace pgupgrade::test::fuzz {

namespace {

struct Outcome {
  std::string out, err, problem;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome(std::string_view stream, std::size_t longest) {
  Outcome result;
  docker::FrameDemuxer demuxer([&](std::string_view bytes) { result.out += bytes; },
                               [&](std::string_view bytes) { result.err += bytes; });
  refusal({"E-ENGINE-STREAM"}, [&] {
    try {
      in_pieces(stream, longest, [&](std::string_view bytes) { demuxer.feed(bytes); });
      demuxer.finish();
    } catch (const Error& error) {
      result.problem = error.what();
      throw;
    }
  });
  return result;
}

std::string frame(unsigned char type, std::string_view content) {
  std::string text{static_cast<char>(type), '\0', '\0', '\0'};
  for (const unsigned shift : {24U, 16U, 8U, 0U}) text += static_cast<char>(content.size() >> shift & 0xFFU);
  return text.append(content);
}

}  // namespace

void try_frames(std::string_view input) {
  const Outcome whole = outcome(input, 0);
  hold(whole.out.size() + whole.err.size() <= input.size(), "no more comes out than went in");
  for (const std::size_t longest : {std::size_t{1}, std::size_t{3}, std::size_t{64}})
    hold(outcome(input, longest) == whole, "it does not matter where the stream is cut");

  Outcome framed;
  std::string stream;
  in_pieces(input, 300, [&](std::string_view content) {
    const unsigned char type = stream.size() % 3 == 0 ? 2 : 1;
    stream += frame(type, content);
    (type == 2 ? framed.err : framed.out) += content;
  });
  hold(outcome(stream, 5) == framed, "what was framed comes out again");
  if (!stream.empty()) {
    stream.pop_back();
    hold(!outcome(stream, 5).problem.empty(), "a stream that is cut short is an error");
  }
}

}  // namespace pgupgrade::test::fuzz
