/* fuzz.h - what every fuzz target includes. A target is one file fuzz_NAME.c
 * with libFuzzer's one function. It takes any bytes, leaves nothing behind for
 * the next input, prints nothing, and aborts (FUZZ_CHECK) on what must not be.
 *
 * Targets are linked twice: with libFuzzer (make fuzz) and with replay.c, which
 * shows the inputs in corpus/NAME to it again (make test). */
#ifndef CONCLAVE_FUZZ_H
#define CONCLAVE_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "shared/wire/bytes.h"
#include "shared/crypto/crypto.h"
#include "shared/crypto/keys.h"
#include "shared/proto/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(x) ((x) ? (void)0 : fuzz_fail(#x, __FILE__, __LINE__))
_Noreturn void fuzz_fail(const char *what, const char *file, int line);

/* Structured input: a cursor that gives zeros when it is at its end, so that
 * every prefix of an input is an input. */
struct fuzz {
	const uint8_t *p;
	size_t left;
};
static inline struct fuzz fuzz_of(const uint8_t *p, size_t n)
{
	return (struct fuzz){p, n};
}
uint8_t fuzz_u8(struct fuzz *f);
uint32_t fuzz_u32(struct fuzz *f);
uint64_t fuzz_u64(struct fuzz *f);
/* u8 length (255: a u16 follows) and as many bytes, or as are left. Borrowed
 * from the input. */
const uint8_t *fuzz_piece(struct fuzz *f, size_t *n);
/* All that is left. */
const uint8_t *fuzz_rest(struct fuzz *f, size_t *n);

/* A copy of exactly n bytes, so that ASan sees one read too many; never NULL.
 * The second is terminated. free() them. */
uint8_t *fuzz_copy(const void *p, size_t n);
char *fuzz_text(const void *p, size_t n);

/* Bytes that are the same in every run: xorshift from *seed (not 0). As a
 * struct rng: arg is the seed. */
uint64_t fuzz_random(uint64_t *seed);
struct rng fuzz_rng(uint64_t *seed);

/* The first call makes it; the process keeps it. */
struct crypto *fuzz_crypto(void);

/* --- plain_crypto.c ------------------------------------------------------ */

/* From here on everything opens, verifies and costs nothing: see there. */
void fuzz_plain_crypto(void);
/* Forgets which nonces were used. Begin each input with it. */
void fuzz_plain_begin(void);
/* An RSA pair of no bits; kem_rsa_free lets go of it. */
struct kem_rsa *fuzz_plain_pair(void);

/* --- memory_store.c ------------------------------------------------------ */

/* What shared/os/file.h reads and writes, instead of any file: one text.
 * NULL: files are files again. */
void fuzz_memory_store(struct buf *text);

/* --- quick_handshake.c --------------------------------------------------- */

/* The server's handshakes are of single bytes: see there. No handshake outlives
 * a change. */
void fuzz_quick_handshake(bool on);
/* Whose card a WHO stands for; the real ones are made of it as well. */
struct fuzz_who {
	const char *name, *room;
	unsigned person; /* of people_identity */
	bool no_key;	 /* nothing can be wrapped for it */
};
struct fuzz_who fuzz_quick_who(uint8_t who);
struct link_keys fuzz_quick_keys(uint8_t no);

/* --- memory_sockets.c ---------------------------------------------------- */

/* The other end of a connection of the server's, whose descriptor is FUZZ_FD
 * and its place among n. */
enum {
	FUZZ_FD = 1 << 20,
	FUZZ_DOOR = 1 << 21,  /* the listener's descriptor */
	FUZZ_EPOLL = 1 << 22, /* and those of epoll */
};
struct fuzz_socket {
	struct buf in;	  /* to the server; */
	size_t read;	  /* so much of it was read */
	struct buf out;	  /* from it */
	size_t chunk;	  /* it reads at most so much at once */
	size_t allowance; /* it can write so much until we read */
	unsigned from;	  /* below 4: a user of the Unix socket; else of IPv4,
			   * from 6 on of IPv6 */
	uint32_t watched; /* events that it waits for, */
	int epoll;	  /* where, */
	void *data;	  /* and with what */
	bool gone;	  /* we went away */
	bool shut;	  /* it says nothing more; */
	bool closed;	  /* it went away */
};
/* Who stands at the door. */
struct fuzz_door {
	size_t waiting[64], n; /* sockets */
	unsigned fail;	       /* so many times there is no descriptor left */
};
void fuzz_sockets(struct fuzz_socket *s, size_t n, struct fuzz_door *door);
/* Its address. */
void fuzz_socket_address(
    const struct fuzz_socket *s, struct sockaddr_storage *sa);

#endif
