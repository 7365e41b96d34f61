/* direct_ids.h - which direct messages were shown: for each a hash of its sender
 * and id, and the prekey that opened it. As long as that key is kept the server
 * could send the message again.
 *
 * The file only grows while the program runs: a line for each message, synced
 * before the server is told to forget it. A line is base64url of
 *   SHA-256(sender's fingerprint || id)[0..15] || prekey[0..15]
 * so it tells neither who wrote nor what. */
#ifndef CONCLAVE_TRUST_DIRECT_IDS_H
#define CONCLAVE_TRUST_DIRECT_IDS_H

#include "client/session/direct_ops.h"
#include "shared/crypto/crypto.h"
#include "shared/os/errmsg.h"

enum { DIRECT_IDS_MAX = 1 << 16 };

struct direct_ids;
/* Reads the file, drops what no kept key could open, and opens it for writing.
 * `kept` says whether the prekey that begins with these 16 bytes is kept. path
 * NULL: nothing is written. A line that is not understood is left out: at worst
 * a message is shown twice, and only after a power cut. ERR_IO, ERR_NOMEM, with a
 * sentence. crypto is borrowed. */
struct direct_ids_opts {
	const char *path;
	struct crypto *crypto;
	bool (*kept)(void *arg, const uint8_t *key16);
	void *arg;
};
int direct_ids_open(struct direct_ids **out, const struct direct_ids_opts *o,
    struct errmsg *why) MUST_CHECK;
void direct_ids_free(struct direct_ids *d); /* NULL is a no-op */

bool direct_ids_has(struct direct_ids *d, const uint8_t from[WIRE_HASH],
    const uint8_t id[WIRE_ID]);
size_t direct_ids_count(const struct direct_ids *d);
/* Remembers them, on disk too when it returns 0. ERR_LIMIT: there would be more
 * than DIRECT_IDS_MAX, and none is remembered. */
int direct_ids_add(struct direct_ids *d, const struct direct_seen *seen,
    size_t n, struct errmsg *why) MUST_CHECK;
/* Forgets, in memory, what no kept key could open. */
int direct_ids_prune(struct direct_ids *d) MUST_CHECK;

#endif
