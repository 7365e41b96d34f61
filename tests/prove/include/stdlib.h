/* What the proofs take for granted of stdlib.h. WP has no model of a heap that
 * grows: new memory is some valid memory, and the code says with `admit` from
 * what it is separated. That nothing is used after free is not proved. */
#ifndef CONCLAVE_PROVE_STDLIB_H
#define CONCLAVE_PROVE_STDLIB_H

#include <stddef.h>

/*@ assigns \result \from n;
    exits \false;
    ensures \result == \null || \valid((char *)\result + (0 .. n - 1)); */
void *malloc(size_t n);

/*@ assigns \result \from n, size;
    exits \false;
    ensures \result == \null ||
      \valid((char *)\result + (0 .. n * size - 1)); */
void *calloc(size_t n, size_t size);

/*@ assigns \nothing; exits \false; */
void free(void *p);

#endif
