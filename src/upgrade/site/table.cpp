#include <fmt/format.h>

#include <algorithm>

#include "pgupgrade/base/error.hpp"
#include "pgupgrade/base/text.hpp"
#include "upgrade/site/sites.hpp"

namespace pgupgrade::upgrade {
namespace {

const std::vector<const Site*>& sites() {
  static const std::vector<const Site*> table = {
      &compose_site(),
      &container_site(),
  };
  return table;
}

const Site* find_site(const std::string& name) {
  const auto found =
      std::find_if(sites().begin(), sites().end(), [&](const Site* site) { return site->name() == name; });
  return found == sites().end() ? nullptr : *found;
}

}  // namespace

const Site& site_of(const Plan& plan) {
  if (const Site* site = find_site(plan.site)) return *site;
  throw Error(
      ErrorKind::usage, "E-STRATEGY",
      fmt::format("cannot continue run {}: this version of pgupgrade does not know its platform \"{}\"",
                  plan.run_id, printable(plan.site)),
      fmt::format("use the version that started the run: {}", printable(plan.tool_version)));
}

const Site& site_of(const Request& request) {
  return *find_site(site_name(request));
}

}  // namespace pgupgrade::upgrade
