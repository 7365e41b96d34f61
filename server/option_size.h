/* option_size.h - setters of option_table.c for numbers of bytes. Their fields are
 * uint64_t. */
#ifndef CONCLAVED_OPTION_SIZE_H
#define CONCLAVED_OPTION_SIZE_H

#include "shared/os/opts.h"

/* Bytes a second, or 0; between the row's bounds. */
int option_size_rate(void *values, const struct opts_row *row, const char *s);
/* Bytes, with bounds in KiB or MiB. */
int option_size_burst(void *values, const struct opts_row *row, const char *s);
int option_size_memory(void *values, const struct opts_row *row, const char *s);
/* The same, in MiB, or 0. */
int option_size_space(void *values, const struct opts_row *row, const char *s);

#endif
