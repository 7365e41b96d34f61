/* throttle_key.h - which addresses count as one guesser: the keys of the
 * throttle's table. */
#ifndef CONCLAVED_AUTH_THROTTLE_KEY_H
#define CONCLAVED_AUTH_THROTTLE_KEY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* An IPv4 address, an IPv6 /64, a user of the Unix socket, the identity that a
 * ticket names, or an account's name; kind 0: nobody. */
struct throttle_key {
	uint64_t kind, value;
	uint64_t more; /* of an identity and a name; else 0 */
};
/* An IPv4 address gives the same key through an IPv6 socket. uid: the peer's
 * user, for AF_UNIX. All addresses of an unknown family have one key. */
struct throttle_key throttle_key_of(const struct sockaddr *sa, unsigned uid);

/* It is on this machine: a user of the Unix socket, or 127.0.0.1 or ::1, where
 * a proxy may stand for many people. */
bool throttle_key_is_local(const struct throttle_key *k);

/* The first 16 bytes of an identity's public key. */
struct throttle_key throttle_key_of_identity(const uint8_t *identity);
/* Of hello.account. Nobody for * and for invites: a secret of 16 random bytes
 * needs no limit of its own. */
struct throttle_key throttle_key_of_word(const char *word);
bool throttle_key_same(
    const struct throttle_key *a, const struct throttle_key *b);

/* SipHash-1-3 of the 24 bytes. An attacker who can choose addresses (a /48 has
 * 65536 of our keys) cannot choose ones that share a bucket. */
uint64_t throttle_key_hash(
    const struct throttle_key *k, const uint64_t seed[2]);

#endif
