/* option_address.h - sets the options whose value is an address. For the rows of
 * option_table.c. */
#ifndef CONCLAVED_OPTION_ADDRESS_H
#define CONCLAVED_OPTION_ADDRESS_H

#include "shared/os/opts.h"

int option_address_listen(
    void *values, const struct opts_row *row, const char *s) MUST_CHECK;
int option_address_tls(
    void *values, const struct opts_row *row, const char *s) MUST_CHECK;
int option_address_proxy(
    void *values, const struct opts_row *row, const char *s) MUST_CHECK;
int option_address_public(
    void *values, const struct opts_row *row, const char *s) MUST_CHECK;

#endif
