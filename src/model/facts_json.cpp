#include "model/facts_fields.hpp"
#include "pgupgrade/model/json.hpp"

namespace pgupgrade {

boost::json::value to_json(const Diagnostic& value) {
  return fields::write(value);
}

boost::json::value to_json(const ImageFacts& value) {
  return fields::write(value);
}

std::string_view text_of(Severity value) {
  return fields::text_in_table(value);
}

ImageFacts image_facts_from_json(const boost::json::value& value) {
  return fields::read_document<ImageFacts>(value, "image");
}

}  // namespace pgupgrade
