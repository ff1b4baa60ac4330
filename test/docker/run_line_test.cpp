#include "docker/run_line.hpp"

#include "support/catch.hpp"

using namespace pgupgrade::docker;

namespace {

std::string line_of(const std::string& body) {
  return run_line_of({.body = body, .networks = {}}, "pg");
}

}  // namespace

TEST_CASE("a container is told as the docker run line that makes it") {
  CHECK(run_line_of({.body = R"({
      "Image": "postgres:17", "Env": ["POSTGRES_USER=shop", "POSTGRES_PASSWORD=s3cret", "PGDATA=/data/17"],
      "Cmd": ["-c", "work_mem=8 MB"], "Labels": {"tier": "data", "empty": ""}, "User": "999:999",
      "Healthcheck": {"Test": ["CMD-SHELL", "pg_isready -U shop"], "Interval": 5000000000, "Retries": 3},
      "HostConfig": {
        "NetworkMode": "shopnet", "Binds": ["shop_data:/data:rw"],
        "Mounts": [{"Type": "volume", "Source": "0a1b", "Target": "/var/lib/postgresql", "ReadOnly": false}],
        "PortBindings": {"5432/tcp": [{"HostIp": "127.0.0.1", "HostPort": "5433"}]},
        "RestartPolicy": {"Name": "unless-stopped", "MaximumRetryCount": 0},
        "Memory": 536870912, "NanoCpus": 1500000000, "ShmSize": 268435456,
        "LogConfig": {"Type": "local", "Config": {"max-size": "10m"}}},
      "NetworkingConfig": {"EndpointsConfig": {
        "shopnet": {"IPAMConfig": {"IPv4Address": "172.30.0.9"}, "Aliases": ["database"]}}}})",
                     .networks = {{"backnet", R"({"Aliases": ["pg-back"]})"}}},
                    "pg") ==
        "docker run --detach --name pg --network shopnet --ip 172.30.0.9 --network-alias database "
        "--publish 127.0.0.1:5433:5432 --volume shop_data:/data:rw "
        "--mount type=volume,source=0a1b,target=/var/lib/postgresql "
        "--env POSTGRES_USER=shop --env POSTGRES_PASSWORD --env PGDATA=/data/17 "
        "--label tier=data --label empty --restart unless-stopped "
        "--memory 536870912 --cpus 1.5 --shm-size 268435456 "
        "--health-cmd 'pg_isready -U shop' --health-interval 5s --health-retries 3 "
        "--log-driver local --log-opt max-size=10m --user 999:999 postgres:17 -c 'work_mem=8 MB' "
        "&& docker network connect --alias pg-back backnet pg");
}

TEST_CASE("what a container has by default is not told") {
  CHECK(line_of(R"({"Image": "postgres:17", "Env": [], "HostConfig": {
      "NetworkMode": "default", "Binds": [], "Mounts": [], "ShmSize": 67108864, "IpcMode": "private",
      "RestartPolicy": {"Name": "no", "MaximumRetryCount": 0}, "LogConfig": {"Type": "json-file", "Config": {}}}})") ==
        "docker run --detach --name pg postgres:17");
}

TEST_CASE("no value of the environment is told that may be a secret") {
  const std::string line = line_of(
      R"({"Image": "i", "Env": ["API_KEY=hush", "DATABASE_URL=postgres://a:hush@b/c", "POSTGRES_PASSWORD_FILE=/run/p"],
          "HostConfig": {}})");
  CHECK(line.find("hush") == std::string::npos);
  CHECK(
      line ==
      "docker run --detach --name pg --env API_KEY --env DATABASE_URL --env POSTGRES_PASSWORD_FILE=/run/p i");
}

TEST_CASE("an entrypoint of several words comes before the command") {
  CHECK(
      line_of(
          R"({"Image": "i", "Entrypoint": ["tini", "--", "run.sh"], "Cmd": ["postgres"], "HostConfig": {}})") ==
      "docker run --detach --name pg --entrypoint tini i -- run.sh postgres");
}
