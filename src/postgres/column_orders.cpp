#include "postgres/column_orders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "pgupgrade/base/text.hpp"

namespace pgupgrade::postgres {
namespace {

using Columns = std::vector<std::string>;

class Orders {
 public:
  explicit Orders(const std::vector<InheritingTable>& tables) {
    for (const InheritingTable& table : tables) tables_[table.oid] = &table;
  }

  // Nobody is his own ancestor: the server refuses that.
  const Columns& later(const InheritingTable& table) {
    const auto known = later_.find(table.oid);
    if (known != later_.end()) return known->second;
    Columns columns;
    const auto add = [&](const Columns& more) {
      for (const std::string& column : more)
        if (std::find(columns.begin(), columns.end(), column) == columns.end()) columns.push_back(column);
    };
    for (const std::string& parent : table.parents) {
      const auto found = tables_.find(parent);
      if (found != tables_.end()) add(later(*found->second));
    }
    add(table.columns);
    return later_[table.oid] = std::move(columns);
  }

 private:
  std::map<std::string, const InheritingTable*> tables_;
  std::map<std::string, Columns> later_;
};

}  // namespace

std::vector<LeftObject> column_orders(const std::vector<InheritingTable>& tables) {
  Orders orders(tables);
  std::vector<LeftObject> found;
  for (const InheritingTable& table : tables) {
    const Columns& later = orders.later(table);
    if (later == table.columns) continue;
    found.push_back({.object = fmt::format("{} ({} becomes {})", table.identity, join(table.columns, ", "),
                                           join(later, ", ")),
                     .cure = "name the columns wherever rows are inserted into it or read by their place"});
  }
  std::sort(found.begin(), found.end(),
            [](const LeftObject& one, const LeftObject& other) { return one.object < other.object; });
  return found;
}

}  // namespace pgupgrade::postgres
