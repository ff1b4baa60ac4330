#pragma once

#include "upgrade/run/context.hpp"

namespace pgupgrade::upgrade {

// Whether a cluster of the old version is in the data mount.
bool is_old_data_there(StepContext& context, const TargetPlan& target);

// Whether the old data has left its place, or may have: the record of it may be the one that was lost.
bool was_emptied(const StepContext& context, const TargetPlan& target);

// What somebody has done with the old container since the run stopped it. One that ran again need not run any
// more. One that is gone while its data is still there was removed by hand, or replaced through Compose, and
// the new one may have run on the data.
enum class OldServer { stopped, ran_again, replaced };
OldServer old_server_since_stop(StepContext& context, const TargetPlan& target);
// When it ran again or was replaced, the data may have changed since the backup, which is no longer the
// truth: Error(refused, "E-DRIFT").
void refuse_old_server_that_ran_again(StepContext& context, const TargetPlan& target);

// For another attempt at the dump: the old work server may have been killed in the one before, or with the
// machine. Its recovery would empty the unlogged tables, and the dump of them would be a good one of nothing:
// a cluster that was not shut down is put back as the backup has it.
void put_back_unclean_data(StepContext& context, const TargetPlan& target);

// Gives the data mount back as the backup has it. Nothing runs on it meanwhile: the old container, if
// somebody started it on the emptied mount, is stopped; anything else is Error(refused, "E-VOLUME-IN-USE").
// When the mount was never emptied and the old server has run again or was replaced since, what it wrote is
// newer than the backup: then the mount is left as it is. So it is when it was never emptied and the backup
// is damaged: the old data is there, and all that is lost are the bytes that a server changes by running. A
// wipe that was announced but had not removed anything has emptied nothing. Whether the mount is as in the
// backup. Where the new cluster was made beside the old one, that one's directory goes, and the old cluster,
// when it is whole, stays as the run's own server left it.
bool put_back_old_data(StepContext& context, const TargetPlan& target);

// Brings the old data back from the place aside, by the exchange that has brought it there. Nothing runs on
// the data meanwhile; what somebody has started there is stopped or named, as above.
void exchange_back(StepContext& context, const TargetPlan& target);

// Where somebody has removed or emptied the data itself (`docker compose down -v`), the old server would make
// an empty database of its own: then the backup is put back. Error(failed, "E-DATA-GONE") when the run has
// made none. Called by stop-old's undo, in whose record it keeps that it has begun.
void put_back_lost_data(StepContext& context, const TargetPlan& target);

}  // namespace pgupgrade::upgrade
