/* option_words.h - setters of options whose value is one of a few words; see
 * struct opts_row. */
#ifndef CONCLAVED_OPTION_WORDS_H
#define CONCLAVED_OPTION_WORDS_H

#include "shared/os/opts.h"

int option_words_log_format(
    void *values, const struct opts_row *row, const char *s);
int option_words_sync(
    void *values, const struct opts_row *row, const char *s);
int option_words_creation(
    void *values, const struct opts_row *row, const char *s);
int option_words_history(
    void *values, const struct opts_row *row, const char *s);
int option_words_registration(
    void *values, const struct opts_row *row, const char *s);
int option_words_inviters(
    void *values, const struct opts_row *row, const char *s);
int option_words_newcomers(
    void *values, const struct opts_row *row, const char *s);

#endif
