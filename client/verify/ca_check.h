/* ca_check.h - the names that a CA gives to keys: certificates of members that were
 * handed over with a transcript (PROTOCOL.md section 5d). */
#ifndef CONCLAVE_VERIFY_CA_CHECK_H
#define CONCLAVE_VERIFY_CA_CHECK_H

#include "client/verify/check.h"
#include "shared/os/errmsg.h"
#include "shared/tls/certifier.h"

enum { CA_CHECK_FILES = 64 };

struct ca_check {
	const char *path; /* names of files, borrowed; NULL: nobody is trusted */
	const char *file[CA_CHECK_FILES];
	size_t n;
	/* Of an open one: */
	struct certifier *certifier;
	struct buf *der; /* n of them */
};

/* Reads the files, before the sandbox. ERR_USAGE, ERR_IO, ERR_NOMEM, with a
 * sentence. */
int ca_check_open(struct ca_check *c, struct errmsg *why) MUST_CHECK;
void ca_check_close(struct ca_check *c);
/* Whether one of the certificates gives the person's name to their key, at the time
 * that the transcript's last message claims. Otherwise what is wrong with the one
 * for this key, or CERTIFIER_MISSING. */
enum certifier_fault ca_check_person(const struct ca_check *c,
    const struct check_facts *f, const struct check_person *p);
/* The same of the i-th certificate, for whoever has spoken there:
 * CERTIFIER_KEY if it is nobody's. */
enum certifier_fault ca_check_file(
    const struct ca_check *c, size_t i, const struct check_facts *f);

#endif
