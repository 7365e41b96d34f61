/* client_int.h - what client.c and client_admit.c share. Inner header. */
#ifndef CONCLAVED_AUTH_CLIENT_INT_H
#define CONCLAVED_AUTH_CLIENT_INT_H

#include "server/auth/client.h"

#define container_of(p, type, field)                                           \
	((type *)(void *)((char *)(p)-offsetof(type, field)))

/* client.c */
const struct logger *client_log(const struct client *cl);
void client_log_join(const struct client *cl, struct member *s);
const char *client_bye_text(enum wire_code code);
void client_end_saying(
    struct client *cl, enum wire_code code, const char *text);
void client_give_ticket(struct client *cl);

/* client_admit.c: the password is proved, and the link is there. */
void client_admit(struct client *cl, const struct hs_result *res);

#endif
