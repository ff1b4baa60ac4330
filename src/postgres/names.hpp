#pragma once

#include <string>
#include <string_view>

namespace pgupgrade::postgres {

// A name for people and for the fingerprint's keys: as it is when it needs no quotes, else in double quotes.
// Unlike quote_ident() it knows no keywords, since those differ from version to version.
std::string display_name(std::string_view name);
std::string display_name(std::string_view schema, std::string_view name);  // an empty schema is left out

// "dbname='…'" for --dbname: a bare name with "=" or a URL's prefix would be taken for a connection string.
std::string database_conninfo(std::string_view database);

// An identifier in double quotes, for texts that are made without a session.
std::string quoted_identifier(std::string_view name);

}  // namespace pgupgrade::postgres
