/* decide.h - /trust, /ignore and /unignore, for the interfaces of a person. */
#ifndef CONCLAVE_UI_DECIDE_H
#define CONCLAVE_UI_DECIDE_H

#include "client/trust/trust.h"
#include "client/ui/command.h"

/* Does what the command says, and tells what was done. */
void decide(const struct trust_scope *in, const struct command *c,
    const struct trust_sink *tell);

#endif
