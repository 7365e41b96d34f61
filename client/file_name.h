/* file_name.h - the name under which an offered file is saved. The offer's name
 * is the sender's word, so only a harmless part of it is used: no folder, no dot
 * or dash first, nothing that a terminal or a person could misread. */
#ifndef CONCLAVE_FILE_NAME_H
#define CONCLAVE_FILE_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
	FILE_NAME_MAX = 180, /* bytes; leaves room for a number and ".part" */
	FILE_NAME_SIZE = FILE_NAME_MAX + 1,
};

/* Makes such a name, never empty: "file" if nothing is left. */
void file_name_safe(char out[FILE_NAME_SIZE], const char *offered, size_t n);
/* Whether it is one: file_name_safe would leave it as it is. */
bool file_name_is_safe(const char *name);
/* The name with a number before its ending: "a.txt" is "a (2).txt". 1: the name
 * itself. size: more than FILE_NAME_MAX + 16. */
void file_name_numbered(
    char *out, size_t size, const char *name, unsigned number);

#endif
