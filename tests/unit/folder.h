/* folder.h - a folder of a test's own, and short ways to put files there and
 * look at them. */
#ifndef CONCLAVE_TEST_FOLDER_H
#define CONCLAVE_TEST_FOLDER_H

#include <sys/types.h>

#include "tests/unit/check.h"

/* cmocka's setup and teardown: *state is the folder's path. */
int folder_make(void **state);
int folder_remove(void **state);

/* PATH/NAME, valid until the next but four. */
const char *folder_path(void **state, const char *name);
void folder_write(const char *path, const char *text, mode_t mode);
/* The file as text, owned by the caller; NULL when there is none. */
char *folder_read(const char *path);
/* How many entries it has, "." and ".." not counted. */
size_t folder_count(void **state);

#endif
