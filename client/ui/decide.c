/* decide.c - what the user decides about a person. */
#include "client/ui/decide.h"

void decide(const struct trust_scope *in, const struct command *c,
    const struct trust_sink *tell)
{
	char said[512] = "";

	if (c->kind == COMMAND_IGNORE && c->n == 0)
		trust_ignored(in, tell);
	else if (c->kind == COMMAND_IGNORE)
		(void)trust_ignore(in, c->text, c->n, said, sizeof(said));
	else if (c->kind == COMMAND_UNIGNORE)
		(void)trust_unignore(in, c->text, c->n, said, sizeof(said));
	else
		(void)trust_accept_typed(in, c->text, c->n, said, sizeof(said));
	if (said[0] != '\0')
		tell->fn(tell->arg, said);
}
