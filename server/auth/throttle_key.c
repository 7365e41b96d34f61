/* throttle_key.c - which addresses count as one guesser. */
#include "server/auth/throttle_key.h"

#include <netinet/in.h>
#include <string.h>

#include "shared/wire/wire.h"

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

uint64_t throttle_key_hash(const struct throttle_key *k, const uint64_t seed[2])
{
	const uint64_t words[] = {
	    k->kind, k->value, k->more, UINT64_C(24) << 56};
	uint64_t v[4] = {
	    seed[0] ^ UINT64_C(0x736f6d6570736575),
	    seed[1] ^ UINT64_C(0x646f72616e646f6d),
	    seed[0] ^ UINT64_C(0x6c7967656e657261),
	    seed[1] ^ UINT64_C(0x7465646279746573),
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		v[3] ^= words[i];
		sip_round(v);
		v[0] ^= words[i];
	}
	v[2] ^= 0xff;
	for (i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint64_t read_be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

struct throttle_key throttle_key_of(const struct sockaddr *sa, unsigned uid)
{
	const struct sockaddr_in6 *in6 = (const void *)sa;
	const struct sockaddr_in *in = (const void *)sa;
	struct throttle_key k = {0, 0, 0}; /* an unknown family */

	switch (sa->sa_family) {
	case AF_INET:
		k.kind = 4;
		k.value = ntohl(in->sin_addr.s_addr);
		break;
	case AF_INET6:
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			k.kind = 4;
			k.value = read_be(in6->sin6_addr.s6_addr + 12, 4);
		} else {
			k.kind = 6;
			k.value = read_be(in6->sin6_addr.s6_addr, 8);
		}
		break;
	case AF_UNIX:
		k.kind = 1;
		k.value = uid;
		break;
	default:
		break;
	}
	return k;
}

struct throttle_key throttle_key_of_identity(const uint8_t *identity)
{
	return (struct throttle_key){
	    2, read_be(identity, 8), read_be(identity + 8, 8)};
}

/* The seeds are fixed: who finds two names with one key could as well guess at
 * both. */
struct throttle_key throttle_key_of_word(const char *word)
{
	static const uint64_t seeds[2][2] = {{1, 2}, {3, 4}};
	uint8_t padded[WIRE_NAME_MAX] = {0};
	struct throttle_key name;

	_Static_assert(WIRE_NAME_MAX == 24, "a name has three words");
	if (word[0] == '*' || word[0] == '+')
		return (struct throttle_key){0, 0, 0};
	memcpy(padded, word, strnlen(word, sizeof(padded)));
	name = (struct throttle_key){read_be(padded, 8),
	    read_be(padded + 8, 8), read_be(padded + 16, 8)};
	return (struct throttle_key){3, throttle_key_hash(&name, seeds[0]),
	    throttle_key_hash(&name, seeds[1])};
}

bool throttle_key_same(
    const struct throttle_key *a, const struct throttle_key *b)
{
	return a->kind == b->kind && a->value == b->value && a->more == b->more;
}

/* Nothing else is in the /64 of ::1. */
bool throttle_key_is_local(const struct throttle_key *k)
{
	return k->kind == 1 || (k->kind == 4 && k->value == INADDR_LOOPBACK) ||
	       (k->kind == 6 && k->value == 0);
}
