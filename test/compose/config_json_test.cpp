#include "compose/config_json.hpp"

#include "pgupgrade/base/error.hpp"
#include "support/catch.hpp"

using namespace pgupgrade::compose;
using Texts = std::vector<std::string>;

TEST_CASE("a resolved project is read whole") {
  const Project project = project_from_config(R"({
    "name": "shop",
    "services": {
      "db": {"command": ["postgres", "-c", "shared_buffers=1GB"], "image": "postgres:15",
             "environment": {"POSTGRES_PASSWORD": "a$$b$$$$c", "EMPTY": null, "N": 3, "B": true},
             "volumes": [{"type": "volume", "source": "pg", "target": "/var/lib/postgresql/data", "volume": {}},
                         {"type": "tmpfs", "target": "/tmp"}]},
      "web": {"command": null, "build": {"context": "/srv/shop/web"}, "profiles": ["x", "y"],
              "deploy": {"replicas": 3},
              "depends_on": {"db": {"condition": "service_healthy", "required": true},
                             "cache": {"condition": "service_started"}}}
    },
    "volumes": {"pg": {"name": "shop_pg"}, "other": {"name": "elsewhere", "external": true}, "bare": null},
    "secrets": {"pw": {"name": "shop_pw", "file": "/srv/shop/pw.txt"}, "env": {"environment": "PW"}}
  })");
  CHECK(project.name == "shop");
  REQUIRE(project.services.size() == 2);
  const Service& db = project.services.at("db");
  CHECK(db.name == "db");
  CHECK(db.image == "postgres:15");
  CHECK_FALSE(db.has_build);
  CHECK(db.command == Texts{"postgres", "-c", "shared_buffers=1GB"});
  CHECK(db.environment ==
        std::map<std::string, std::string>{{"POSTGRES_PASSWORD", "a$b$$c"}, {"N", "3"}, {"B", "true"}});
  REQUIRE(db.mounts.size() == 2);
  CHECK(db.mounts[0].type == "volume");
  CHECK(db.mounts[0].source == "pg");
  CHECK(db.mounts[0].target == "/var/lib/postgresql/data");
  CHECK(db.mounts[1].source.empty());
  CHECK(db.scale == 1);
  const Service& web = project.services.at("web");
  CHECK(web.image.empty());
  CHECK(web.has_build);
  CHECK(web.dockerfile == "/srv/shop/web/Dockerfile");
  CHECK(db.dockerfile.empty());
  CHECK(web.command.empty());
  CHECK(web.profiles == Texts{"x", "y"});
  CHECK(web.scale == 3);
  REQUIRE(web.depends_on.size() == 2);
  CHECK(web.depends_on[0].service == "cache");
  CHECK(web.depends_on[1].service == "db");
  CHECK(web.depends_on[1].condition == "service_healthy");
  CHECK(project.volumes ==
        std::map<std::string, std::string>{{"pg", "shop_pg"}, {"other", "elsewhere"}, {"bare", "shop_bare"}});
  CHECK(project.secret_files == std::map<std::string, std::string>{{"pw", "/srv/shop/pw.txt"}});
}

TEST_CASE("lists are read where Compose also allows them") {
  const Project project = project_from_config(R"({"name": "p", "services": {"db": {
    "environment": ["A=1", "B=x=y", "C"], "depends_on": ["a"], "command": "postgres",
    "volumes": ["pg:/var/lib/postgresql/data:ro", "./d:/d", "/anonymous"], "scale": 2}}})");
  const Service& db = project.services.at("db");
  CHECK(db.environment == std::map<std::string, std::string>{{"A", "1"}, {"B", "x=y"}});
  CHECK(db.command == Texts{"postgres"});
  CHECK(db.scale == 2);
  REQUIRE(db.depends_on.size() == 1);
  CHECK(db.depends_on[0].condition == "service_started");
  REQUIRE(db.mounts.size() == 3);
  CHECK((db.mounts[0].type + " " + db.mounts[0].source + " " + db.mounts[0].target) ==
        "volume pg /var/lib/postgresql/data");
  CHECK((db.mounts[1].type + " " + db.mounts[1].source + " " + db.mounts[1].target) == "bind ./d /d");
  CHECK((db.mounts[2].type + " " + db.mounts[2].source + " " + db.mounts[2].target) == "volume  /anonymous");
}

TEST_CASE("the prefix of a mirror is taken off the host paths only") {
  const Project project = project_from_config(R"({"name": "p", "services": {"db": {"volumes": [
      {"type": "bind", "source": "/m/srv/data", "target": "/m/srv"}, {"type": "bind", "source": "/srv/m", "target": "/x"}]}},
      "secrets": {"s": {"file": "/m/srv/s"}}})",
                                              "/m");
  CHECK(project.services.at("db").mounts[0].source == "/srv/data");
  CHECK(project.services.at("db").mounts[0].target == "/m/srv");
  CHECK(project.services.at("db").mounts[1].source == "/srv/m");
  CHECK(project.secret_files.at("s") == "/srv/s");
}

TEST_CASE("an output of another shape is an error") {
  for (const std::string text :
       {"", "[]", "{\"services\": {\"db\": 3}}", "{\"services\": {\"db\": {\"volumes\": 1}}}"}) {
    CAPTURE(text);
    try {
      project_from_config(text);
      FAIL("it was taken for a project");
    } catch (const pgupgrade::Error& error) {
      CHECK(error.code() == "E-JSON");
    }
  }
}

TEST_CASE("a scale beyond all numbers is many and not none") {
  const auto project = project_from_config(R"({"services": {"a": {"scale": 4294967296}}})");
  CHECK(project.services.at("a").scale > 1);
}
