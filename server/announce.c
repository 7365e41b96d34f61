/* announce.c - what the server prints when people can join. */
#include "server/announce.h"

#include <string.h>

#include "shared/crypto/safety.h"

static int put_line(struct buf *out, const char *head, const void *p, size_t n)
{
	int r;

	if ((r = buf_str(out, head)) != 0 || (r = buf_put(out, p, n)) != 0)
		return r;
	return buf_u8(out, '\n');
}

static int put_listeners(struct buf *out, const struct admin_program *p)
{
	const struct listener *l;
	size_t i;
	int r = 0;

	for (i = 0; i < p->n_listeners && r == 0; i++) {
		l = &p->listeners[i];
		r = put_line(out,
		    l->tls ? "listening with TLS on " : "listening on ",
		    l->name, strlen(l->name));
	}
	return r;
}

static int put_invite(
    struct buf *out, const struct admin_program *p, size_t listener)
{
	return listener_invite(out, &p->listeners[listener],
	    p->options->public_name, p->tls->host, p->options->room,
	    p->fingerprint);
}

/* Who has both kinds of listener has two invites. */
static int put_tls_invite(struct buf *out, const struct admin_program *p)
{
	size_t i;
	int r;

	for (i = 0; i < p->n_listeners && !p->listeners[i].tls; i++)
		;
	if (i == 0 || i == p->n_listeners)
		return 0;
	if ((r = buf_str(out, "invite with TLS: ")) != 0 ||
	    (r = put_invite(out, p, i)) != 0)
		return r;
	return buf_u8(out, '\n');
}

/* The invite above lets nobody in who has no account. */
static int put_newcomers(struct buf *out, enum registration r)
{
	return r == REGISTRATION_OPEN ? 0
	       : r == REGISTRATION_INVITE
		   ? buf_str(out, "new people: only with an invite of their own, "
				  "which conclavectl invite --uses 1 makes\n")
		   : buf_str(out, "new people: none (--registration closed)\n");
}

int announce(struct buf *out, struct admin_program *p, struct crypto *c,
    const uint8_t identity[WIRE_ED25519])
{
	const struct buf *pw = &p->options->password;
	char code[SAFETY_LEN + 1], keeps[RETENTION_TEXT];
	size_t invite;
	int r;

	if ((r = put_listeners(out, p)) != 0 ||
	    (r = ed25519_fingerprint(c, p->fingerprint, identity)) != 0 ||
	    (r = buf_str(out, "invite: ")) != 0 ||
	    (invite = out->len, r = put_invite(out, p, 0)) != 0 ||
	    (r = admin_main_invite(p, out->p + invite, out->len - invite,
		 p->options->room)) != 0 ||
	    (r = buf_u8(out, '\n')) != 0 || (r = put_tls_invite(out, p)) != 0 ||
	    (r = safety_server_code(code, p->fingerprint)) != 0 ||
	    (r = put_line(out, "code: ", code, SAFETY_LEN)) != 0 ||
	    (r = put_newcomers(out, p->options->people.registration)) != 0)
		return r;
	retention_words(&p->options->retention, p->store != NULL, keeps);
	if ((r = put_line(out, "history: ", keeps, strlen(keeps))) != 0)
		return r;
	if (p->options->password_made)
		r = put_line(out, "password: ", pw->p, pw->len);
	return r;
}
