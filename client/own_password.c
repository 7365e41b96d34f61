/* own_password.c - from a new password to the server's answer. */
#include "client/own_password.h"

#include <string.h>

#include "client/trust/own_accounts.h"
#include "shared/base/secret.h"
#include "shared/crypto/random.h"
#include "shared/proto/account.h"
#include "shared/wire/text.h"

void own_password_init(struct own_password *o, struct jobs *jobs,
    struct session *session, const char *name, struct buf *next)
{
	memset(o, 0, sizeof(*o));
	o->jobs = jobs;
	o->session = session;
	o->name = name;
	o->next = next;
	buf_init_secret(&o->wanted, WIRE_PASSWORD_MAX);
}

void own_password_free(struct own_password *o)
{
	buf_free(&o->wanted);
}

int own_password_set(struct own_password *o, const struct buf *pw)
{
	int r;

	if (o->state != OWN_PASSWORD_IDLE)
		return ERR_STATE;
	buf_clear(&o->wanted);
	if ((r = buf_put(&o->wanted, pw->p, pw->len)) == 0)
		o->state = OWN_PASSWORD_WANTED;
	return r;
}

int own_password_first(struct own_password *o, struct buf *pw)
{
	int r = pw->len > 0 ? own_password_set(o, pw) : 0;

	buf_free(pw);
	return r;
}

/* hello.account of the user's own password. */
static void account_of(char out[WIRE_NAME_MAX + 1], const char *name)
{
	size_t i;

	memset(out, 0, WIRE_NAME_MAX + 1);
	for (i = 0; name[i] != '\0' && i < WIRE_NAME_MAX; i++)
		out[i] = text_lower(name[i]);
}

static int ask(struct own_password *o, struct request *q)
{
	int r;

	q->type = REQUEST_ACCOUNT_PASSWORD;
	r = session_ask(o->session, q, &o->req);
	if (r == 0)
		o->state = OWN_PASSWORD_ASKED;
	return r;
}

static int compute(struct own_password *o)
{
	const struct rng rng = random_system();
	struct hs_kdf_job job = {.kdf = account_kdf_own};
	char account[WIRE_NAME_MAX + 1];
	int r;

	if ((r = rng.fill(rng.arg, o->salt, sizeof(o->salt))) != 0)
		return r;
	memcpy(job.salt, o->salt, sizeof(job.salt));
	account_of(account, o->name);
	if ((r = jobs_record(o->jobs, &o->wanted, account, &job)) == 0)
		o->state = OWN_PASSWORD_COMPUTING;
	return r;
}

static int computed(struct own_password *o, struct request *q)
{
	struct jobs_record record;
	int r = jobs_take_record(o->jobs, &record);

	if (r == 0) {
		memcpy(q->password.salt, o->salt, sizeof(o->salt));
		memcpy(q->password.w0, record.w0, sizeof(record.w0));
		memcpy(q->password.l, record.l, sizeof(record.l));
		r = ask(o, q);
	}
	secret_wipe(&record, sizeof(record));
	return r;
}

int own_password_step(struct own_password *o, struct errmsg *why)
{
	struct session_status st;
	struct request q = {.number = 0};
	int r = 0;

	session_status(o->session, &st);
	if (o->state == OWN_PASSWORD_WANTED && st.linked && st.welcomed) {
		q.password.none = o->wanted.len == 0;
		r = q.password.none ? ask(o, &q) : compute(o);
	} else if (o->state == OWN_PASSWORD_COMPUTING) {
		r = computed(o, &q);
	}
	secret_wipe(&q.password, sizeof(q.password));
	if (r == 0 || r == ERR_AGAIN)
		return 0;
	o->state = OWN_PASSWORD_IDLE;
	buf_clear(&o->wanted);
	return errmsg_set(why, r,
	    "your password is not set: %s; /password tries it again",
	    r == ERR_NOMEM ? "there is not enough memory, of which it takes 64 "
			     "MiB and a thread"
			   : err_str(r));
}

void own_password_event(struct own_password *o, const struct event *e)
{
	char account[WIRE_NAME_MAX + 1];

	if (o->state != OWN_PASSWORD_ASKED || e->req != o->req ||
	    (e->type != EVENT_DONE && e->type != EVENT_FAILED))
		return;
	o->state = OWN_PASSWORD_IDLE;
	if (e->type == EVENT_DONE) {
		o->decided = true;
		o->has = o->wanted.len > 0;
	}
	/* An account without one is entered as before. */
	if (e->type == EVENT_DONE && o->has) {
		buf_clear(o->next);
		if (buf_put(o->next, o->wanted.p, o->wanted.len) == 0) {
			account_of(account, o->name);
			session_set_account(o->session, account);
		}
	}
	buf_clear(&o->wanted);
}

bool own_password_known(const struct own_password *o, bool *has)
{
	struct session_status st;

	session_status(o->session, &st);
	*has = o->decided ? o->has : st.own_password;
	return o->decided || st.welcomed;
}

int own_password_keep(
    struct own_password *o, const char *path, struct errmsg *why)
{
	bool has;

	if (path == NULL || !own_password_known(o, &has) ||
	    (o->kept && o->kept_has == has))
		return 0;
	o->kept = true;
	o->kept_has = has;
	if (has == own_accounts_has(path, o->name))
		return 0;
	return own_accounts_keep(path, o->name, has, why);
}
