#pragma once

#include <string>

// The settings of this program's own sessions. What is read and printed must not depend on what the cluster,
// a database or a role sets.
namespace pgupgrade::postgres {

enum class SessionUse {
  alone,   // the one that uses a server: it may write
  shared,  // beside the clients of a server in use, which it only reads
};

// As the client's options ("-c DateStyle=ISO,YMD -c …"), which outrank ALTER ROLE and ALTER DATABASE … SET;
// for superusers.
std::string session_options(SessionUse use);

// The same for the session with somebody's server, whose own options may say where the database is:
// statements, those apart that only a superuser may execute.
std::string session_statements();
std::string superuser_session_statements();

}  // namespace pgupgrade::postgres
