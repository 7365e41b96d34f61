/* sample_changed.h - a sample with one of its fields changed, for tests of what a
 * parser says to it. */
#ifndef CONCLAVE_TEST_SAMPLE_CHANGED_H
#define CONCLAVE_TEST_SAMPLE_CHANGED_H

#include "tests/unit/samples.h"

/* Returns the verdict on the sample with the value at `path` (keys and indexes,
 * separated by dots) replaced by this one, which is consumed, or removed if it
 * is NULL. */
int sample_changed(enum sample_no id, const char *path, json_t *value);

/* A value from its text; base64 of n zero bytes, which the caller frees. */
json_t *sample_value(const char *json);
char *sample_base64(size_t n);

#endif
