// What the files of the part "secrets" share.
#pragma once

namespace pgupgrade::test::campaign {

class Cases;

// Of migrations, and of scripts tried and applied, by connection strings.
void secrets_of_servers(Cases& cases);

}  // namespace pgupgrade::test::campaign
