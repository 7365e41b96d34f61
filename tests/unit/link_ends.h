/* link_ends.h - both ends of a link, for the tests of link.c, and a second
 * implementation of records and control frames that uses only PROTOCOL.md,
 * section 3, and crypto.h. */
#ifndef CONCLAVE_TESTS_LINK_ENDS_H
#define CONCLAVE_TESTS_LINK_ENDS_H

#include "tests/unit/check.h"

#include "shared/crypto/crypto.h"
#include "shared/proto/link.h"

struct ends {
	struct crypto *c;
	struct link_keys keys;
	struct link *client, *server;
	struct buf wire;
};
void ends_init(struct ends *e, uint64_t seed);
void ends_free(struct ends *e);
void ends_random(uint64_t *seed, void *out, size_t n);
struct link *ends_link(struct ends *e, enum link_role role);
/* Replaces *l with a new link of this role. */
struct link *ends_fresh(struct ends *e, struct link **l, enum link_role role);

/* A valid record, or one with the given faults. */
struct forged {
	uint64_t seq;
	const struct link_frame *frames;
	size_t n;
	long lie; /* added to the encoded length of the first frame */
	bool no_mac;
};
void ends_forge(
    struct ends *e, enum link_dir d, const struct forged *f, struct buf *out);
/* The expected body of a control frame. */
void ends_forge_control(struct ends *e, const uint8_t key_iv[WIRE_KEY_IV],
    uint64_t counter, const char *json, uint8_t *out);
void ends_key_iv_of(
    const struct ends *e, enum link_dir d, uint8_t out[WIRE_KEY_IV]);
/* Steps k: Expand(key, "conclave/1 next" 00, 44). */
void ends_next_key_iv(struct ends *e, uint8_t k[WIRE_KEY_IV]);

/* Both open a control frame; the first one also checks its JSON. */
void ends_expect_json(struct link *l, const struct link_frame *f, const char *json);
int ends_open_json(struct link *l, const struct link_frame *f);
struct buf ends_sealed(struct link *l, const char *json, bool step);
struct link_frame ends_frame_of(uint8_t kind, const struct buf *b);
/* After an error the link receives nothing more; it can still send `bye`. */
void ends_expect_rx_dead(struct link *l);
void ends_expect_tx_dead(struct link *l);

#endif
