/* control_int.h - a client of the control socket, for control_commands.c. */
#ifndef CONCLAVED_ADMIN_CONTROL_INT_H
#define CONCLAVED_ADMIN_CONTROL_INT_H

#include "server/admin/control.h"
#include "server/admin/order.h"

struct control_client {
	struct source source;
	struct control *of;
	int fd;		/* -1: this place is free */
	char by[32];	/* "uid 1000", for the audit log */
	struct buf in;	/* secret: a request may have a password's record */
	struct buf out; /* answers that the socket has not taken */
	uint64_t order; /* of its last request, among those of all */
	uint64_t asked_ms, moved_ms; /* its last request; its last read */
	uint32_t watched;	     /* epoll's events */
	bool over;		     /* it is closed once `out` is written */
	bool dead; /* it is closed already, but its inquiry is under way */

	/* The request in work; its answers are not complete. */
	bool busy;
	struct order request;
	/* Continues its answers when there is room in `out`; NULL: they come
	 * by themselves. */
	void (*more)(struct control_client *c);
	bool asking; /* the inquiry is under way */
	struct inquiry inquiry;
	uint64_t at; /* where the next row begins: a room, a row, ... */
	char after[WIRE_NAME_MAX + 1]; /* the same, of lists by name or id */
	uint64_t rows_left;
	int given; /* a descriptor that came with a request; -1: none */
	struct control_backup *backup; /* under way, or NULL */
	struct control_files *files;   /* the same */
};

struct control {
	struct control_opts o;
	struct source source;
	struct timer tick;
	uint64_t n_orders;
	struct control_client client[CONTROL_CLIENTS];
};

/* --- for control_commands.c ------------------------------------------------------- */

/* Begins to answer c->request, which is complete and checked. */
void commands_begin(struct control_client *c);
/* ORDER_BACKUP (control_backup.c); _forget: its client has closed. */
void control_backup_begin(struct control_client *c);
void control_backup_forget(struct control_client *c);

/* People's files (control_files.c); _forget as above. */
void control_files_list(struct control_client *c);
void control_files_delete(struct control_client *c);
void control_files_forget(struct control_client *c);

/* Accounts and invites (control_accounts.c). */
void control_accounts_invite(struct control_client *c); /* also RECOVER */
void control_accounts_invites(struct control_client *c);
void control_accounts_revoke(struct control_client *c);
void control_accounts_list(struct control_client *c);
void control_accounts_forget(struct control_client *c);

/* Writes what has been added outside of commands_begin and `more`, and takes the
 * next request. */
void control_resume(struct control_client *c);
/* Ends the answers. */
void control_done(struct control_client *c);
void control_failed(
    struct control_client *c, const char *code, const char *text);
/* One object a line: between them, json_put_...() with w. A line that does not
 * fit ends the client. */
void control_row(struct control_client *c, struct json_w *w, const char *type);
void control_row_end(struct control_client *c, struct json_w *w);

#endif
