/* descriptors.h - how many files this process may have open. */
#ifndef CONCLAVED_LOOP_DESCRIPTORS_H
#define CONCLAVED_LOOP_DESCRIPTORS_H

#include "server/options.h"

/* Raises the soft limit, which is low (1024) for the sake of programs that use
 * select(2), as far as we need it and the hard limit allows. Logs what is
 * missing. */
void descriptors_raise(
    const struct server_options *o, const struct logger *log);

#endif
