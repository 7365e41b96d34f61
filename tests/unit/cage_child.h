/* cage_child.h - what a process in a cage may do: each attempt is made by a
 * child of its own, which has entered the cage before. */
#ifndef CONCLAVE_TEST_CAGE_CHILD_H
#define CONCLAVE_TEST_CAGE_CHILD_H

#include "tests/unit/check.h"

enum cage_end {
	CAGE_WORKS,	  /* the attempt returned 0 */
	CAGE_REFUSED,	  /* it returned the errno of the row */
	CAGE_DIES,	  /* SIGSYS: the filter ended the process */
	CAGE_ABORTS,	  /* SIGABRT */
	CAGE_CLOSED = 99, /* the child could not enter the cage */
};
struct cage_try {
	const char *name;
	int (*fn)(void); /* 0 or an errno */
	enum cage_end end;
	int error;  /* of CAGE_REFUSED */
	bool loose; /* sanitizers may do it: nothing to see there */
};

/* For cmocka: *state is a struct cage_world. */
struct cage_world {
	int (*enter)(void); /* in the child; 0, or it is skipped: no such thing
			     * in this kernel */
	const struct cage_try *try;
};
void cage_child_test(void **state);

/* One test for each row. */
void cage_child_add(struct check_group *g, const char *prefix,
    int (*enter)(void), const struct cage_try *rows, size_t n);

#endif
