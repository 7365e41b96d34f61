/* entrant.h - what the handshake has proved about one client. All its rooms
 * share it: it never changes once it has entered one. Inner header of server/room, except for those who
 * make one. */
#ifndef CONCLAVED_ROOM_ENTRANT_H
#define CONCLAVED_ROOM_ENTRANT_H

#include <stdatomic.h>

#include "shared/proto/handshake.h"

struct entrant {
	atomic_uint refs; /* from any thread */
	char name[WIRE_NAME_MAX + 1];
	uint8_t identity[WIRE_ED25519]; /* the device's */
	/* The person's key: of the account, or (entrant_new) the identity. Set
	 * before it enters a room. */
	uint8_t account[WIRE_KEY];
	uint8_t instance[WIRE_INSTANCE];
	uint8_t card[WIRE_HASH]; /* H(card bytes) */
	uint8_t signature[WIRE_SIGNATURE];
	uint8_t th5[WIRE_HASH];
	bool certificate; /* its card has one */
	uint32_t wrap_len, card_len;
	/* Where in the card its wrap key stands, in base64. 0: another writing of
	 * JSON was used, and the key itself is kept before the card. */
	uint32_t wrap_at;
	uint8_t bytes[];
};

/* One reference; NULL: no memory. Copies what it needs of the result. */
struct entrant *entrant_new(const struct hs_result *res);
struct entrant *entrant_ref(struct entrant *p);
void entrant_unref(struct entrant *p); /* NULL is a no-op */
const uint8_t *entrant_card(const struct entrant *p);
/* Its wrap key (SPKI), wrap_len bytes. */
int entrant_wrap(
    const struct entrant *p, uint8_t out[WIRE_RSA_SPKI_MAX]) MUST_CHECK;

#endif
