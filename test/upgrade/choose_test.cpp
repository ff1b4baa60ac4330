#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"
#include "upgrade/observe/observe_parts.hpp"

using namespace pgupgrade;

namespace {

std::string hint_for(const std::string& service) {
  compose::Project project;
  project.name = "shop";
  project.services["database"];
  project.services["web"];
  Request request;
  request.services = {service};
  try {
    upgrade::choose_services(request, project, {});
  } catch (const Error& error) {
    CHECK(error.code() == "E-UNKNOWN-SERVICE");
    return error.hint();
  }
  return "found";
}

}  // namespace

TEST_CASE("a service that the project does not have is answered with what may have been meant") {
  CHECK(hint_for("datebase") == "did you mean database? its services are: database, web");
  CHECK(hint_for("cache") == "its services are: database, web");
  CHECK(hint_for("web") == "found");
}
