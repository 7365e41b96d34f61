/* ctl_link.h - conclavectl's connection to the running server: sends a request
 * and reads its answers, one object a line. */
#ifndef CONCLAVED_ADMIN_CTL_LINK_H
#define CONCLAVED_ADMIN_CTL_LINK_H

#include "server/admin/ctl_context.h"
#include "shared/wire/json.h"

struct ctl_link;

/* Connects to c->socket. Returns an exit status: EXIT_LOST, no server runs
 * there; EXIT_FAILED. c->why says so, and what to do. */
int ctl_link_open(struct ctl_link **out, struct ctl *c) MUST_CHECK;
void ctl_link_close(struct ctl_link *l); /* NULL is a no-op */

/* Sends one request, an object without a newline. It may be secret. */
int ctl_link_send(
    struct ctl_link *l, struct ctl *c, const struct buf *request) MUST_CHECK;
/* The same with a descriptor. */
int ctl_link_send_fd(struct ctl_link *l, struct ctl *c,
    const struct buf *request, int fd) MUST_CHECK;
/* The next row of the answer, which the caller frees, and its text (borrowed
 * until the next call); *row NULL: that was all. An answer `failed` is
 * EXIT_FAILED with the server's sentence. Waits CTL_WAIT_S, or without an end
 * if `patient`. */
enum { CTL_WAIT_S = 30, CTL_LINE_MAX = 1 << 20 };
int ctl_link_row(struct ctl_link *l, struct ctl *c, bool patient, json_t **row,
    const char **text) MUST_CHECK;

/* Asks, and calls fn for each row; it returns an exit status too. */
typedef int ctl_row_fn(void *arg, const json_t *row, const char *text);
int ctl_link_ask(struct ctl *c, const struct buf *request, bool patient,
    ctl_row_fn *fn, void *arg) MUST_CHECK;
/* The same for a request without other keys. */
int ctl_link_do(
    struct ctl *c, const char *what, ctl_row_fn *fn, void *arg) MUST_CHECK;

/* Whether a server has locked c->state. */
bool ctl_link_locked(const struct ctl *c);

#endif
