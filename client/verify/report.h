/* report.h - what was found, in plain sentences or as one JSON object. */
#ifndef CONCLAVE_VERIFY_REPORT_H
#define CONCLAVE_VERIFY_REPORT_H

#include "client/verify/ca_check.h"
#include "client/verify/check.h"
#include "client/verify/part.h"
#include "shared/os/errmsg.h"

enum { REPORT_FILES = 64, REPORT_PEOPLE = 64 };

/* What the user knows already: fingerprints. */
struct report_known {
	bool has_server;
	uint8_t server[WIRE_HASH];
	uint8_t person[REPORT_PEOPLE][WIRE_HASH];
	size_t n_people;
	struct ca_check ca;
};
/* A transcript: its files are those from `first` on. */
struct report_transcript {
	const struct check_facts *facts;
	unsigned first;
	/* Another one of the same log, with which it was compared. */
	bool compared;
	unsigned with; /* its number, counted from 0 */
	struct part_result part;
};
struct report {
	const struct report_known *known;
	const struct report_transcript *one;
	size_t n;
	const char *const *file; /* their names */
};

/* Whether all of it is proved. */
bool report_proved(const struct report *r);
/* Prints it to standard output. ERR_OUTPUT, ERR_NOMEM. */
int report_print(const struct report *r, struct errmsg *why) MUST_CHECK;
int report_json(const struct report *r, struct errmsg *why) MUST_CHECK;

#endif
