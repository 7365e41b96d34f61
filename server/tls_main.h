/* tls_main.h - the certificates of the running server: makes of what the files say
 * its TLS, and whom it trusts to certify members, at the start and at a reload. */
#ifndef CONCLAVED_TLS_MAIN_H
#define CONCLAVED_TLS_MAIN_H

#include "server/auth/certify.h"
#include "server/net/transport.h"
#include "server/tls_files.h"

/* Zeroed memory with fd -1 is a server without certificates. */
struct tls_main {
	const struct server_options *options; /* borrowed */
	const struct logger *log;
	int fd;		      /* of tls_files_start; -1: none */
	struct tls_door door; /* what connections use */
	bool ready;	      /* door is made */
	struct certify members; /* who comes in only with a certificate */
	bool certifies;		/* members is made */
	char host[TLS_HOST_MAX + 1]; /* of the certificate, or "" */
};
/* Starts the process; before any key is in memory. Nothing to do without
 * --tls-listen and --require-certificate. Logs its failures. */
int tls_main_start(struct tls_main *m, const struct tls_files_opts *o) MUST_CHECK;
/* Reads the files for the first time. Logs its failures. */
int tls_main_open(struct tls_main *m) MUST_CHECK;
/* Reads them again: new connections use what they say. A fault leaves all as it
 * was. */
int tls_main_reload(struct tls_main *m, struct errmsg *why) MUST_CHECK;
void tls_main_free(struct tls_main *m);

#endif
