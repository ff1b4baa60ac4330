#pragma once

#include "pgupgrade/model/fingerprint.hpp"
#include "postgres/session.hpp"

namespace pgupgrade::postgres {

// Every version prints stored expressions (views, defaults, conditions, rules, …) in its own way. Where the
// text in `now` differs from that in `old`, the new server, whose database the session is connected to, reads
// both and prints them; where it prints the same, `old` gets the text of `now`. What it cannot read stays a
// difference. Everything happens in transactions that are rolled back.
void settle_expressions(Session& session, Objects& old, const Objects& now);

}  // namespace pgupgrade::postgres
