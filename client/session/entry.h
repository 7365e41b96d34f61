/* entry.h - from a connected socket to a link: the handshake, the user's card,
 * and the server's first message after it. PROTOCOL.md section 2. */
#ifndef CONCLAVE_SESSION_ENTRY_H
#define CONCLAVE_SESSION_ENTRY_H

#include "client/session/parties.h"
#include "shared/proto/handshake.h"
#include "shared/proto/link.h"

struct entry;
/* Starts a handshake. p is borrowed; its server half is written. */
struct entry *entry_new(struct parties *p, uint64_t now_ms);
void entry_free(struct entry *e); /* wipes; NULL is a no-op */
/* The connection is inside TLS: see handshake_channel. */
int entry_channel(
    struct entry *e, const uint8_t exporter[WIRE_CHANNEL]) MUST_CHECK;
/* The server's time begins now, not when the handshake was made. */
void entry_restart(struct entry *e, uint64_t now_ms);

/* Processes `in`, and the KEM pair once it is ready; appends messages to `out`.
 * `room` goes into the card, "" for none. 0: done, the keys are ready.
 * ERR_AGAIN: it waits for input, the KDF or the KEM pair. ERR_REFUSED: the
 * server gave a reason (entry_refusal). */
int entry_go(struct entry *e, struct buf *in, struct buf *out, const char *room,
    uint64_t now_ms) MUST_CHECK;
const struct hs_error *entry_refusal(const struct entry *e);

bool entry_needs_kdf(const struct entry *e);
int entry_kdf_job(const struct entry *e, struct hs_kdf_job *out) MUST_CHECK;
int entry_stretched(
    struct entry *e, const uint8_t stretched[PAKE_STRETCHED]) MUST_CHECK;
/* The server's deadline. Time spent in our own scrypt and RSA does not count.
 * 0: call entry_go now. */
uint64_t entry_deadline(const struct entry *e);

/* After entry_go returned 0: the link, which the caller owns; NULL without
 * memory. *new_run: the server has restarted since the last link. */
struct link *entry_link(struct entry *e, bool *new_run);
/* The connection is lost: wipes its state. */
void entry_forget(struct parties *p);

#endif
