#include "pgupgrade/cli/command/run.hpp"

int main(int argc, char** argv) {
  return pgupgrade::cli::run(argc, argv);
}
