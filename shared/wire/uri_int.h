/* uri_int.h - what the files that parse addresses and invites share. */
#ifndef SHARED_WIRE_URI_INT_H
#define SHARED_WIRE_URI_INT_H

#include "shared/wire/uri.h"

/* A borrowed text with a length, so that we copy no part before we know that
 * it fits. */
struct uri_span {
	const char *p;
	size_t n;
};

bool uri_alnum(char c);
/* Removes `prefix` from the front. */
bool uri_skip(struct uri_span *s, const char *prefix);
/* Splits at the first c; *after gets the text behind it. */
bool uri_split(struct uri_span *s, char c, struct uri_span *after);
/* FINGERPRINT[,i=ID.SECRET][,s=SECRET]. ERR_TRUNC if it may be the beginning of
 * one. */
int uri_fragment(struct uri *u, struct uri_span s) MUST_CHECK;

#endif
