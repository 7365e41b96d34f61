/* proxy.c - reads the header of the PROXY protocol, version 2. */
#include "server/net/proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "shared/wire/bytes.h"

enum { LOCAL = 0x20, PROXY = 0x21, TCP4 = 0x11, TCP6 = 0x21 };
enum { TCP4_BYTES = 12, TCP6_BYTES = 36, TLV_HEAD = 3 };

static const uint8_t signature[12] = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

/* --- who may send it ----------------------------------------------------- */

int proxies_add(struct proxies *p, const char *text)
{
	uint8_t *to;

	if (p->n == PROXIES_MAX)
		return ERR_LIMIT;
	to = p->all[p->n].address;
	if (strcmp(text, "unix") == 0)
		p->all[p->n].family = AF_UNIX;
	else if (inet_pton(AF_INET, text, to) == 1)
		p->all[p->n].family = AF_INET;
	else if (inet_pton(AF_INET6, text, to) == 1)
		p->all[p->n].family = AF_INET6;
	else
		return ERR_USAGE;
	p->n++;
	return 0;
}

bool proxies_have(const struct proxies *p, const struct sockaddr *sa)
{
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const struct sockaddr_in *in = (const void *)sa;
	sa_family_t family = sa->sa_family;
	const void *address = NULL;
	size_t n = 0, i;

	if (family == AF_INET) {
		address = &in->sin_addr;
		n = 4;
	} else if (family == AF_INET6 &&
		   IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		family = AF_INET;
		address = in6->sin6_addr.s6_addr + 12;
		n = 4;
	} else if (family == AF_INET6) {
		address = &in6->sin6_addr;
		n = 16;
	}
	for (i = 0; i < p->n; i++)
		if (p->all[i].family == family &&
		    (n == 0 || memcmp(p->all[i].address, address, n) == 0))
			return true;
	return false;
}

/* --- the header ---------------------------------------------------------- */

/* The TLVs fill the rest exactly. */
static int check_tlvs(const uint8_t *p, size_t n)
{
	size_t len;

	while (n > 0) {
		if (n < TLV_HEAD)
			return ERR_TRUNC;
		len = (size_t)p[1] << 8 | p[2];
		if (len > n - TLV_HEAD)
			return ERR_RANGE;
		p += TLV_HEAD + len;
		n -= TLV_HEAD + len;
	}
	return 0;
}

static int read_4(struct sockaddr_storage *from, const uint8_t *p, size_t n)
{
	struct sockaddr_in *in = (void *)from;

	if (n < TCP4_BYTES)
		return ERR_TRUNC;
	in->sin_family = AF_INET;
	memcpy(&in->sin_addr, p, 4);
	memcpy(&in->sin_port, p + 8, 2);
	return check_tlvs(p + TCP4_BYTES, n - TCP4_BYTES);
}

static int read_6(struct sockaddr_storage *from, const uint8_t *p, size_t n)
{
	struct sockaddr_in6 *in6 = (void *)from;

	if (n < TCP6_BYTES)
		return ERR_TRUNC;
	in6->sin6_family = AF_INET6;
	memcpy(&in6->sin6_addr, p, 16);
	memcpy(&in6->sin6_port, p + 32, 2);
	return check_tlvs(p + TCP6_BYTES, n - TCP6_BYTES);
}

int proxy_read(
    struct sockaddr_storage *from, const uint8_t *in, size_t n, size_t *used)
{
	size_t len, known = n < sizeof(signature) ? n : sizeof(signature);

	memset(from, 0, sizeof(*from)); /* AF_UNSPEC */
	*used = 0;
	if (memcmp(in, signature, known) != 0)
		return ERR_STATE;
	if (n > 12 && in[12] != LOCAL && in[12] != PROXY)
		return ERR_STATE;
	if (n > 13 && in[12] == PROXY && in[13] != TCP4 && in[13] != TCP6)
		return ERR_STATE;
	if (n < PROXY_HEAD)
		return ERR_AGAIN;
	len = (size_t)in[14] << 8 | in[15];
	if (len > PROXY_BODY_MAX)
		return ERR_RANGE;
	if (n - PROXY_HEAD < len)
		return ERR_AGAIN;
	*used = PROXY_HEAD + len;
	if (in[12] == LOCAL)
		return 0;
	return in[13] == TCP4 ? read_4(from, in + PROXY_HEAD, len)
			      : read_6(from, in + PROXY_HEAD, len);
}
