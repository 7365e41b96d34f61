/* audit_chain.h - checks the chain of the audit log (audit.h): that no row was
 * changed, taken out, put in, doubled or moved since it was written. Rows that were
 * taken off the end leave no trace but the newest hash, for whoever noted it
 * elsewhere. Pure. */
#ifndef CONCLAVED_ADMIN_AUDIT_CHAIN_H
#define CONCLAVED_ADMIN_AUDIT_CHAIN_H

#include "shared/crypto/crypto.h"

struct audit_chain {
	uint64_t rows;	 /* that are chained */
	uint64_t before; /* before the first of them: of an older server */
	uint64_t cut;	 /* lines that a crash has cut short */
	uint8_t hash[WIRE_HASH];
	bool older; /* what came before the first file is no longer kept */
	char first[32], last[32]; /* the times that those rows say */
	/* The first fault, in this line of this text, counted from 1; NULL: none. */
	const char *why;
	uint64_t text, line;
	uint64_t texts;
};

/* Into zeroed *c: the files' texts, the older one first. Not after a fault.
 * ERR_NOMEM, ERR_CRYPTO: nothing is known. */
int audit_chain_add(struct audit_chain *c, struct crypto *crypto,
    const char *text, size_t n) MUST_CHECK;

#endif
