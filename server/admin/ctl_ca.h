/* ctl_ca.h - the folder of conclavectl's CA, for ctl_ca.c and ctl_ca_index.c:
 *
 *   ca.pem  ca.key        its certificate and its key
 *   index                 a line for each certificate that it has issued
 *   crl.pem               the list of those that were revoked
 *   server-HOST.pem .key  what it has issued
 *   member-NAME.pem */
#ifndef CONCLAVED_ADMIN_CTL_CA_H
#define CONCLAVED_ADMIN_CTL_CA_H

#include <limits.h>
#include <time.h>

#include "server/admin/ctl_context.h"
#include "shared/tls/issue.h"

enum { CTL_CA_NAME_MAX = 255 };

/* A line of the index: SERIAL KIND UNTIL REVOKED NAME, times in unix seconds,
 * REVOKED 0 if it was not. */
struct ctl_ca_row {
	char serial[ISSUE_SERIAL_TEXT];
	char kind[8]; /* server or member */
	time_t until, revoked;
	char name[CTL_CA_NAME_MAX + 1];
};
/* Each leaves a sentence in c->why. ERR_IO, ERR_NOMEM, ERR_USAGE: a broken
 * line. */
int ctl_ca_index_add(struct ctl *c, const char *path,
    const struct ctl_ca_row *row) MUST_CHECK;
/* Calls fn for each row, in the order in which they were issued. */
int ctl_ca_index_each(struct ctl *c, const char *path,
    void (*fn)(void *arg, const struct ctl_ca_row *row), void *arg) MUST_CHECK;
/* Marks all rows that have this name or serial number and were not revoked
 * before; *n is how many. */
int ctl_ca_index_revoke(struct ctl *c, const char *path, const char *what,
    time_t at, size_t *n) MUST_CHECK;

#endif
