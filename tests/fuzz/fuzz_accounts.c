/* Fuzzes the people of the server: whoever comes in with whatever word of
 * hello.account, and what clients ask about passwords, devices and invites, as
 * JSON too. An input is a program: each byte an operation, followed by its
 * operands. A small model says who may come in, and after each operation the
 * tables have to agree with each other. */
#include "server/room/accounts.h"
#include "shared/proto/control.h"
#include "shared/wire/text.h"
#include "tests/fuzz/fuzz.h"

enum { NAMES = 6, IDENTITIES = 40, INVITES = 8, ROOM = 3, ACCOUNTS_MAX = 4 };

/* The first two are one name. */
static const char *const names[NAMES] = {
    "ann", "Ann", "bob", "cy", "dee", "a-name-of-24-characters-"};
/* Those words of hello.account that are no invite's. */
static const char *const words[] = {
    "*", "ann", "bob", "nobody", "+aaaaaaaa", "+zzzzzzzz"};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

struct known {
	char word[WIRE_INVITE_ID + 2];
	uint32_t uses, made, room;
	uint64_t until_s;
	enum role role;
	bool revoked, recovers;
	uint8_t whose[WIRE_KEY]; /* recovers */
};
struct world {
	struct accounts *t;
	struct standing *standing;
	struct accounts_limits limits;
	struct known known[INVITES];
	size_t n_known;
	uint64_t seed, now_s;
};

static void identity_of(uint8_t out[WIRE_ED25519], uint8_t number)
{
	memset(out, 0, WIRE_ED25519);
	out[7] = (uint8_t)(number % IDENTITIES + 1);
}

static bool key_of(struct world *w, uint8_t name, uint8_t key[WIRE_KEY])
{
	char written[WIRE_NAME_MAX + 1];

	return accounts_named(w->t, names[name % NAMES], key, written);
}

/* --- coming in ------------------------------------------------------------ */

static enum wire_code may(
    void *arg, const uint8_t account[WIRE_KEY], bool made, uint32_t invited)
{
	(void)account, (void)made;
	FUZZ_CHECK(invited == 0 || invited == ROOM);
	return *(const bool *)arg ? CODE_NONE : CODE_BANNED;
}

static struct known *known_of(struct world *w, const char *word)
{
	size_t i;

	for (i = 0; i < w->n_known; i++)
		if (strcmp(w->known[i].word, word) == 0)
			return &w->known[i];
	return NULL;
}

static bool is_over(const struct world *w, const struct known *v)
{
	return v == NULL || v->revoked || v->made >= v->uses ||
	       (v->until_s != 0 && v->until_s <= w->now_s);
}

static void check_made(struct world *w, const struct accounts_entry *e)
{
	const struct standing_who who = {e->account, e->name};
	struct known *v = known_of(w, e->word);
	struct standing_rights rights;

	FUZZ_CHECK(w->limits.registration != REGISTRATION_CLOSED);
	FUZZ_CHECK(e->word[0] == '*' || e->word[0] == '+');
	FUZZ_CHECK(e->word[0] == '+' ||
		   w->limits.registration == REGISTRATION_OPEN);
	FUZZ_CHECK(accounts_count(w->t) <= ACCOUNTS_MAX);
	standing_rights(
	    w->standing, 0, &who, w->now_s * 1000, &rights);
	FUZZ_CHECK(rights.role == (v != NULL ? v->role : ROLE_MEMBER));
	standing_rights(
	    w->standing, ROOM, &who, w->now_s * 1000, &rights);
	FUZZ_CHECK(rights.known == (v != NULL && v->room == ROOM));
	if (v == NULL)
		return;
	FUZZ_CHECK(!is_over(w, v) && !v->recovers);
	v->made++;
}

/* Somebody who was in the account before, or who has shown what is the account's
 * alone. */
static void check_known(
    struct world *w, const struct accounts_entry *e, bool was_device)
{
	struct known *v = known_of(w, e->word);

	FUZZ_CHECK(e->device == !was_device);
	if (v != NULL && v->recovers && !is_over(w, v)) {
		FUZZ_CHECK(!e->password);
		v->made++;
	} else if (e->word[0] == '*' || e->word[0] == '+') {
		FUZZ_CHECK(was_device);
	}
}

