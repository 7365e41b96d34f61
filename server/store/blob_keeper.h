/* blob_keeper.h - the process that has the files that people have sent, and no
 * network. It answers the relay's questions (blob_wire.h) one after the other, so
 * that its work is not in the way of the keeper, which has the database and on
 * which chat waits. It is started, and started again, by a warden of its own. */
#ifndef CONCLAVED_STORE_BLOB_KEEPER_H
#define CONCLAVED_STORE_BLOB_KEEPER_H

#include "server/store/keeper.h"

enum { BLOB_KEEPER_SWEEP_MS = 60000, BLOB_KEEPER_IN = 1 << 20 };

/* As keeper_run: serves the relay at the other end of fd. o->dir is the folder of
 * the files, which exists. */
int blob_keeper_run(int fd, const struct keeper_opts *o,
    int (*confine)(void *arg), void *arg) MUST_CHECK;

#endif
