/* vault.h - what a client knows of the sealed room `vault` of a group world, in
 * memory: its secrets, who has them, and its topic. */
#ifndef CONCLAVE_TEST_VAULT_H
#define CONCLAVE_TEST_VAULT_H

#include "client/session/seals.h"
#include "client/trust/seal_holders.h"
#include "client/trust/sealed_rooms.h"
#include "tests/unit/group_world.h"

/* Secrets, and the fingerprints of two people. */
static const uint8_t one[WIRE_KEY] = {1}, two[WIRE_KEY] = {2},
		     three[WIRE_KEY] = {3};
static const uint8_t alice_fp[WIRE_HASH] = {0xa1}, bob_fp[WIRE_HASH] = {0xb0};

struct vault {
	struct group_world *w; /* borrowed */
	struct sealed_rooms *rooms;
	struct seal_holders *file;
	struct seals_ops ops;
	struct holders at;
};
struct vault *vault_new(struct group_world *w);
void vault_free(struct vault *v);

/* Another run of the client, which enters the room. The caller frees it. */
struct seals *vault_enter(struct vault *v);
/* The same; the room has `one` as number 1, and alice has spoken under it. */
struct seals *vault_ready(struct vault *v);
/* The server's mark, valid until the next but two. */
const char *vault_mark(
    struct group_world *w, uint32_t generation, const uint8_t *secret);
struct person vault_alice(void);

#endif