static void enter(struct world *w, const char *word, struct fuzz *f)
{
	uint8_t identity[WIRE_ED25519], key[WIRE_KEY], number = fuzz_u8(f);
	bool allowed = (fuzz_u8(f) & 7) != 0, was, was_device = false;
	struct accounts_entry e = {.word = word,
	    .name = names[number % NAMES],
	    .identity = identity,
	    .now_s = w->now_s,
	    .may = may,
	    .arg = &allowed};
	size_t before = accounts_count(w->t);

	identity_of(identity, fuzz_u8(f));
	if ((was = key_of(w, number, key)))
		was_device = accounts_has_device(w->t, key, identity);
	FUZZ_CHECK(accounts_enter(w->t, &e) == 0);
	FUZZ_CHECK(accounts_count(w->t) ==
		   before + (e.code == CODE_NONE && e.made));
	if (e.code != CODE_NONE) {
		FUZZ_CHECK(!was || accounts_has_device(w->t, key, identity) ==
				       was_device);
		return;
	}
	FUZZ_CHECK(allowed && e.made == !was);
	FUZZ_CHECK(accounts_has_device(w->t, e.account, identity));
	FUZZ_CHECK(!was || memcmp(e.account, key, WIRE_KEY) == 0);
	if (e.made)
		check_made(w, &e);
	else
		check_known(w, &e, was_device);
}

/* A word of the pools, or (control characters and all) the input's own. */
static void any_word(struct world *w, struct fuzz *f,
    void (*fn)(struct world *w, const char *word, struct fuzz *f))
{
	uint8_t which = fuzz_u8(f);
	const uint8_t *p;
	char *text;
	size_t n;

	if (which < 128 && w->n_known > 0) {
		fn(w, w->known[which % w->n_known].word, f);
	} else if (which < 240) {
		fn(w, words[which % WORDS], f);
	} else {
		p = fuzz_piece(f, &n);
		text = fuzz_text(p, n);
		if (account_kind_of(text, strlen(text)) != ACCOUNT_NONE)
			fn(w, text, f);
		free(text);
	}
}

/* Every word but the gate's has a record, at the one cost of its kind. */
static void look_up(struct world *w, const char *word, struct fuzz *f)
{
	struct account_record *r;
	struct pake_record *p;

	(void)f;
	if (word[0] == '*')
		return;
	FUZZ_CHECK(
	    accounts_record(w->t, fuzz_crypto(), word, w->now_s, &r) == 0);
	FUZZ_CHECK(account_record_kdf(r)->n ==
		   (word[0] == '+' ? WIRE_SCRYPT_N_INVITE : WIRE_SCRYPT_N_OWN));
	FUZZ_CHECK((p = account_record_open(r)) != NULL);
	pake_record_free(p);
	account_record_unref(r);
}

/* --- what is asked -------------------------------------------------------- */

static void set_password(
    struct world *w, const uint8_t key[WIRE_KEY], const struct account_password *p)
{
	char written[WIRE_NAME_MAX + 1];
	uint64_t ticket;
	bool before, has;
	int r;

	FUZZ_CHECK(accounts_about(w->t, key, written, &before));
	r = accounts_password(w->t, key, p, &ticket);
	FUZZ_CHECK(r == 0 || (r == ERR_SHARE && !p->none));
	FUZZ_CHECK(accounts_about(w->t, key, written, &has));
	FUZZ_CHECK(has == (r == 0 ? !p->none : before));
}

static void make_invite(struct world *w, struct accounts_invite_of v)
{
	struct known *k = &w->known[w->n_known];

	v.now_s = w->now_s;
	if (w->n_known == INVITES)
		return;
	FUZZ_CHECK(accounts_invite(w->t, &v) == 0);
	FUZZ_CHECK(text_invite_id(v.id, strlen(v.id)));
	FUZZ_CHECK(strlen(v.secret) == WIRE_INVITE_SECRET);
	*k = (struct known){.uses = v.uses,
	    .room = v.room,
	    .until_s = v.until_s,
	    .role = v.role,
	    .recovers = v.whose != NULL};
	if (v.whose != NULL)
		memcpy(k->whose, v.whose, WIRE_KEY);
	snprintf(k->word, sizeof(k->word), "+%.8s", v.id);
	w->n_known++;
}

