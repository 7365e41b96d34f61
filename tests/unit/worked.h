/* worked.h - the worked example of PROTOCOL.md, section 8: its values, and both ends
 * of its handshake made of them. */
#ifndef CONCLAVE_TESTS_WORKED_H
#define CONCLAVE_TESTS_WORKED_H

#include "shared/crypto/kem_rsa_int.h"
#include "shared/proto/handshake.h"
#include "shared/wire/json.h"
#include "tests/unit/check.h"

/* Random bytes in the order in which a side requests them. */
struct worked_script {
	const char *keys[4];
	size_t at;
};

struct worked {
	struct crypto *crypto;
	struct identity *server, *alice;
	struct dh *agree;
	struct kem_rsa *wrap;
	struct pake_record *record;
	struct handshake *s, *c;
	struct worked_script rng_s, rng_c;
};

extern json_t *worked_example;
extern const json_t
    *worked_hybrid; /* what differs in a hybrid handshake; else NULL */

/* cmocka's setup and teardown of a group: the example is there. */
int worked_setup(void **state);
int worked_teardown(void **state);

void worked_open(struct worked *e);
void worked_close(struct worked *e);
/* The whole handshake, each message as in the example. */
void worked_shake(struct worked *e);

/* The value with this name, of what differs or of the rest. */
const char *worked_str(const char *key);
void worked_bytes(const char *key, void *out, size_t n);
void worked_expect(const char *key, const void *got, size_t n);
void worked_expect_json(const struct buf *b, const char *key);

#endif
