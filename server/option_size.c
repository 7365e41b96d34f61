/* option_size.c - options that are numbers of bytes. */
#include "server/option_size.h"

#include <stdint.h>
#include <string.h>

#include "shared/os/value.h"

static uint64_t *field(void *values, const struct opts_row *row)
{
	return (uint64_t *)(void *)((char *)values + row->offset);
}

int option_size_rate(void *values, const struct opts_row *row, const char *s)
{
	return value_byte_rate(field(values, row), s, row->min, row->max);
}

int option_size_burst(void *values, const struct opts_row *row, const char *s)
{
	return value_bytes(
	    field(values, row), s, row->min << 10, row->max << 10);
}

int option_size_memory(void *values, const struct opts_row *row, const char *s)
{
	return value_bytes(
	    field(values, row), s, row->min << 20, row->max << 20);
}

int option_size_space(void *values, const struct opts_row *row, const char *s)
{
	if (strcmp(s, "0") != 0)
		return option_size_memory(values, row, s);
	*field(values, row) = 0;
	return 0;
}
