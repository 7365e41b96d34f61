/* fuzz.h - included by every fuzz target. A target is one file fuzz_NAME.c with
 * libFuzzer's entry function. It takes any bytes, keeps no state for the next
 * input, prints nothing, and aborts (FUZZ_CHECK) on a violation.
 *
 * Targets are linked twice: with libFuzzer (make fuzz), and with replay.c,
 * which runs them on the inputs in corpus/NAME (make test). */
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
#include "shared/crypto/random.h"
#include "shared/crypto/keys.h"
#include "shared/proto/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(x) ((x) ? (void)0 : fuzz_fail(#x, __FILE__, __LINE__))
_Noreturn void fuzz_fail(const char *what, const char *file, int line);

/* Structured input: a cursor that reads zeros past the end, so every prefix of
 * an input is an input. */
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
/* Reads a u8 length (255: a u16 follows) and that many bytes, or all bytes left
 * if fewer. Borrowed from the input. */
const uint8_t *fuzz_piece(struct fuzz *f, size_t *n);
/* All remaining bytes. */
const uint8_t *fuzz_rest(struct fuzz *f, size_t *n);

/* A copy of exactly n bytes, so that ASan catches a read past the end; never
 * NULL. The second one is NUL-terminated. free() them. */
uint8_t *fuzz_copy(const void *p, size_t n);
char *fuzz_text(const void *p, size_t n);

/* Deterministic random bytes: xorshift from *seed (not 0). As a struct rng, arg
 * is the seed. */
uint64_t fuzz_random(uint64_t *seed);
struct rng fuzz_rng(uint64_t *seed);

/* Created by the first call, and never freed. */
struct crypto *fuzz_crypto(void);

/* --- plain_crypto.c ------------------------------------------------------ */

/* From this call on, all cryptography is fake and fast; see plain_crypto.c. */
void fuzz_plain_crypto(void);
bool fuzz_is_plain(void);
/* Forgets the used nonces. Call it at the start of each input. */
void fuzz_plain_begin(void);
/* Whether something of this input was sealed under this key and nonce. */
bool fuzz_plain_sealed(
    const uint8_t key[WIRE_KEY], const uint8_t nonce[WIRE_IV]);
/* A fake RSA pair without key material; free it with kem_rsa_free. */
struct kem_rsa *fuzz_plain_pair(void);

/* --- plain_agree.c ------------------------------------------------------- */

/* From this call on, fake X25519 pairs differ from each other. */
void fuzz_plain_pairs(void);

/* --- memory_store.c ------------------------------------------------------ */

/* Makes shared/os/file.h read and write this text instead of files. NULL: use
 * real files again. */
void fuzz_memory_store(struct buf *text);

/* --- quick_handshake.c --------------------------------------------------- */

/* Switches the server to single-byte handshakes; see quick_handshake.c. Free
 * all handshakes before a switch. */
void fuzz_quick_handshake(bool on);
/* The user that a WHO stands for; real cards use it too. */
struct fuzz_who {
	const char *name, *room;
	unsigned person; /* number for people_identity */
	bool no_key;	 /* no key can be wrapped for this card */
};
struct fuzz_who fuzz_quick_who(uint8_t who);
struct link_keys fuzz_quick_keys(uint8_t no);

/* --- memory_sockets.c ---------------------------------------------------- */

/* The peer's end of a server connection. The connection's descriptor is FUZZ_FD
 * plus its index among the n sockets. */
enum {
	FUZZ_FD = 1 << 20,
	FUZZ_DOOR = 1 << 21,  /* listener descriptor */
	FUZZ_EPOLL = 1 << 22, /* epoll descriptors */
};
struct fuzz_socket {
	struct buf in;	  /* to the server */
	size_t read;	  /* bytes of `in` already read */
	struct buf out;	  /* from the server */
	size_t chunk;	  /* most bytes the server reads at once */
	size_t allowance; /* bytes the server can write until we read */
	unsigned from;	  /* below 4: a user of the Unix socket; 4, 5: IPv4;
			   * from 6 on: IPv6 */
	uint32_t watched; /* epoll events registered */
	int epoll;	  /* epoll descriptor */
	void *data;	  /* epoll user data */
	bool gone;	  /* the peer closed */
	bool shut;	  /* the server shut down its write side */
	bool closed;	  /* the server closed */
};
/* Connections waiting at the listener. */
struct fuzz_door {
	size_t waiting[64], n; /* sockets */
	unsigned fail;	       /* accept fails this many times for lack of
			        * descriptors */
};
void fuzz_sockets(struct fuzz_socket *s, size_t n, struct fuzz_door *door);
/* Gets the peer address of a socket. */
void fuzz_socket_address(
    const struct fuzz_socket *s, struct sockaddr_storage *sa);

#endif