static void revoke(struct world *w, const char *id, const uint8_t *by)
{
	char word[WIRE_INVITE_ID + 2];
	struct known *v;
	uint64_t ticket;
	int r = accounts_revoke(w->t, id, by, &ticket);

	FUZZ_CHECK(r == 0 || r == ERR_STATE);
	snprintf(word, sizeof(word), "+%.8s", id);
	v = known_of(w, word);
	FUZZ_CHECK(r != 0 || v != NULL);
	if (r == 0)
		v->revoked = true;
}

/* As asks_account.c does it, for the account with this name. */
static void carry_out(
    struct world *w, const struct request *q, const uint8_t key[WIRE_KEY])
{
	uint64_t ticket;
	int r;

	switch (q->type) {
	case REQUEST_ACCOUNT_PASSWORD:
		set_password(w, key, &q->password);
		break;
	case REQUEST_ACCOUNT_FORGET:
		r = accounts_forget_device(w->t, key, q->identity, &ticket);
		FUZZ_CHECK(r == 0 || r == ERR_STATE);
		FUZZ_CHECK(!accounts_has_device(w->t, key, q->identity));
		break;
	case REQUEST_INVITE_NEW:
		FUZZ_CHECK(q->invite.uses >= 1 &&
			   q->invite.uses <= WIRE_INVITE_USES);
		make_invite(w, (struct accounts_invite_of){
				   .uses = q->invite.uses,
				   .room = q->invite.room != 0 ? ROOM : 0,
				   .role = q->invite.role,
				   .by = key,
				   .until_s = q->invite.seconds != 0
						  ? w->now_s + q->invite.seconds
						  : 0});
		break;
	case REQUEST_INVITE_REVOKE:
		revoke(w, q->id, key);
		break;
	default:
		break;
	}
}

static void ask_json(struct world *w, struct fuzz *f)
{
	uint8_t key[WIRE_KEY], who = fuzz_u8(f);
	struct control *c = calloc(1, sizeof(*c));
	const uint8_t *p;
	uint8_t *exact;
	size_t n;

	FUZZ_CHECK(c != NULL);
	p = fuzz_piece(f, &n);
	exact = fuzz_copy(p, n);
	if (control_decode(c, FROM_CLIENT, exact, n) == 0 &&
	    c->type == CONTROL_REQUEST && c->u.request.refuse == CODE_NONE &&
	    key_of(w, who, key))
		carry_out(w, &c->u.request, key);
	free(exact);
	free(c);
}

/* The same by a few bytes, which a fuzzer finds sooner than base64. */
static void ask(struct world *w, struct fuzz *f)
{
	/* The point G, which is a valid L. */
	static const uint8_t point[WIRE_SHARE] = {0x04, 0x6b, 0x17, 0xd1, 0xf2,
	    0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
	    0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1,
	    0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe,
	    0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
	    0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40,
	    0x68, 0x37, 0xbf, 0x51, 0xf5};
	uint8_t key[WIRE_KEY], how = fuzz_u8(f);
	struct request q = {.number = 1, .invite.uses = 1};

	q.type = (enum request_type)(REQUEST_ACCOUNT_PASSWORD + how % 6);
	q.password.none = (how & 0x80) != 0;
	memcpy(q.password.l, point, sizeof(point));
	q.password.l[fuzz_u8(f) % WIRE_SHARE] ^= fuzz_u8(f);
	q.password.w0[fuzz_u8(f) % WIRE_SCALAR] = fuzz_u8(f);
	identity_of(q.identity, fuzz_u8(f));
	q.invite.uses = 1 + fuzz_u8(f) % 3;
	q.invite.seconds = fuzz_u8(f) % 4 * 100;
	q.invite.room = how & 0x40;
	q.invite.role = (enum role)(ROLE_GUEST + fuzz_u8(f) % 4);
	if (w->n_known > 0)
		memcpy(q.id, w->known[fuzz_u8(f) % w->n_known].word + 1,
		    sizeof(q.id));
	if (key_of(w, fuzz_u8(f), key))
		carry_out(w, &q, key);
}

