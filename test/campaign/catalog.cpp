#include "campaign/campaign.hpp"

namespace pgupgrade::test::campaign {

const std::vector<Part>& catalog() {
  static const std::vector<Part> parts = {
      {"kill", "SIGKILL at a place, then resume; then rollback, byte for byte", kill},
      {"kill-warm", "the same of a warm run", kill_warm},
      {"kill-rehearsal", "SIGKILL at every place of a rehearsal: nothing is touched, cleanup removes it",
       kill_rehearsal},
      {"kill-parts", "SIGKILL at every place of dump, wipe and load, then resume, and the next part",
       kill_parts},
      {"kill-alternate",
       "SIGKILL at every place of scripts tried and applied within one server, then the same command again",
       kill_alternate},
      {"cases", "states that old clusters are in: upgraded, or refused before anything stops", cases},
      {"names", "hostile names in every role that a name can have, upgraded and rolled back", names},
      {"secrets", "passwords and verifiers, looked for wherever a run could leave them", secrets},
      {"engine", "the engine, or the whole machine, dies at a place and is started again", engine},
      {"state", "state file damaged, replaced, removed, read-only; its system calls fail", state},
      {"archives", "hostile archives on the way back: none escapes, none is put anywhere", archives},
      {"signals", "INT, TERM, HUP, twice, Ctrl-C, no reader, no terminal; on the way back too", signals},
      {"races", "two processes at once", races},
      {"interventions", "volume, server and clients in somebody else's hands, at a place of every step",
       interventions},
      {"drift", "Compose file, volume, engine or image is another one when a run goes on", drift},
      {"disk", "full disks: a clear error, the way back, no empty database left startable", disk},
      {"migrate", "SIGKILL at every place of a migration between two servers, then resume", migrate},
      {"damage", "bits flipped in archive, manifest, dump and state: found before the wipe", damage},
  };
  return parts;
}

}  // namespace pgupgrade::test::campaign
