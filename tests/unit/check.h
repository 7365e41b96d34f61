/* check.h - common code of the unit tests: cmocka, files, hex, and groups of
 * tests made from tables (one cmocka test per published vector). */
#ifndef CONCLAVE_CHECK_H
#define CONCLAVE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "shared/wire/bytes.h"

/* Factor by which the program is slower under make valgrind; time limits grow
 * by it. */
#ifndef CONCLAVE_SLOW
#define CONCLAVE_SLOW 1
#endif

/* A whole JSON file under tests/vectors/; ends the program if it does not
 * exist. */
json_t *check_vectors(const char *name);

/* Decodes hex text. Returns bytes owned by the caller, never NULL; *n is their
 * number. */
uint8_t *check_hex(const char *hex, size_t *n);
/* The same for the string under `key` of o. */
uint8_t *check_hex_at(const json_t *o, const char *key, size_t *n);

/* A growing group of tests; `name` is copied, `state` is passed to the test. */
struct check_group {
	struct CMUnitTest *tests;
	size_t n, cap;
};
void check_add(struct check_group *g, void (*fn)(void **state), void *state,
    const char *name_fmt, ...) __attribute__((format(printf, 4, 5)));
/* Runs all tests and frees the group. Returns the number of failures. */
int check_run(const char *name, struct check_group *g);

/* "ERR_MAC" for the code; "ERR_?" for an unknown number. */
const char *check_err_name(int err);

/* A repeatable generator for tests: xorshift from a seed. */
uint64_t check_random(uint64_t *state);

#endif
