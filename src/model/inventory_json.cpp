#include "model/inventory_fields.hpp"
#include "pgupgrade/model/json.hpp"

namespace pgupgrade {

boost::json::value to_json(const Inventory& value) {
  return fields::write(value);
}

Inventory inventory_from_json(const boost::json::value& value) {
  return fields::read_document<Inventory>(value, "inventory");
}

}  // namespace pgupgrade
