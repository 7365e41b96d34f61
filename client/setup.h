/* setup.h - what has to be there before a room can be joined: who we are, whom
 * we know, which server it has to be, and the password. Asks the user where
 * something is missing. */
#ifndef CONCLAVE_SETUP_H
#define CONCLAVE_SETUP_H

#include "shared/crypto/keys.h"
#include "client/options.h"
#include "client/trust/people.h"
#include "client/trust/servers.h"

struct setup {
	char server[SERVERS_NAME_MAX]; /* HOST:PORT, or a socket's path */
	bool pinned;		       /* by known_servers or by the invite */
	uint8_t pin[WIRE_HASH];
	bool known; /* known_servers has the pin */
	struct identity *identity;
	struct people *people;
};

/* Fills *s and what is missing in *o. ERR_PIN: the invite and known_servers
 * name two identities. On any failure there is a sentence, and setup_free is
 * still to be called. */
int setup_run(struct setup *s, struct client_options *o, struct errmsg *why) MUST_CHECK;
void setup_free(struct setup *s);

/* Pins a server that has proved itself, if it is not pinned yet. ERR_PIN:
 * another client has pinned another one meanwhile. */
int setup_save_pin(struct setup *s, const struct client_options *o,
    const uint8_t fingerprint[WIRE_HASH], struct errmsg *why) MUST_CHECK;

/* The sentence for a server that showed another identity than the pinned one:
 * both fingerprints, and what takes the old one out. */
void setup_pin_differs(const struct setup *s, const struct client_options *o,
    const uint8_t *shown, struct errmsg *why);

/* --new-passphrase and --forget-server. */
int setup_new_passphrase(const struct client_options *o, struct errmsg *why) MUST_CHECK;
int setup_forget_server(const struct client_options *o, struct errmsg *why) MUST_CHECK;

#endif
