#pragma once

namespace pgupgrade::cli {

// The whole program: parses, does, reports, and returns the exit code. Throws nothing.
int run(int argc, char** argv);

}  // namespace pgupgrade::cli
