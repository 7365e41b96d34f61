/* config.h - what TLS connections of one kind have in common: our certificate,
 * whom we trust, what we refuse. Made from the text of PEM files; afterwards no
 * file is read. */
#ifndef SHARED_TLS_CONFIG_H
#define SHARED_TLS_CONFIG_H

#include <stdbool.h>
#include <time.h>

#include "shared/os/errmsg.h"
#include "shared/tls/tls_pem.h"

struct tls_server_opts {
	struct tls_pem chain; /* our certificate, then its issuers */
	struct tls_pem key;
	struct tls_pem client_ca; /* clients need a certificate of these */
	struct tls_pem crl;	  /* of client_ca's */
	const char *host; /* that the certificate must be for, or NULL */
	time_t now;
	bool strong; /* keys of 256 bits first */
};
struct tls_client_opts {
	/* Whom we trust: the certificates, and lists of revoked ones, of this
	 * file; or the system's; or nobody, and nothing is checked. */
	struct tls_pem ca;
	bool system, unchecked;
	struct tls_pem chain, key; /* our certificate, if we have one */
	time_t now;
};

struct tls_config;
/* Refuses a certificate that is unreadable, expired, not valid yet, for another
 * host, too weak or not for this purpose, and a key that is not its own, with
 * a sentence that names the file and the reason. ERR_USAGE, ERR_NOMEM. */
int tls_config_server(struct tls_config **out,
    const struct tls_server_opts *o, struct errmsg *why) MUST_CHECK;
int tls_config_client(struct tls_config **out,
    const struct tls_client_opts *o, struct errmsg *why) MUST_CHECK;
/* Connections go on with it. NULL is a no-op. */
void tls_config_free(struct tls_config *c);

/* The first host that the certificate names, for invites; "" if there is none
 * (an address, a pattern). */
enum { TLS_HOST_MAX = 255 };
const char *tls_config_host(const struct tls_config *c);
/* When our certificate expires, in unix seconds; 0: there is none. */
time_t tls_config_until(const struct tls_config *c);

#endif