/* What the server's owner does. */
static void administer(struct world *w, struct fuzz *f)
{
	uint8_t key[WIRE_KEY], how = fuzz_u8(f);
	bool there = key_of(w, fuzz_u8(f), key);
	uint64_t ticket;
	size_t before = accounts_count(w->t), i;

	if ((how & 3) == 0 && there) {
		FUZZ_CHECK(accounts_forget(w->t, key, &ticket) == 0);
		for (i = 0; i < w->n_known; i++) /* nobody's any more */
			if (memcmp(w->known[i].whose, key, WIRE_KEY) == 0)
				w->known[i].revoked = true;
		FUZZ_CHECK(accounts_count(w->t) == before - 1);
		FUZZ_CHECK(accounts_forget(w->t, key, &ticket) == ERR_STATE);
		standing_drop(w->standing, key);
	} else if ((how & 3) == 1) {
		make_invite(w, (struct accounts_invite_of){.uses = 1,
				   .role = ROLE_OWNER,
				   .room = how & 4 ? ROOM : 0,
				   .whose = there ? key : NULL});
	} else if ((how & 3) == 2 && w->n_known > 0) {
		revoke(w, w->known[how / 4 % w->n_known].word + 1, NULL);
	} else {
		w->limits.registration = (enum registration)(how / 4 % 3);
		accounts_limit(w->t, &w->limits);
	}
}

/* --- whether it all agrees ------------------------------------------------ */

static void check_accounts(struct world *w)
{
	struct accounts_row row = {.name = ""}, next;
	struct buf b;
	size_t n = 0;

	buf_init(&b, WIRE_JSON_MAX);
	while (accounts_after(w->t, row.name, &next)) {
		row = next;
		n++;
		FUZZ_CHECK(n <= ACCOUNTS_MAX);
		FUZZ_CHECK(text_name(row.name, strlen(row.name)));
		FUZZ_CHECK(row.n_devices <= WIRE_DEVICES);
		buf_clear(&b);
		FUZZ_CHECK(
		    answer_devices(&b, 1, row.devices, row.n_devices) == 0);
	}
	FUZZ_CHECK(n == accounts_count(w->t));
	buf_free(&b);
}

static void check_invites(struct world *w)
{
	static struct account_invite list[WIRE_PAGE];
	char word[WIRE_INVITE_ID + 2];
	uint32_t room[WIRE_PAGE];
	struct known *v;
	uint64_t total;
	size_t i, n = accounts_invites(
		      w->t, NULL, "", w->now_s, list, room, &total);

	FUZZ_CHECK(n == total && n <= w->n_known);
	for (i = 0; i < n; i++) {
		snprintf(word, sizeof(word), "+%.8s", list[i].id);
		FUZZ_CHECK((v = known_of(w, word)) != NULL);
		FUZZ_CHECK(!is_over(w, v));
		FUZZ_CHECK(list[i].left == v->uses - v->made);
		FUZZ_CHECK(i == 0 || strcmp(list[i - 1].id, list[i].id) < 0);
	}
}

static void step(struct world *w, struct fuzz *f)
{
	switch (fuzz_u8(f) & 7) {
	case 0:
	case 1:
		any_word(w, f, enter);
		break;
	case 2:
		any_word(w, f, look_up);
		break;
	case 3:
		ask_json(w, f);
		break;
	case 4:
	case 5:
		ask(w, f);
		break;
	case 6:
		administer(w, f);
		break;
	default:
		w->now_s += fuzz_u8(f);
	}
	check_accounts(w);
	check_invites(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t secret[WIRE_KEY] = {7};
	struct fuzz f = fuzz_of(data, size);
	struct world w = {.seed = 5,
	    .now_s = 1767225600,
	    .limits = {.accounts_max = ACCOUNTS_MAX}};
	struct rng rng = fuzz_rng(&w.seed);

	FUZZ_CHECK((w.standing = standing_new(&rng, ROLE_MEMBER)) != NULL);
	FUZZ_CHECK((w.t = accounts_new(&rng, secret, w.standing)) != NULL);
	accounts_limit(w.t, &w.limits);
	while (f.left > 0)
		step(&w, &f);
	accounts_free(w.t);
	standing_free(w.standing);
	return 0;
}
