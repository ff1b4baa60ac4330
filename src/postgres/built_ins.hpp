// What every database begins with, and somebody may drop.
#pragma once

namespace pgupgrade::postgres {

inline constexpr const char* kPublic = "public";  // the schema
inline constexpr const char* kPlpgsql = "plpgsql";
inline constexpr const char* kPublicComment = "comment on schema public";

}  // namespace pgupgrade::postgres
