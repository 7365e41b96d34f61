/* json_plain.h - a short cut of json.c's, which nobody else includes.
 *
 * What the programs say to each other is plain: no white space, no escapes, no
 * byte above 7f, short keys, integers of up to 18 digits. That is read here, in
 * a quarter of the time that jansson takes to look at it byte by byte. */
#ifndef CONCLAVE_JSON_PLAIN_H
#define CONCLAVE_JSON_PLAIN_H

#include <jansson.h>

/* The object, where the text is one that follows every rule of json.h and is
 * plain. NULL says nothing: it is for jansson to read, or to refuse. */
json_t *json_plain(const char *text, size_t n);

#endif
