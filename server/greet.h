/* greet.h - from a new connection to a member: the handshake, the gate's
 * answers, and who is let in. */
#ifndef CONCLAVED_GREET_H
#define CONCLAVED_GREET_H

#include "server/conn.h"
#include "server/log.h"

/* Begins. ERR_NOMEM or ERR_CRYPTO. */
int greet_start(struct conn *c, const struct sockaddr *sa) MUST_CHECK;
/* Takes bytes; how many. Stops where the gate has to answer, and after the
 * handshake, when the state is no longer CONN_GREETING. */
size_t greet_input(struct conn *c, const uint8_t *in, size_t n);
/* Answers those that waited in the gate and whose turn has come. */
void greet_waiting(struct worker *w);
/* Logs what anybody can cause by connecting: not more often than RELAY_LINES
 * says, or a stranger could fill the disk. The next line that is written says
 * how many were not. */
void greet_log(struct conn *c, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The exchange is over, for the gate. */
void greet_leave(struct conn *c);

#endif
