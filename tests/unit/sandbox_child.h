/* sandbox_child.h - what a sandboxed process may do: each attempt is made by a
 * child of its own, which has entered the sandbox before. */
#ifndef CONCLAVE_TEST_SANDBOX_CHILD_H
#define CONCLAVE_TEST_SANDBOX_CHILD_H

#include "tests/unit/check.h"

enum try_end {
	TRY_WORKS,	 /* the attempt returned 0 */
	TRY_REFUSED,	 /* it returned the errno of the row */
	TRY_DIES,	 /* SIGSYS: the filter ended the process */
	TRY_ABORTS,	 /* SIGABRT */
	TRY_CLOSED = 99, /* the child could not enter the sandbox */
};
struct sandbox_try {
	const char *name;
	int (*fn)(void); /* 0 or an errno */
	enum try_end end;
	int error;  /* of TRY_REFUSED */
	bool loose; /* sanitizers may do it: nothing to see there */
};

/* For cmocka: *state is a struct try_world. */
struct try_world {
	int (*enter)(void); /* in the child; 0, or it is skipped: no such thing
			     * in this kernel */
	const struct sandbox_try *try;
};
void sandbox_child_test(void **state);

/* One test for each row. */
void sandbox_child_add(struct check_group *g, const char *prefix,
    int (*enter)(void), const struct sandbox_try *rows, size_t n);

#endif
