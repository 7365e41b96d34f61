/* name_helper.h - a helper process that looks up the names of hosts, so that
 * the main process needs no files of the system and no socket but the server's.
 *
 * It forks a process for each lookup, which reads the system's configuration as
 * it is then, enters a sandbox of its own (client_sandbox_enter_lookup), and
 * ends after NAME_HELPER_S at the latest. A lookup that hangs or crashes
 * therefore costs only itself.
 *
 * Both sides are strict and bounded: a request is a host, an answer one message
 * of a fixed size through a pipe, and neither side believes the other. */
#ifndef CONCLAVE_NAME_HELPER_H
#define CONCLAVE_NAME_HELPER_H

#include <stdint.h>

#include "client/helper.h"
#include "shared/wire/uri.h"

enum {
	NAME_HELPER_S = 20,
	NAME_ADDRESSES_MAX = 128, /* more are counted, but not returned */
};

struct name_address {
	uint32_t scope;	   /* IPv6: the network interface, 0 for none */
	uint8_t v6;	   /* 1: IPv6, 0: IPv4, whose bytes are the first 4 */
	uint8_t bytes[16]; /* in network order */
};
struct name_answer {
	int32_t result; /* 0, or an EAI_ code ... */
	int32_t error;	/* ... and errno with EAI_SYSTEM */
	uint32_t found; /* how many different addresses there are */
	uint32_t n;	/* how many of them follow, in the system's order */
	struct name_address list[NAME_ADDRESSES_MAX];
};

/* See helper_new. sandboxed: the helper enters its sandbox. */
struct helper *name_helper_new(bool sandboxed, struct buf *wipe);

/* Starts a lookup: *fd becomes readable when it ends, and is the caller's.
 * ERR_IO: the helper is gone or does not read. ERR_NOMEM: no descriptor. */
int name_helper_ask(struct helper *h, const char *host, int *fd) MUST_CHECK;
/* Reads the answer. ERR_AGAIN: not yet. ERR_LOST: the lookup has ended without
 * one. After 0, every field of *out is within its bounds. */
int name_helper_read(int fd, struct name_answer *out) MUST_CHECK;

#endif
