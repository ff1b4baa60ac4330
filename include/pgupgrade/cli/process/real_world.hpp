#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "pgupgrade/base/cancel.hpp"
#include "pgupgrade/base/environment.hpp"
#include "pgupgrade/upgrade/run/world.hpp"

namespace pgupgrade::cli {

// A test facility. A run tells the places that it comes to ("wipe:after-record"): at the one that
// PGUPGRADE_KILL_AT names it sends SIGKILL to this process, as a power cut would; at the one that
// PGUPGRADE_PAUSE_AT names it sends SIGSTOP, so that something can be done to the world before SIGCONT;
// PGUPGRADE_PLACES names a file to which every place is appended, a line each. Campaigns prove with them that
// a run survives its death, and the world's changes, anywhere. Without the variables it does nothing.
class CampaignProbe final : public upgrade::Probe {
 public:
  CampaignProbe(std::string death, std::string pause, std::filesystem::path list)
      : death_(std::move(death)), pause_(std::move(pause)), list_(std::move(list)) {}
  void reach(std::string_view place) override;

 private:
  std::string death_;
  std::string pause_;
  std::filesystem::path list_;
};

// The short directory for private socket directories: XDG_RUNTIME_DIR when it is an existing, absolute and
// short path, else /tmp. A Unix socket's path must stay below 100 bytes with what is made under it.
std::filesystem::path socket_root(const Environment& environment);

// The world outside, connected.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual upgrade::World& world() = 0;
  virtual const std::string& endpoint() const = 0;  // of the engine
};

// The real engine, Compose, and PostgreSQL.
class RealWorld final : public Connection {
 public:
  // The environment must outlive it. Throws as docker::find_endpoint and docker::connect do.
  RealWorld(const Environment& environment, Clock& clock, const Cancellation& cancellation);

  upgrade::World& world() override { return world_; }
  const std::string& endpoint() const override { return endpoint_; }

 private:
  std::string endpoint_;
  std::unique_ptr<docker::Engine> engine_;
  std::unique_ptr<compose::Cli> compose_;
  std::unique_ptr<postgres::Connector> connector_;
  CampaignProbe probe_;
  upgrade::World world_;
};

}  // namespace pgupgrade::cli
