/* keeper_put.h - one message that is to be written, into the database. */
#ifndef CONCLAVED_STORE_KEEPER_PUT_H
#define CONCLAVED_STORE_KEEPER_PUT_H

#include "server/store/db.h"

/* Decodes the body (behind its ticket) of a kind for which store_is_put, and
 * writes it. *destroyed becomes true if that destroys something, whose bytes
 * may still be in the WAL. Returns what db.h does, or a decoder's error. */
int keeper_put(
    struct db *db, uint8_t kind, struct rd body, bool *destroyed) MUST_CHECK;

#endif
