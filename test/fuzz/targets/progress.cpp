#include <algorithm>
#include <boost/json.hpp>

#include "docker/json_sequence.hpp"
#include "fuzz/targets.hpp"

namespace pgupgrade::test::fuzz {

namespace {

// Numbers with a fraction or an exponent are read to the last bit but one; the product reads none.
bool has_fraction(const boost::json::value& value) {
  if (value.is_double()) return true;
  if (const auto* array = value.if_array()) return std::any_of(array->begin(), array->end(), has_fraction);
  if (const auto* object = value.if_object())
    return std::any_of(object->begin(), object->end(),
                       [](const auto& member) { return has_fraction(member.value()); });
  return false;
}

struct Outcome {
  std::vector<std::string> objects;
  bool exact = true;
  std::string refusal;
  bool operator==(const Outcome&) const = default;
};

Outcome outcome(std::string_view stream, std::size_t longest) {
  Outcome result;
  docker::JsonSequence sequence([&](const boost::json::object& object) {
    result.objects.emplace_back(boost::json::serialize(object));
    if (has_fraction(object)) result.exact = false;
  });
  result.refusal = refusal({"E-ENGINE-STREAM"}, [&] {
    in_pieces(stream, longest, [&](std::string_view bytes) { sequence.feed(bytes); });
    sequence.finish();
  });
  return result;
}

}  // namespace

void try_progress(std::string_view input) {
  const Outcome whole = outcome(input, 0);
  for (const std::size_t longest : {std::size_t{1}, std::size_t{7}, std::size_t{64}})
    hold(outcome(input, longest) == whole, "it does not matter where the stream is cut");

  if (!whole.exact) return;
  std::string stream;
  for (const std::string& object : whole.objects) stream += object + "\r\n";
  hold(outcome(stream, 9).objects == whole.objects, "what was read reads the same when it is written again");
}

}  // namespace pgupgrade::test::fuzz
