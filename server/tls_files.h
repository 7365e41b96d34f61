/* tls_files.h - the process that reads the files of --tls-cert, --tls-key,
 * --tls-client-ca, --tls-crl, --require-certificate and --crl, at the start and at
 * each reload.
 *
 *   conclaved (relay) --- socket ---> conclaved: tls files
 *
 * The relay has no files, and is a user that may not read the key. This process
 * keeps what it takes to read these six (root, if the key is root's, without
 * privileges), has no network, and reads nothing but the relay's requests, which
 * are one byte. It ends when the relay does. */
#ifndef CONCLAVED_TLS_FILES_H
#define CONCLAVED_TLS_FILES_H

#include "server/logger.h"
#include "server/options.h"
#include "server/sandbox.h"
#include "shared/os/errmsg.h"

enum {
	TLS_CERT,
	TLS_KEY,
	TLS_CLIENT_CA,
	TLS_CRL,
	TLS_MEMBER_CA,
	TLS_MEMBER_CRL,
	TLS_FILES
};

struct tls_files_opts {
	const struct server_options *options;
	const struct server_sandbox_user *user;
	const struct logger *log;
	char **argv; /* main's, for ps; or NULL */
};
/* Forks it, before any key is in memory and before there is a second thread.
 * Logs its failures: ERR_IO. *fd: for tls_files_read. */
int tls_files_start(const struct tls_files_opts *o, int *fd) MUST_CHECK;

/* All of them as they are now. A file that is not given stays empty. On any
 * failure there is a sentence: ERR_IO, ERR_NOMEM. */
struct tls_files {
	struct buf text[TLS_FILES]; /* that of the key is secret */
};
void tls_files_init(struct tls_files *f);
void tls_files_free(struct tls_files *f); /* wipes */
int tls_files_read(int fd, struct tls_files *f, struct errmsg *why) MUST_CHECK;

/* The path of one of them, or NULL. */
const char *tls_files_path(const struct server_options *o, size_t which);

#endif
