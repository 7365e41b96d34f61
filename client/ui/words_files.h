/* words_files.h - sentences about files: offers, how far they are, and how they
 * ended. Names come from others and are not filtered here. */
#ifndef CONCLAVE_UI_WORDS_FILES_H
#define CONCLAVE_UI_WORDS_FILES_H

#include "client/ui/words_acts.h"

/* "212 KB", "1.2 GB" */
enum { WORDS_SIZE_MAX = 24 };
void words_size(char out[WORDS_SIZE_MAX], uint64_t bytes);

/* EVENT_FILE and EVENT_FILE_DONE, for the table of words.h. */
void words_file(
    char *out, const struct event *e, const struct words_about *about);
/* A file in the list: "2  disk2.img  1.2 GB  from carol  62 %  18 MB/s  25 s". */
void words_file_row(char out[WORDS_MAX], const struct session_file *f);
enum { WORDS_FILE_SHORT = 96 };
/* "file 2 62 %  18 MB/s  25 s left"; form 1: "file 2 62 %"; "" if it is not on its
 * way. */
void words_file_short(
    char *out, size_t size, const struct session_file *f, int form);
/* The seconds that are left; 0: not known. */
uint64_t words_file_left(const struct session_file *f);
unsigned words_file_percent(const struct session_file *f);

#endif
