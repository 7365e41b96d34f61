/* login.h - from a new connection to a member: the handshake, the gate's
 * answers, and who is let in. */
#ifndef CONCLAVED_AUTH_LOGIN_H
#define CONCLAVED_AUTH_LOGIN_H

#include "server/net/conn.h"
#include "server/logger.h"

/* Begins. ERR_NOMEM or ERR_CRYPTO. */
int login_start(struct conn *c, const struct sockaddr *sa) MUST_CHECK;
/* Takes bytes; how many. Stops where the gate has to answer, and after the
 * handshake, when the state is no longer CONN_LOGIN. */
size_t login_input(struct conn *c, const uint8_t *in, size_t n);
/* Answers those that waited in the gate and whose turn has come. */
void login_waiting(struct worker *w);
/* Logs what anybody can cause by connecting: not more often than LOOP_LINES
 * says, or a stranger could fill the disk. The next line that is written says
 * how many were not. */
void login_log(struct conn *c, enum logger_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The exchange is over, for the gate. */
void login_leave(struct conn *c);

#endif
