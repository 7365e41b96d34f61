/* setup.h - prepares what joining a room needs: our identity, the people we
 * know, the server's expected identity, and the password. Asks the user for
 * whatever is missing. */
#ifndef CONCLAVE_SETUP_H
#define CONCLAVE_SETUP_H

#include "shared/crypto/keys.h"
#include "client/setup_password.h"
#include "client/trust/ignored.h"
#include "client/trust/known_rooms.h"
#include "client/trust/own_accounts.h"
#include "client/trust/people.h"
#include "client/trust/prekeys.h"
#include "client/trust/purge_file.h"
#include "client/trust/seal_holders.h"
#include "client/trust/sealed_rooms.h"
#include "client/trust/servers.h"
#include "client/trust/unfinished.h"
#include "client/tls_setup.h"

struct setup {
	char server[SERVERS_NAME_MAX]; /* HOST:PORT, or a socket's path */
	bool pinned;		       /* by known_servers or the invite */
	uint8_t pin[WIRE_HASH];
	bool known; /* known_servers has the pin */
	struct identity *identity;
	struct tls_setup tls;
	struct setup_password login;
	char *own_path;	   /* own_accounts.h; NULL: it cannot be kept */
	char *ticket_path; /* where this server's ticket is kept */
	bool has_ticket;
	uint8_t ticket[WIRE_TICKET];
	struct known_rooms *rooms; /* NULL: their file cannot be kept */
	struct purge_file *purges; /* NULL: they cannot be kept */
	struct sealed_rooms *sealed;
	struct seal_holders *holders; /* of those rooms' secrets */
	struct prekeys *prekeys; /* NULL: there are no direct messages */
	struct unfinished *unfinished; /* files on their way */
	struct people *people;
	char *ignored_path;
	struct ignored *ignored;
};

/* Fills *s and the missing options in *o. ERR_PIN: the invite and known_servers
 * give different identities. Any failure sets a sentence, and setup_free must
 * still be called. */
int setup_run(struct setup *s, struct client_options *o, struct errmsg *why) MUST_CHECK;
void setup_free(struct setup *s);

/* Pins an authenticated server if it is not pinned yet. ERR_PIN: another client
 * has pinned a different identity meanwhile. */
int setup_save_pin(struct setup *s, const struct client_options *o,
    const uint8_t fingerprint[WIRE_HASH], struct errmsg *why) MUST_CHECK;

/* The server has let us in: a person's next start without arguments offers it
 * (last_server.h). */
void setup_keep_last(const struct client_options *o);

/* Sets the error for a server whose identity differs from the pinned one: both
 * fingerprints, and the command that removes the old pin. */
void setup_pin_differs(const struct setup *s, const struct client_options *o,
    const uint8_t *shown, struct errmsg *why);

/* What is known of rooms, for session_opts. */
struct rooms_ops setup_rooms(const struct setup *s);
/* The secrets of sealed rooms and who holds them, for session_opts; and what is to be
 * written of them. */
struct seals_ops setup_seals(const struct setup *s);
int setup_keep_seals(const struct setup *s, struct errmsg *why) MUST_CHECK;

/* Run --new-passphrase and --forget-server. */
int setup_new_passphrase(const struct client_options *o, struct errmsg *why) MUST_CHECK;
int setup_forget_server(const struct client_options *o, struct errmsg *why) MUST_CHECK;

#endif
