/* certify.h - the names that a CA gives to keys: certificates of members that were
 * handed over with a transcript (PROTOCOL.md section 5d). */
#ifndef CONCLAVE_VERIFY_CERTIFY_H
#define CONCLAVE_VERIFY_CERTIFY_H

#include "client/verify/check.h"
#include "shared/os/errmsg.h"
#include "shared/tls/certifier.h"

enum { CERTIFY_FILES = 64 };

struct certify {
	const char *ca; /* names of files, borrowed; ca NULL: nobody is trusted */
	const char *file[CERTIFY_FILES];
	size_t n;
	/* Of an open one: */
	struct certifier *certifier;
	struct buf *der; /* n of them */
};

/* Reads the files, before the sandbox. ERR_USAGE, ERR_IO, ERR_NOMEM, with a
 * sentence. */
int certify_open(struct certify *c, struct errmsg *why) MUST_CHECK;
void certify_close(struct certify *c);
/* Whether one of the certificates gives the person's name to their key, at the time
 * that the transcript's last message claims. Otherwise what is wrong with the one
 * for this key, or CERTIFIER_MISSING. */
enum certifier_fault certify_person(const struct certify *c,
    const struct check_facts *f, const struct check_person *p);
/* The same of the i-th certificate, for whoever has spoken there:
 * CERTIFIER_KEY if it is nobody's. */
enum certifier_fault certify_file(
    const struct certify *c, size_t i, const struct check_facts *f);

#endif
