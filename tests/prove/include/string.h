/* What the proofs take for granted of string.h. Frama-C's own header asks in
 * addition that bytes are initialized and not dangling, which WP has no way to
 * show; valgrind and the sanitizers look for that. */
#ifndef CONCLAVE_PROVE_STRING_H
#define CONCLAVE_PROVE_STRING_H

#include <stddef.h>
#include "__fc_string_axiomatic.h"

/*@ requires n == 0 || \valid((char *)to + (0 .. n - 1));
    requires n == 0 || \valid_read((char *)from + (0 .. n - 1));
    requires \separated((char *)to + (0 .. n - 1), (char *)from + (0 .. n - 1));
    assigns ((char *)to)[0 .. n - 1] \from ((char *)from)[0 .. n - 1];
    assigns \result \from to;
    exits \false;
    ensures \result == to; */
void *memcpy(void *to, const void *from, size_t n);

/*@ requires n == 0 || \valid((char *)to + (0 .. n - 1));
    requires n == 0 || \valid_read((char *)from + (0 .. n - 1));
    assigns ((char *)to)[0 .. n - 1] \from ((char *)from)[0 .. n - 1];
    assigns \result \from to;
    exits \false;
    ensures \result == to; */
void *memmove(void *to, const void *from, size_t n);

/*@ requires n == 0 || \valid((char *)to + (0 .. n - 1));
    assigns ((char *)to)[0 .. n - 1] \from c;
    assigns \result \from to;
    exits \false;
    ensures \result == to; */
void *memset(void *to, int c, size_t n);

/*@ requires n == 0 || \valid_read((char *)a + (0 .. n - 1));
    requires n == 0 || \valid_read((char *)b + (0 .. n - 1));
    assigns \result \from ((char *)a)[0 .. n - 1], ((char *)b)[0 .. n - 1];
    exits \false; */
int memcmp(const void *a, const void *b, size_t n);

/*@ requires valid_read_string(s);
    assigns \result \from s[0 ..];
    exits \false;
    ensures \result == strlen(s); */
size_t strlen(const char *s);

/*@ requires valid_read_string(a) && valid_read_string(b);
    assigns \result \from a[0 ..], b[0 ..];
    exits \false; */
int strcmp(const char *a, const char *b);

#endif
