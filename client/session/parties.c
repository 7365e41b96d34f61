/* Makes a person from a listed user and checks the identity against the
 * pins. */
#include <stdio.h>
#include <string.h>

#include "client/session/parties.h"
#include "shared/base/secret.h"
#include "shared/proto/label.h"
#include "shared/wire/text.h"

void parties_account(struct parties *p, const char *account)
{
	snprintf(p->account, sizeof(p->account), "%s", account);
	/* It was another password's. */
	p->kept->has_stretched = false;
	secret_wipe(p->kept->stretched, sizeof(p->kept->stretched));
}

enum trust parties_met(const struct parties *p, const struct person *who)
{
	const struct people_ops *ops = &p->people;
	enum trust trust =
	    ops->meet(ops->arg, p->server, who->name, who->fingerprint);

	/* Another key under the user's own name is another device of theirs only
	 * once they have said so. */
	if (trust == TRUST_NEW && text_same_name(who->name, p->self.name))
		return TRUST_CHANGED;
	return trust;
}

/* The pin, and what the certificate adds. Where one was shown before, the key
 * alone is no longer enough. */
static enum trust with_certificate(const struct person *who, enum trust met)
{
	if (who->certified == CERTIFIED_GOOD)
		return met == TRUST_VERIFIED ? met : TRUST_CERTIFIED;
	if (met != TRUST_CERTIFIED)
		return met;
	return who->certified == CERTIFIED_ABSENT ||
		       who->certified == CERTIFIED_BAD
		   ? TRUST_CHANGED
		   : TRUST_SEEN;
}

static bool is_user(const struct parties *p, const struct person *who)
{
	return who->self ||
	       (memcmp(who->identity, p->self.identity, WIRE_ED25519) == 0 &&
		   text_same_name(who->name, p->self.name));
}

enum trust parties_trust(const struct parties *p, const struct person *who)
{
	if (is_user(p, who))
		return TRUST_VERIFIED;
	return with_certificate(who, parties_met(p, who));
}

void parties_judge(const struct parties *p, struct person *who)
{
	enum trust met;

	who->trust = TRUST_VERIFIED;
	who->lapsed = false;
	if (is_user(p, who))
		return;
	met = parties_met(p, who);
	who->trust = with_certificate(who, met);
	who->lapsed = met == TRUST_CERTIFIED && who->trust == TRUST_CHANGED;
}

void parties_here(
    const struct parties *p, struct person *who, const struct user *u)
{
	if (p->certifier.check == NULL || is_user(p, who))
		return;
	who->certified = u->certificate ? CERTIFIED_WANTED : CERTIFIED_ABSENT;
	parties_judge(p, who);
}

enum trust parties_spoke(
    const struct parties *p, const struct person *who, enum trust *now)
{
	const struct people_ops *ops = &p->people;
	enum trust before = parties_trust(p, who);

	if (before == TRUST_NEW || before == TRUST_SEEN ||
	    before == TRUST_CERTIFIED)
		ops->spoke(ops->arg, p->server, who->name, who->fingerprint);
	if (before == TRUST_CERTIFIED)
		ops->certified(
		    ops->arg, p->server, who->name, who->fingerprint);
	*now = parties_trust(p, who);
	return before;
}

int parties_user(struct parties *p, const struct parties_user *u)
{
	const uint8_t *pub = identity_public(u->identity);
	int r;

	p->crypto = u->crypto;
	p->parallel = u->parallel;
	p->rng = u->rng;
	p->identity = u->identity;
	p->people = u->people;
	p->rooms = u->rooms;
	p->seals = u->seals;
	p->certifier = u->certifier;
	p->certificate = u->certificate;
	p->pin = u->pin;
	p->pq = u->pq;
	if ((p->kept = secret_alloc(sizeof(*p->kept))) == NULL ||
	    (p->dh = dh_new(&p->rng)) == NULL)
		return ERR_NOMEM;
	r = p->rng.fill(p->rng.arg, p->kept->instance, WIRE_INSTANCE);
	if (r != 0)
		return r;
	p->kept->has_ticket = u->ticket != NULL;
	if (u->ticket != NULL)
		memcpy(p->kept->ticket, u->ticket, WIRE_TICKET);
	parties_account(p, u->account != NULL ? u->account : "*");
	memcpy(p->self.name, u->name, strlen(u->name));
	memcpy(p->self.identity, pub, WIRE_ED25519);
	p->self.trust = TRUST_VERIFIED;
	p->self.self = true;
	return ed25519_fingerprint(p->crypto, p->self.fingerprint, pub);
}

int parties_person(struct person *out, const struct parties *p,
    const struct user *u, uint32_t member)
{
	int r;

	memset(out, 0, sizeof(*out));
	out->member = u->member;
	memcpy(out->name, u->name, sizeof(out->name));
	memcpy(out->identity, u->identity, WIRE_ED25519);
	memcpy(out->card, u->card, WIRE_HASH);
	r = ed25519_fingerprint(p->crypto, out->fingerprint, u->identity);
	if (r != 0)
		return r;
	out->role = u->role;
	out->voice = !u->mute;
	out->self = u->member == member;
	out->trust = parties_trust(p, out);
	if (!out->self)
		return 0;
	return memcmp(u->identity, p->self.identity, WIRE_ED25519) == 0 &&
		       strcmp(u->name, p->self.name) == 0 &&
		       memcmp(u->card, p->self.card, WIRE_HASH) == 0
		   ? 0
		   : ERR_MEMBER;
}

int parties_unwrap(const struct parties *p, uint8_t secret[WIRE_KEY],
    const struct key_exchange *k)
{
	struct label label;

	label_group_key(&label, p->th5, k->room, k->epoch, k->member);
	return kem_rsa_open(
	    p->kem, secret, label.p, label.len, k->wrapped, k->wrapped_len);
}

void parties_keep_ticket(
    struct parties *p, const uint8_t ticket[WIRE_TICKET], uint32_t seconds)
{
	struct keepsake *k = p->kept;

	memcpy(k->ticket, ticket, sizeof(k->ticket));
	k->ticket_seconds = seconds;
	k->has_ticket = true;
	k->tickets++;
}
