/* proxy.h - the PROXY protocol, version 2: before a client's first byte, a
 * proxy in front of us says which address the client comes from. It is read
 * from the addresses of --proxy-from, and from nobody else, because whoever
 * sends it chooses the address that is throttled and logged. No socket.
 *
 *   0  0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a
 *  12  u8 20: LOCAL, the proxy speaks for itself; 21: PROXY
 *  13  u8 11: TCP over IPv4, 21: TCP over IPv6 (LOCAL: ignored)
 *  14  u16 length of what follows, at most PROXY_BODY_MAX
 *  16  source, destination, u16 source port, u16 destination port
 *      then TLVs: u8 type || u16 length || value; skipped */
#ifndef CONCLAVED_NET_PROXY_H
#define CONCLAVED_NET_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "shared/base/err.h"

enum {
	PROXY_HEAD = 16,
	PROXY_BODY_MAX = 1024,
	PROXIES_MAX = 16,
};

/* The addresses of --proxy-from. */
struct proxies {
	struct {
		sa_family_t family; /* AF_INET, AF_INET6, AF_UNIX */
		uint8_t address[16];
	} all[PROXIES_MAX];
	size_t n;
};
/* "192.0.2.1", "2001:db8::1", or "unix" for every Unix socket. ERR_USAGE,
 * ERR_LIMIT. */
int proxies_add(struct proxies *p, const char *text) MUST_CHECK;
/* An IPv4 address counts as the same through an IPv6 socket. */
bool proxies_have(const struct proxies *p, const struct sockaddr *sa);

/* Reads a header. 0: *used is its length, and *from the address that it names,
 * or AF_UNSPEC for LOCAL. ERR_AGAIN: more bytes are needed. Any other error is
 * a header that breaks a rule above, or none. */
int proxy_read(struct sockaddr_storage *from, const uint8_t *in, size_t n,
    size_t *used) MUST_CHECK;

#endif
