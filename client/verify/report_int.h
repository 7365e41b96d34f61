/* report_int.h - what report.c, about rooms, and report_direct.c, about direct
 * messages, share. For these two only. */
#ifndef CONCLAVE_VERIFY_REPORT_INT_H
#define CONCLAVE_VERIFY_REPORT_INT_H

#include "client/verify/report.h"
#include "shared/wire/b64.h"
#include "shared/wire/json.h"

enum { REPORT_TIME = 32, REPORT_NAME = 512 };

struct page {
	struct buf out;
	int err;
};

void __attribute__((format(printf, 2, 3)))
report_say(struct page *p, const char *fmt, ...);
const char *report_fingerprint(
    char out[B64URL_32 + 1], const uint8_t fp[WIRE_HASH]);
const char *report_time(char out[REPORT_TIME], uint64_t ms);
const char *report_plural(uint64_t n); /* "s", or "" for 1 */
void report_people(
    struct page *p, const struct report *r, const struct check_facts *f);

/* What a transcript of direct messages proves, and what it does not; how it and the
 * one that it was compared with fit. */
void report_direct(
    struct page *p, const struct report *r, const struct check_facts *f);
void report_direct_both(struct page *p, const struct report_transcript *t);
void report_direct_json(struct json_w *w, const struct check_facts *f);

#endif
